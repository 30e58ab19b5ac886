package custom

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// Status is how a detector does.
type Status struct {
	Detector *Detector
	State    string // "running", "stopped" (on some series), "disabled", "idle" (no series).
	Disabled string // Why it is disabled; empty if it is not.
	Series   int    // Series it looks at, stopped ones included.
	Open     int    // Anomalies.
	Bytes    int    // Bound on what it remembers.
	Counts   Counts
	Faults   []Fault // Stopped series, the first maxFaults by name.
	Stopped  int     // All of them.
	LeftOut  map[string]int
}

// Fault is a series at which a detector was stopped.
type Fault struct {
	Series string
	Why    string
}

const maxFaults = 20

// List returns how the detectors do, in the order they were given.
func (r *Runner) List() []Status {
	var out []Status
	for _, l := range r.lots {
		s := Status{
			Detector: l.d, State: "running", Disabled: l.disabled, Series: len(l.members), Stopped: l.stopped,
			Bytes: l.d.bytes() * len(l.members), Counts: l.gone, LeftOut: maps.Clone(l.leftOut),
		}
		for _, ref := range slices.Sorted(maps.Keys(l.members)) {
			m := l.members[ref]
			s.Counts = s.Counts.plus(m.Counts())
			if m.judge.Open() {
				s.Open++
			}
			if why := m.Stopped(); why != "" && len(s.Faults) < maxFaults {
				s.Faults = append(s.Faults, Fault{metric.FormatSeries(m.labels), why})
			}
		}
		switch {
		case l.disabled != "":
			s.State = "disabled"
		case l.stopped > 0:
			s.State = "stopped"
		case s.Series == 0:
			s.State = "idle"
		}
		out = append(out, s)
	}
	return out
}

// Each calls f for every series a detector looks at, in order.
func (r *Runner) Each(f func(detector string, ls labels.Labels)) {
	for _, l := range r.lots {
		for _, ref := range slices.Sorted(maps.Keys(l.members)) {
			f(l.d.name, l.members[ref].labels)
		}
	}
}

// String is one line for people.
func (s Status) String() string {
	out := fmt.Sprintf("%s version %d: %s, %d series, %d open", s.Detector.name, s.Detector.version, s.State, s.Series, s.Open)
	c := s.Counts
	if c.Judged > 0 {
		out += fmt.Sprintf(", %s samples judged at a cost of %.0f on average and %s at most", grouped(c.Judged), c.MeanCost(), grouped(c.MaxCost))
	}
	if c.Undecided+c.Failed+c.LeftOut > 0 {
		out += fmt.Sprintf(", not judged: %s undecided, %s failed, %s left out", grouped(c.Undecided), grouped(c.Failed), grouped(c.LeftOut))
	}
	return out
}
