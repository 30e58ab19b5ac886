package change

import (
	"errors"
	"fmt"
	"math"
)

// SegmentConfig says how a whole series is cut. The zero value is the default
// and needs no tuning; Segment uses it.
//
// A series is described as stretches of a constant, or as stretches of a line
// (whichever describes it better), and each description is charged for:
//
//	N log(RSS/n + Resolution^2) + log(N) * parameters
//
// on the series scaled to standard deviation 1, with RSS the sum of squared
// residuals of its n samples, one parameter for each constant, two for each
// line, and ChangeCost for the place of each change. With N = n and no
// resolution that is Schwarz's criterion (Yao 1988, "Estimating the number of
// change-points via Schwarz' criterion"). Two things make it see what people
// see. N is at most Independent: real series wander, and ten thousand samples
// of one are not evidence for a hundred times as many changes as a hundred
// are. And what a description misses by less than Resolution costs little:
// nobody calls a smooth curve a chain of changes because a line misses it by a
// hair.
type SegmentConfig struct {
	MinLength   int     // Shortest stretch, in samples; 0 is 5, and it is never below a hundredth of the series.
	Independent int     // N at most; 0 is 100.
	Resolution  float64 // In standard deviations of the series; 0 is 0.2.
	ChangeCost  float64 // In parameters; 0 is 1.25, so that about 5 % of series of noise have a change.

	KeepSpikes bool // Describe single samples far off too, instead of setting them to the median of five.
	KeepSeason bool // Describe a season too, instead of taking it off first.
}

// defaults returns c with its zeros filled in, or all that is wrong with it.
func (c SegmentConfig) defaults() (SegmentConfig, error) {
	var errs []error
	bad := func(field string, value any, want string) {
		errs = append(errs, fmt.Errorf("cannot use %s %v: want %s", field, value, want))
	}
	if c.MinLength < 0 {
		bad("MinLength", c.MinLength, "at least 2 samples, or 0 for 5")
	}
	if c.Independent < 0 {
		bad("Independent", c.Independent, "at least 1 sample, or 0 for 100")
	}
	if c.Resolution != 0 && !(c.Resolution >= 1e-6 && c.Resolution <= 1) {
		bad("Resolution", c.Resolution, "between 1e-6 and 1 standard deviations, or 0 for 0.2")
	}
	if !(c.ChangeCost >= 0 && c.ChangeCost <= 1000) {
		bad("ChangeCost", c.ChangeCost, "between 0 and 1000 parameters, 0 being 1.25")
	}
	orDefault := func(v *int, d, least int) {
		if *v == 0 {
			*v = d
		}
		*v = max(least, *v)
	}
	orDefault(&c.MinLength, 5, 2)
	orDefault(&c.Independent, 100, 1)
	if c.Resolution == 0 {
		c.Resolution = 0.2
	}
	if c.ChangeCost == 0 {
		c.ChangeCost = 1.25
	}
	return c, errors.Join(errs...)
}

// Segment returns the changes of a whole series, in order of time, found with
// the default SegmentConfig.
func Segment(x []float64) []ChangePoint {
	out, err := SegmentConfig{}.Segment(x)
	if err != nil {
		return nil // The zero value is valid.
	}
	return out
}

// Segment returns the changes of a whole series, in order of time, or all that
// is wrong with the configuration.
//
// Before and After of a change are of the samples up to the neighbouring
// changes, and Difference is of their means, also where the description is of
// lines. P says how the description does without this change: its odds against
// the description with it, as a probability, are those of Schwarz's criterion
// (Raftery 1995, "Bayesian model selection in social research"). A series that
// wanders without any level to return to is cut into the stretches one sees in
// it; that describes it and proves nothing.
//
// The cost is O(n log n), plus that of a description of at most 1000 points,
// about a tenth of a second: longer series are averaged to that many, and the
// place of a change is then found among their samples.
func (c SegmentConfig) Segment(x []float64) ([]ChangePoint, error) {
	c, err := c.defaults()
	if err != nil {
		return nil, err
	}
	clean := cleaned(x, c)
	if clean == nil {
		return nil, nil
	}
	best := c.describe(clean.points, clean.width)
	cuts := clean.samples(best)
	return clean.changes(x, cuts, best.p), nil
}

// changes returns the changes at cuts, places among the finite samples of x,
// with their p.
func (s *signal) changes(x []float64, cuts []int, p []float64) []ChangePoint {
	var out []ChangePoint
	raw := make([]float64, len(s.at))
	for i, at := range s.at {
		raw[i] = x[at]
	}
	ends := append(cuts, len(raw))
	from := 0
	for i, cut := range cuts {
		w := raw[from:ends[i+1]]
		f, _ := frameOf(w)
		cp := changeAt(cut-from, f.statsOf(raw[from:cut]), f.statsOf(raw[cut:ends[i+1]]), f)
		cp.Index = s.at[cut]
		cp.Position, cp.Skipped = uint64(cp.Index), len(x)-len(raw)
		cp.P, cp.Confidence = p[i], 1-p[i]
		out = append(out, cp)
		from = cut
	}
	return out
}

// odds returns the probability of one description against another that is
// better by gain in Schwarz's criterion.
func odds(gain float64) float64 { return 1 / (1 + math.Exp(max(0, gain)/2)) }
