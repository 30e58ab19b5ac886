package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
)

// What is remembered of looks for good, and how the whole verdict is won back
// from it: a verdict is a function of the samples in the store, the spec, the
// number of the look and what the gates read. Only the last two cannot be read
// again, so they are remembered, and the digest says whether the samples are
// still those that were judged.

// Bounds of what a run remembers.
const (
	maxReasons   = 20
	maxReasonLen = 500 // Bytes.
	maxPath      = 100 // Stretches.
)

// lookOf is what is remembered of a verdict.
func lookOf(v canary.Verdict, judged canary.Outcome, at int64, gates []canary.Gate) Look {
	l := Look{At: at, Verdict: v.Verdict, Limiting: v.Limiting, Score: v.Score(), Digest: v.Digest, Gates: readingsOf(gates)}
	if judged != v.Verdict {
		l.Judged = judged
	}
	for _, r := range v.Reasons[:min(len(v.Reasons), maxReasons)] {
		if len(r) > maxReasonLen {
			r = r[:maxReasonLen] + "..."
		}
		l.Reasons = append(l.Reasons, r)
	}
	if more := len(v.Reasons) - maxReasons; more > 0 {
		l.Reasons = append(l.Reasons, fmt.Sprintf("and %d more reasons, in the whole verdict", more))
	}
	switch {
	case math.IsInf(v.MinutesNeeded, 1):
		l.Minutes = -1
	case v.MinutesNeeded > 0 && !math.IsInf(v.MinutesNeeded, 0):
		l.Minutes = v.MinutesNeeded
	}
	return l
}

// judged is the outcome before on_undecided.
func (l Look) judged() canary.Outcome {
	if l.Judged != "" {
		return l.Judged
	}
	return l.Verdict
}

// summary is the verdict as far as it is remembered: without metrics.
func (l Look) summary() canary.Verdict {
	v := canary.Verdict{Verdict: l.Verdict, Reasons: l.Reasons, Limiting: l.Limiting, MinutesNeeded: l.Minutes, Digest: l.Digest}
	if l.Minutes < 0 {
		v.MinutesNeeded = math.Inf(1)
	}
	return v
}

// extend adds a look to the path. Past the bound the oldest stretch but the
// first is let go: how it began and how it came to its end matter most.
func extend(path []Stretch, number int, l Look) []Stretch {
	if n := len(path); n > 0 && path[n-1].Verdict == l.Verdict && path[n-1].Limiting == l.Limiting {
		path = slices.Clone(path) // Copies of the run share it.
		path[n-1].Last, path[n-1].To = number, l.At
		return path
	}
	next := Stretch{First: number, Last: number, From: l.At, To: l.At, Verdict: l.Verdict, Limiting: l.Limiting}
	if len(path) < maxPath {
		return append(slices.Clip(path), next)
	}
	return append(slices.Delete(slices.Clone(path), 1, 2), next)
}

// Full returns a run with its whole verdict and samples: those at hand, else
// judged again from the store. If the samples are no longer those of the look
// (late ones came, old ones were let go) the verdict stays what it was and a
// warning says so; its metrics are then those of the samples that are there.
func (c *Canaries) Full(ctx context.Context, id string) (Run, bool) {
	r, ok := c.Get(id)
	if !ok || r.Request != nil || r.Looks == 0 {
		return r, ok
	}
	if r.Last.At == 0 { // A file of an earlier version.
		r.Last.At = max(r.Ended, r.Spec.From())
	}
	spec := r.Spec
	spec.readings = gatesOf(r.Last.Gates)
	spec, v, req, err := c.p.judgeRun(ctx, spec, r.Last.At, r.Looks, spec.Planned(), nil)
	if err != nil {
		r.Verdict.Warnings = append(r.Verdict.Warnings, fmt.Sprintf("the metrics of this verdict cannot be shown: %v", err))
		return r, true
	}
	spec.readings = nil
	r.Spec, r.Request = spec, &req
	v = spec.tell(v, r.Looks >= spec.Planned())
	if v.Digest != r.Last.Digest || r.Last.Verdict == "" {
		v = c.asItWas(&r, v)
	}
	r.Verdict = v
	return r, true
}

// asItWas puts the word that was said over metrics that were judged again.
func (c *Canaries) asItWas(r *Run, v canary.Verdict) canary.Verdict {
	if r.Last.Verdict == "" {
		r.Last = lookOf(v, v.Verdict, r.Last.At, nil)
		v.Warnings = append(v.Warnings, "this run is from an earlier version, which did not remember what it said; it was judged again")
		return v
	}
	old := r.Last.summary()
	v.Warnings = append([]string{fmt.Sprintf("the samples are no longer those that were judged (digest %s then, %s now): late ones came or old ones are gone; the verdict is the one given then, the metrics are of the samples there are",
		orNone(old.Digest), orNone(v.Digest))}, v.Warnings...)
	v.Verdict, v.Reasons, v.Limiting, v.MinutesNeeded, v.Digest = old.Verdict, old.Reasons, old.Limiting, old.MinutesNeeded, old.Digest
	return v
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
