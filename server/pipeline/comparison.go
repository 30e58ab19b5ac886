package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/metric"
)

// From a run's spec to the judge: every metric is read on both sides at the
// same instants, several at a time. A metric that cannot be read goes to the
// judge with the reason and does not disturb the others.

// JudgeSpec judges the samples of [spec.From(), end] as look number look of
// looks, and returns the request it judged. before is the request of an earlier
// look of the same spec, or nil: the history is taken from it, since it ends
// where the window begins, and of the window only what may have changed is read.
func (p *Pipeline) JudgeSpec(ctx context.Context, s RunSpec, end int64, look, looks int, before *canary.Request) (canary.Verdict, canary.Request, error) {
	req := canary.Request{Policy: policyOf(s), Gates: s.readings}
	req.Policy.Look, req.Policy.Looks, req.Policy.PlannedSamples = look, looks, int(s.MaxDuration/s.Step)
	var err error
	if req.Metrics, req.Warnings, err = p.samplesOf(ctx, s, end, before); err != nil {
		return canary.Verdict{}, req, err
	}
	if s.Judge == "native" || s.Judge == "" {
		return canary.Judge(req), req, nil
	}
	v, err := canary.JudgeNamed(s.Judge, req)
	return v, req, err
}

// readTimeout bounds the reading of one metric, so that a slow one does not
// cost the others their look.
const readTimeout = 20 * time.Second

// lookReader is what the metrics of one look have in common.
type lookReader struct {
	p        *Pipeline
	s        RunSpec
	base     side
	canary   side
	window   instants
	before   map[string]*canary.Metric // Of an earlier look, by name.
	past     past
	pastErr  error
	shards   shardPlan
	identity string // Why both sides are the same; empty when they are not.
	spread   int    // Metrics of Kind Histogram, which share the room for history.
}

// samplesOf reads every metric of the spec up to end.
func (p *Pipeline) samplesOf(ctx context.Context, s RunSpec, end int64, before *canary.Request) ([]canary.Metric, []string, error) {
	s = p.withKinds(s)
	r := &lookReader{p: p, s: s, before: map[string]*canary.Metric{}}
	step := s.Step.Milliseconds()
	r.window = instants{s.From() + step, s.From() + (end-s.From())/step*step, step}
	if before != nil {
		for i := range before.Metrics {
			r.before[before.Metrics[i].Name] = &before.Metrics[i]
		}
	}
	var errB, errC error
	r.base, errB = newSide(s.Baseline, s.Offset)
	r.canary, errC = newSide(s.Canary, 0)
	if err := firstError(errB, errC); err != nil {
		return nil, nil, err
	}
	warnings := r.prepare(ctx)
	out := make([]canary.Metric, len(s.Metrics))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(out)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(out); i = int(next.Add(1)) - 1 {
				out[i] = r.metric(ctx, s.Metrics[i])
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return nil, nil, err // Stopping: what was read may be half.
	}
	return out, warnings, nil
}

// prepare finds out what the metrics share: where history comes from, who the
// instances are, whether the sides are two sides at all.
func (r *lookReader) prepare(ctx context.Context) []string {
	if r.window.size() == 0 {
		return nil
	}
	var warnings []string
	names := probeNames(r.s.Metrics)
	known := 0
	for _, m := range r.s.Metrics {
		if m.Kind == canary.Histogram {
			r.spread++
		}
		if b := r.before[m.Name]; b != nil && hasPast(b) {
			known++
		}
	}
	if known < len(r.s.Metrics) {
		if r.past, r.pastErr = r.p.placeboOf(ctx, r.s, names, r.window.end); r.pastErr != nil {
			warnings = append(warnings, "the history cannot be read: "+r.pastErr.Error())
		}
	}
	both, same, err := r.p.overlap(ctx, r.base, r.canary, names, r.s.From(), r.window.end)
	switch {
	case err != nil:
		warnings = append(warnings, "cannot see whether both sides select the same series: "+err.Error())
	case same:
		r.identity = fmt.Sprintf("both sides select the same %d series: what is compared is equal to itself", both)
		warnings = append(warnings, r.identity)
	case both > 0:
		warnings = append(warnings, fmt.Sprintf("%d series belong to both sides, which hides part of any difference; let the baseline leave the canary out", both))
	}
	r.shards = r.planShards(ctx, names)
	return warnings
}

// pastNote opens the note that says where a metric's history comes from. It is
// also how a later look knows that there was none to be had.
const pastNote = "history: "

func hasPast(m *canary.Metric) bool {
	return slices.ContainsFunc(m.Notes, func(n string) bool { return strings.HasPrefix(n, pastNote) })
}

// withoutSamples is a metric of the spec before anything of it is read.
func withoutSamples(s RunSpec, m RunMetric) canary.Metric {
	return canary.Metric{
		Name: m.Name, StepSeconds: s.Step.Seconds(), Direction: m.Direction, Kind: m.Kind,
		MinEffect: m.MinEffect, Critical: m.Critical,
	}
}

// policyOf is what the spec says of errors and judges; it says nothing of looks.
func policyOf(s RunSpec) canary.Policy {
	return canary.Policy{FalseFail: s.FalseFail, FalsePass: s.FalsePass, Exposure: s.Exposure, Named: s.Named}
}

