package alerting

// Stage 6, route: page, ticket or notify, and through which receiver. HIGH
// pages; a page needs a ticket too where a queue is named. LOW is a ticket
// where a queue is named, else a notice. The receiver is the event's channel,
// else the first route that matches, else Config.DefaultReceiver.

import (
	"fmt"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// route is a Route with its selector read.
type route struct {
	matchers  []*labels.Matcher
	receivers []string
	why       string
}

func compileRoutes(rs []Route) []route {
	var out []route
	for i, r := range rs {
		ms, err := metric.ParseMatchers(r.Match)
		if err == nil { // Config.Validate refused the others.
			out = append(out, route{ms, r.Receivers, fmt.Sprintf("route %d (%s)", i+1, r.Match)})
		}
	}
	return out
}

// receiversOf returns the names of the receivers of an alert, and why these.
func (c *Core) receiversOf(a *alert) ([]string, string) {
	if ch := a.Event.Alerting.Channel; ch != "" {
		return []string{ch}, "the event's channel"
	}
	for _, r := range c.routes {
		if a.routedBy(r.matchers) {
			return r.receivers, r.why
		}
	}
	return []string{c.cfg.DefaultReceiver}, "the default receiver"
}

// routedBy reports whether a route's matchers select the alert. They see, beside
// what every selector sees, who speaks and how urgent it is: `source`, `priority`.
func (a *alert) routedBy(ms []*labels.Matcher) bool {
	for _, m := range ms {
		value := labelOf(a.Event.Monitor, a.Event.Labels, m.Name)
		switch m.Name {
		case "source":
			value = a.Event.Source
		case "priority":
			value = string(a.Event.Priority)
		}
		if !m.Matches(value) {
			return false
		}
	}
	return true
}

// audience adds to g.Told who must hear of its members now, and returns them
// with those who were told before, in order of first hearing.
func (c *Core) audience(g *group) []*told {
	hear := make(map[[2]string]bool)
	want := func(receiver, queue string, act Action, why string) {
		if !hear[[2]string{receiver, queue}] {
			hear[[2]string{receiver, queue}] = true
			c.say("route", "%s through %s: %s", act, receiver, why)
		}
		i := slices.IndexFunc(g.Told, func(t told) bool { return t.Receiver == receiver && t.Queue == queue })
		if i < 0 {
			g.Told = append(g.Told, told{Receiver: receiver, Queue: queue, Action: act})
		} else if act == Page {
			g.Told[i].Action = Page
		}
	}
	for _, key := range g.Members {
		a := c.alerts[key]
		if a.Counts != Unhealthy || len(a.SuppressedBy) > 0 {
			continue
		}
		queue := a.Event.Alerting.TicketQueue
		if queue != "" {
			want(c.cfg.TicketReceiver, queue, Ticket, "ticket queue "+queue)
		}
		if a.Event.Priority == Low && queue != "" {
			continue
		}
		act := Notify
		if a.Event.Priority == High {
			act = Page
		}
		receivers, why := c.receiversOf(a)
		for _, r := range receivers {
			want(r, "", act, why)
		}
	}
	var to []*told
	for i := range g.Told {
		if t := &g.Told[i]; t.Unhealthy || hear[[2]string{t.Receiver, t.Queue}] {
			to = append(to, t)
		}
	}
	return to
}
