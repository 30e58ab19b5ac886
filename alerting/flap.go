package alerting

// Flap detection: a thing that changes status too often is held where it is and
// surfaces as one LOW event of the monitor "flapping", so it neither pages at
// every turn nor vanishes behind its minimum age.

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// FlapMonitor is the monitor of the events the core makes about flapping
// things; the label flapping_monitor names the original's monitor.
const FlapMonitor = "flapping"

// switched records a change of status and reports whether the alert is held.
func (c *Core) switched(a *alert, f Flap) bool {
	if f.Off {
		return false
	}
	a.Switches = slices.DeleteFunc(a.Switches, func(t int64) bool { return t <= c.mono-f.Window })
	a.Switches = append(a.Switches, c.mono)
	if over := len(a.Switches) - f.Switches; over > 0 {
		a.Switches = slices.Delete(a.Switches, 0, over)
	}
	if a.Flapping {
		a.FlapDue = c.mono + f.Hold
		c.say("flap", "held: flapping; %s without a change releases it (%s)", span(f.Hold), c.wallAt(a.FlapDue))
		return true
	}
	if len(a.Switches) < f.Switches {
		return false
	}
	a.Flapping, a.PendingDue, a.FlapDue = true, 0, c.mono+f.Hold
	c.armAlert(a)
	text := fmt.Sprintf("%d changes of status within %s", f.Switches, span(f.Window))
	c.say("flap", "%s: held, and told as its own LOW event", text)
	c.transition(a.about(FlapStarted, text))
	c.follow = append(c.follow, c.flapEvent(a, Unhealthy, text))
	return true
}

// calm releases a held alert.
func (c *Core) calm(a *alert) {
	a.Flapping, a.Switches = false, nil
	c.say("flap", "no change of status for long enough: released as %s", a.Status)
	c.transition(a.about(FlapEnded, "released as "+string(a.Status)))
	c.follow = append(c.follow, c.flapEvent(a, Healthy, "calm again"))
	v := Accepted
	switch {
	case a.Status == Unhealthy && a.Counts == Healthy:
		v = c.countsUnhealthy(a)
	case a.Status == Healthy && a.Counts == Unhealthy:
		v = c.countsHealthy(a, Resolved, "healthy since it stopped flapping")
	}
	c.decide(a.Event.ID, "end of flapping of "+a.name(), v)
}

// flapEvent is the core's own event about a flapping thing.
func (c *Core) flapEvent(a *alert, s Status, text string) Event {
	b := labels.NewBuilder(a.Event.Labels)
	b.Set("flapping_monitor", a.Event.Monitor)
	return Event{
		Source: "bellwether", Monitor: FlapMonitor, Status: s, Priority: Low, Labels: b.Labels(),
		Since: c.wall, ObservedAt: c.wall,
		Message:  "`" + escapeTemplate(a.name()) + "` is flapping: " + text + ". Its own notifications are held until it calms down.",
		Filters:  []Filter{{Type: "flap", Params: map[string]string{"off": "true"}}, {Type: "min-age", Params: map[string]string{"duration": "0s"}}},
		Alerting: a.Event.Alerting, Context: a.Event.Context,
	}
}
