package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/custom"
	"github.com/bellwether-ts/bellwether/metric"
)

// Custom owns the detectors that users wrote, over all series: one room with
// one lane of its own, so that what they cost is theirs and the other analyses
// do not wait. It has one owner; it reads no clock.
type Custom struct {
	run  *custom.Runner
	opts CustomOptions
}

// CustomOptions configures a Custom.
type CustomOptions struct {
	Detect detect.Config       // Budget and adaptation time.
	Page   [][]*labels.Matcher // Anomalies are HIGH.
	// Emit receives every transition, in order. Required.
	Emit func(Finding)
	// Judged receives every sample that some detector looks at. Optional.
	Judged func(custom.Judged)
}

// customView begins the view of a finding of a user's detector; its name
// follows.
const customView = "detector/"

// NewCustom returns the room of the detectors, which know no series yet.
func NewCustom(o CustomOptions, detectors []*custom.Detector) (*Custom, error) {
	c := &Custom{opts: o}
	var err error
	c.run, err = custom.NewRunner(custom.Options{Detect: o.Detect, Emit: c.found, Judged: o.Judged}, detectors)
	return c, err
}

// found translates a finding.
func (c *Custom) found(f custom.Finding) {
	view := customView + f.Detector
	c.opts.Emit(Finding{
		ID: anomalyID(f.Labels, view, f.Anomaly.Start), Ref: f.Ref, Labels: f.Labels, View: view,
		Page: matchesAny(c.opts.Page, f.Labels), At: f.At, Transition: f.Transition, Anomaly: f.Anomaly,
		Said: f.Reason, Ended: f.Ended,
	})
}

// Known reports whether the room has decided about a series.
func (c *Custom) Known(ref uint64) bool { return c.run.Known(ref) }

// Add decides which detectors look at a series; kind is what its values mean.
// Our own results are nobody's subject, or a detector could feed on itself.
func (c *Custom) Add(ref uint64, ls labels.Labels, kind Kind) {
	if isOwnResult(ls) {
		ls = labels.EmptyLabels() // Known, and no selector is met.
	}
	c.run.Add(ref, ls, detect.Meta{Kind: kind.detectKind()})
}

// Observe judges one sample of a known series. Native histograms are left to
// the consensus: the language has no word for them.
func (c *Custom) Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	if h == nil {
		c.run.Observe(ref, t, v)
	}
}

// Tick tells the room that the time is now (Unix milliseconds).
func (c *Custom) Tick(now int64) { c.run.Tick(now) }

// Finish judges what waits for its companions: the data has ended.
func (c *Custom) Finish() { c.run.Finish() }

// Remove forgets a series at now (Unix milliseconds); what is open on it ends.
func (c *Custom) Remove(ref uint64, now int64) { c.run.Remove(ref, now) }

// List returns how the detectors do.
func (c *Custom) List() []custom.Status { return c.run.List() }

// Dropped returns how many samples found no room among those that wait for
// their companions.
func (c *Custom) Dropped() uint64 { return c.run.Dropped() }

// Explain returns the present traces of a series, in order of the detectors'
// names.
func (c *Custom) Explain(ref uint64) []detect.Trace {
	traces := c.run.Explain(ref)
	var out []detect.Trace
	for _, name := range slices.Sorted(maps.Keys(traces)) {
		out = append(out, traces[name])
	}
	return out
}

// things lists the monitors the room may send events for.
func (c *Custom) things() []alerting.Thing {
	var out []alerting.Thing
	c.run.Each(func(detector string, ls labels.Labels) {
		out = append(out, alerting.Thing{Monitor: seriesName(ls, customView+detector), Labels: withoutName(ls)})
	})
	return out
}

// customSentence tells a transition of a user's detector.
func customSentence(f Finding) string {
	name, detector := metric.FormatSeries(f.Labels), strings.TrimPrefix(f.View, customView)
	a := f.Anomaly
	switch {
	case f.Ended != "":
		return fmt.Sprintf("%s: detector %s ended without recovery: %s.", name, detector, f.Ended)
	case f.Transition == detect.TransitionClosed && a.Adapted:
		return fmt.Sprintf("%s: detector %s takes the new level of its score (%s) for normal from here.", name, detector, number(a.Observed))
	case f.Transition == detect.TransitionClosed:
		return fmt.Sprintf("%s: detector %s finds nothing any more.", name, detector)
	case f.Said != "":
		return fmt.Sprintf("%s: detector %s: %s.", name, detector, strings.TrimRight(f.Said, "."))
	}
	return fmt.Sprintf("%s is %s: detector %s finds it odd, p = 1e-%.1f.", name, number(a.Observed), detector, a.Peak)
}

// buildCustom makes the room and its lane.
func (p *Pipeline) buildCustom() error {
	o, err := WatchOptionsOf(p.opts.Config)
	if err != nil {
		return err
	}
	p.custom, err = NewCustom(CustomOptions{Detect: o.Detect, Page: o.Page, Emit: p.found}, p.opts.Detectors)
	if err != nil {
		return err
	}
	p.customLane = newLane("custom", p.feed(p.custom), func(now int64) { p.custom.Tick(now) })
	return nil
}

// ApplyDetectors replaces the users' detectors while the pipeline works; those
// that keep name and version keep what they remember. The notes say what was
// kept; on an error the old ones stay.
func (p *Pipeline) ApplyDetectors(detectors []*custom.Detector) (notes []string, err error) {
	p.reload.Lock()
	defer p.reload.Unlock()
	now := p.Now().UnixMilli()
	p.customLane.view(func() { notes, err = p.custom.run.Replace(detectors, now) })
	if err != nil {
		return nil, fmt.Errorf("cannot apply detectors: %w; the old ones stay", err)
	}
	return notes, nil
}

// Detectors says how the users' detectors do, and how many samples found no
// room among those that wait for their companions.
func (p *Pipeline) Detectors() (out []custom.Status, dropped uint64) {
	p.customLane.view(func() { out, dropped = p.custom.List(), p.custom.Dropped() })
	return out, dropped
}
