package pipeline

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// What the room of distributions says of itself.

// eachOpen names the anomalies that are open.
func (d *Distributions) eachOpen(visit func(id string)) {
	for _, of := range []map[string]*distributed{d.native, d.classic} {
		for _, s := range of {
			if s.det != nil && s.verdict == detect.VerdictAnomalous {
				visit(s.id)
			}
		}
	}
}

// Classes counts the histograms watched by the priority of their anomalies.
func (d *Distributions) Classes() (c Classes) {
	for _, of := range []map[string]*distributed{d.native, d.classic} {
		for _, s := range of {
			switch {
			case s.det == nil:
			case s.page:
				c.High++
			default:
				c.Low++
			}
		}
	}
	return c
}

// Explain returns the present trace of a histogram, by its own name or by the
// labels of one of its buckets; empty if it is not watched.
func (d *Distributions) Explain(ls labels.Labels) []detect.Trace {
	if isClassicBucket(ls, KindCounter) {
		ls = classicName(ls)
	}
	key := metric.FormatSeries(ls)
	var out []detect.Trace
	for _, of := range []map[string]*distributed{d.native, d.classic} {
		if s := of[key]; s != nil && s.det != nil {
			out = append(out, s.det.Explain())
		}
	}
	return out
}

// Coverage returns the counts of histograms now.
func (d *Distributions) Coverage() Coverage {
	c := Coverage{Watched: d.watching, WarmingUp: d.warming, NotWatched: map[string]int{}}
	for reason, n := range d.skipped {
		if n > 0 {
			c.NotWatched[reason] = n
		}
	}
	return c
}

// HasClassic reports whether a classic histogram of that name is known.
func (d *Distributions) HasClassic(name string) bool {
	for _, s := range d.classic {
		if s.labels.Get(labels.MetricName) == name {
			return true
		}
	}
	return false
}

// Watches reports whether a series is, or is part of, a histogram that is
// watched.
func (d *Distributions) Watches(ref uint64) bool {
	s := d.series[ref]
	return s != nil && s.det != nil
}

// DistributionStatus is how one histogram does.
type DistributionStatus struct {
	Name    string // As findings name it.
	Verdict detect.Verdict
	Batches uint64 // Judged so far.
}

// List returns how the histograms do, by name.
func (d *Distributions) List() []DistributionStatus {
	var out []DistributionStatus
	for _, of := range []map[string]*distributed{d.native, d.classic} {
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if s := of[key]; s.det != nil {
				out = append(out, DistributionStatus{seriesName(s.labels, distributionView), s.verdict, s.det.Batches()})
			}
		}
	}
	return out
}

// Losses returns what could not be judged so far.
func (d *Distributions) Losses() DistributionLosses { return d.lost }

// things lists the monitors the room may send events for.
func (d *Distributions) things() []alerting.Thing {
	var out []alerting.Thing
	for _, of := range []map[string]*distributed{d.native, d.classic} {
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if s := of[key]; s.det != nil {
				out = append(out, alerting.Thing{Monitor: seriesName(s.labels, distributionView), Labels: withoutName(s.labels)})
			}
		}
	}
	return out
}

// distributionSentence tells a transition of a distribution.
func distributionSentence(f Finding) string {
	name, a := metric.FormatSeries(f.Labels), f.Anomaly
	switch {
	case f.Gone:
		return fmt.Sprintf("%s is gone: it has sent nothing for so long that the store let it go.", name)
	case f.Transition == detect.TransitionClosed && a.Adapted:
		return fmt.Sprintf("%s distribution: its new form has lasted; it is the new normal from here.", name)
	case f.Transition == detect.TransitionClosed:
		return fmt.Sprintf("%s distribution: is back to what was usual.", name)
	}
	return fmt.Sprintf("%s distribution: %s, p = 1e-%.1f.", name, a.Trace.Summary, a.Peak)
}