// metric reads one metric; where it cannot, the metric says why.
func (r *lookReader) metric(ctx context.Context, m RunMetric) canary.Metric {
	out := withoutSamples(r.s, m)
	if r.window.size() == 0 {
		out.Err = fmt.Sprintf("the window is shorter than a step of %s", r.s.Step)
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	src := sourceOf(m)
	b, c, err := r.sides(ctx, &src)
	if err != nil {
		out.Err = err.Error()
		return out
	}
	out.Baseline, out.Canary = b.values, c.values
	out.Notes = joined(b.notes, c.notes)
	out.Doubts = doubtsOf(&b, &c)
	if r.identity != "" {
		out.Doubts = append(out.Doubts, r.identity)
	}
	past := r.history(ctx, &src, &out)
	if m.Kind == canary.Count && src.plain != nil {
		r.expose(&src, &out, &b, &c, past)
	}
	if m.Kind == canary.Histogram {
		var notes []string
		if out.Distribution, notes, err = distribution(&b, &c, [2][]observed{past[0].rows, past[1].rows}, r.spread); err != nil {
			out.Err = err.Error()
		}
		out.Notes = append(out.Notes, notes...)
	}
	r.split(ctx, &src, &out)
	return out
}

// sides reads the window of both sides.
func (r *lookReader) sides(ctx context.Context, src *source) (b, c reading, err error) {
	g, keep := r.window, r.unchanged(src)
	g.first += int64(keep) * g.step
	b, errB := r.p.read(ctx, src, r.base, g)
	c, errC := r.p.read(ctx, src, r.canary, g)
	if err := firstError(errB, errC); err != nil {
		return b, c, err
	}
	if keep > 0 {
		old := r.before[src.Name]
		b.values = append(slices.Clone(old.Baseline[:keep]), b.values...)
		c.values = append(slices.Clone(old.Canary[:keep]), c.values...)
	}
	return b, c, nil
}

// late is how far back samples may still arrive: the store's default window
// for samples out of order.
const late = int64(10 * 60 * 1000)

// unchanged is how many instants of an earlier look need not be read again.
// Counts and histograms are read whole: their exposure and bounds are of the
// whole window.
func (r *lookReader) unchanged(src *source) int {
	old := r.before[src.Name]
	if old == nil || old.Err != "" || src.plain != nil || src.Kind == canary.Histogram || old.Kind != src.Kind ||
		len(old.Baseline) != len(old.Canary) || old.StepSeconds != r.s.Step.Seconds() || len(old.Baseline) > r.window.size() {
		return 0
	}
	return max(0, len(old.Baseline)-1-int((late+r.window.step-1)/r.window.step))
}

// doubtsOf is why what was read must not pass.
func doubtsOf(b, c *reading) []string {
	out := joined(b.doubts, c.doubts)
	if len(b.layouts) > 0 && len(c.layouts) > 0 && !slices.Equal(b.layouts, c.layouts) {
		out = append(out, "the histograms of the two sides have different buckets: only the bounds they share are compared")
	}
	return out
}

// history fills in the past of a metric, from the look before if it was read
// then, and says where it comes from.
func (r *lookReader) history(ctx context.Context, src *source, out *canary.Metric) (past [2]reading) {
	if old := r.before[src.Name]; old != nil && hasPast(old) && old.Kind == out.Kind {
		out.History = old.History
		for _, n := range old.Notes {
			if strings.HasPrefix(n, pastNote) {
				out.Notes = append(out.Notes, n)
			}
		}
		if d := old.Distribution; d != nil && len(d.HistoryBaseline) > 0 {
			past[0].rows, past[1].rows = fromRows(d.Bounds, d.HistoryBaseline), fromRows(d.Bounds, d.HistoryCanary)
		}
		return past
	}
	how := r.past.how
	if r.pastErr != nil {
		return past // Said in a warning, and tried again at the next look.
	}
	if len(r.past.stretches) > 0 {
		b, c, err := r.p.readPast(ctx, src, r.past)
		switch {
		case err != nil:
			how = "none: " + err.Error()
		case finiteShare(b.values) < 0.25 || finiteShare(c.values) < 0.25:
			how = "none: the metric is missing from most of it (" + how + ")"
		default:
			out.History = &canary.History{Baseline: b.values, Canary: c.values, SameInstances: r.past.same}
			past = [2]reading{b, c}
		}
	} else {
		how = "none: " + how
	}
	out.Notes = append(out.Notes, pastNote+how)
	return past
}

// finiteShare is the share of v that is there, in [0,1]; 0 when v is empty.
func finiteShare(v []float64) float64 {
	n := 0
	for _, x := range v {
		if metric.IsFinite(x) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(v)))
}

func anyFinite(v []float64) bool { return slices.ContainsFunc(v, metric.IsFinite) }

// Queries returns the PromQL of both sides of metric i.
func (s RunSpec) Queries(i int) (baseline, side string) {
	return sideQuery(s.Metrics[i].Query, s.Baseline), sideQuery(s.Metrics[i].Query, s.Canary)
}
