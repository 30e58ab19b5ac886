package offline

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
)

// tally turns what the alert core says into lines, and counts.
type tally struct {
	Summary
	from    int64           // Start of the reported part, Unix milliseconds.
	pending map[string]bool // Things that wait for their minimum age, by key.
}

func newTally() tally {
	return tally{Summary: Summary{Suppressed: map[string]int{}}, pending: map[string]bool{}}
}

// event makes the line of an event, with what was decided about it.
func (t *tally) event(in alerting.Input, outs []alerting.Output) Line {
	t.Events++
	e := in.Event.Defaults(in.At)
	l := Line{Time: FormatTime(in.At), Kind: LineEvent, Subject: e.Monitor, Text: e.Message, Event: &e}
	for i := range outs {
		if d := outs[i].Decision; d != nil && l.Verdict == "" {
			l.Verdict, l.Trace = d.Verdict, d.Trace.String()
		}
	}
	key := thingKey(e.Monitor, e.Labels)
	switch l.Verdict {
	case alerting.Refused:
		l.Kind = LineRefused
	case alerting.Pending:
		t.pending[key] = true
	case alerting.Held:
		t.Suppressed["flap"]++
	case alerting.Repeated, alerting.Refreshed, alerting.Redeliver:
		t.Suppressed["repeated"]++
	}
	if e.Status == alerting.Healthy && t.pending[key] {
		delete(t.pending, key)
		t.Suppressed["min-age"]++
	}
	return l
}

// output makes the line of what followed; ok is false for what a reader need
// not see.
func (t *tally) output(o *alerting.Output) (l Line, ok bool) {
	switch {
	case o.Notification != nil:
		n := *o.Notification
		t.Notifications++
		if n.Kind == alerting.Opened || n.Kind == alerting.Update {
			switch n.Action {
			case alerting.Page:
				t.Pages++
			case alerting.Ticket:
				t.Tickets++
			}
		}
		return Line{Time: FormatTime(n.At), Kind: LineNotification, Subject: n.GroupKey, Text: n.Title, Notification: &n, Trace: n.Why}, true
	case o.Transition == nil:
		return l, false
	}
	tr := o.Transition
	switch tr.Kind {
	case alerting.GroupOpened:
		t.Groups++
	case alerting.Fired:
		delete(t.pending, thingKey(tr.Monitor, tr.Labels))
	case alerting.Muted:
		t.Suppressed[tr.Suppression]++
		return Line{Time: FormatTime(o.At), Kind: LineSuppressed, Subject: tr.Monitor, Text: tr.Text, By: tr.Suppression}, true
	}
	return l, false
}

// close computes what only the end knows.
func (t *tally) close(began bool, now int64) Summary {
	s := t.Summary
	if began {
		s.From, s.To = FormatTime(t.from), FormatTime(now)
		if days := float64(now-t.from) / float64((24 * time.Hour).Milliseconds()); days > 0 {
			s.PagesPerDay = float64(s.Pages) / days
		}
	}
	return s
}

// thingKey is the identity of a monitored thing: its monitor and labels.
func thingKey(monitor string, ls labels.Labels) string {
	return monitor + "\x00" + string(ls.Bytes(nil))
}
