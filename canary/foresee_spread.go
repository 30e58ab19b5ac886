package canary

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// How far the sides differ when nothing was deployed: what locate will take for
// the standard error of a window that is still to come. It is asked with
// windows cut from the past, so a forecast rests on the code that judges.

// past is what is known of one metric before the deploy.
type past struct {
	m          Metric    // Step, direction and kind filled in.
	base, side []float64 // Both sides on the same instants, every sample readable.
	cold       bool      // The judge will have no history.
	assumed    string    // What base and side rest on where they are not two sides measured.
	memory     map[int]spread
	all        stat.MeanEstimate // By whole.
}

// spread is the standard error of the effect of a window of n samples.
type spread struct {
	se, df     float64
	placeboMax float64 // No smaller effect FAILs.
	surely     float64 // As in located; cold starts only.
	phi        float64
	source     string
	taken      []spread // What the judge takes for it, of cold starts.
}

// Samples a forecast needs: coldForeseen without a history, where they must
// show how the difference depends on itself.
const coldForeseen = 30

// pastOf reads what a metric says about the time before the deploy. lag is how
// far a lone baseline is set against itself. reason says what to do where it
// says nothing.
func pastOf(m Metric, lag int) (p past, reason string) {
	p = past{m: m, memory: map[int]spread{}}
	if m.History != nil && len(m.History.Baseline) == len(m.History.Canary) {
		p.base, p.side = readable(m.Kind, m.History.Baseline, m.History.Canary)
		if len(p.base) >= 2*MinPairs {
			return p, ""
		}
	}
	p.cold = true
	if len(m.Baseline) == len(m.Canary) {
		p.base, p.side = readable(m.Kind, m.Baseline, m.Canary)
		if len(p.base) >= coldForeseen {
			p.assumed = fmt.Sprintf("no history: the judge will measure the spread on the window itself; %d samples of both sides stand for it", len(p.base))
			return p, ""
		}
	}
	alone := m.Baseline
	if m.History != nil && len(alone) < len(m.History.Baseline) {
		alone = m.History.Baseline
	}
	if m.Kind != Count && len(alone) >= coldForeseen+lag {
		p.base, p.side = readable(m.Kind, alone[lag:], alone[:len(alone)-lag])
		if len(p.base) >= coldForeseen {
			p.assumed = fmt.Sprintf("no history of the canary's side: both sides are assumed to move like the baseline and independently (the baseline is set against itself %d samples earlier), so with load they share it will be quicker", lag)
			return p, ""
		}
	}
	return p, fmt.Sprintf("cannot say: there are %d samples of both sides without a deploy, and %d are needed to tell how they vary; give a history, or ask again once both sides have run for a while", len(p.base), coldForeseen)
}

// readable keeps the instants both sides report.
func readable(kind Kind, base, side []float64) (b, s []float64) {
	for i := range base {
		x, y := side[i], base[i]
		if math.IsNaN(x-y) || math.IsInf(x, 0) || math.IsInf(y, 0) || kind == Count && (x < 0 || y < 0) {
			continue
		}
		b, s = append(b, y), append(s, x)
	}
	return b, s
}

// window is the metric as the judge would see it with n samples, those of the
// past from first on.
func (p *past) window(first, n int) Metric {
	m := p.m
	m.Shards, m.Distribution = nil, nil
	m.Baseline, m.Canary = p.base[first:first+n], p.side[first:first+n]
	m.History = nil
	if !p.cold {
		h := History{Baseline: p.base, Canary: p.side}
		if p.m.History != nil {
			h.SameInstances = p.m.History.SameInstances
		}
		m.History = &h
	}
	return m
}

// at is the spread of a window of n samples; ok is false where the past is too
// short to say.
func (p *past) at(n int) (s spread, ok bool) {
	if s, seen := p.memory[n]; seen {
		return s, s.source != ""
	}
	switch have := len(p.base); {
	case p.cold:
		s = p.coldSpread(n)
	case n <= have:
		s = middle(p.windows(n, min(usualWindows, have-n+1)))
	}
	p.memory[n] = s
	return s, s.source != ""
}

// How many windows across the past are tried. With a history they differ only
// where a window is rougher than it; on a cold start they are the very matter.
const (
	usualWindows = 5
	coldWindows  = 9
)

// windows are the spreads of count windows across the past, smallest standard
// error first.
func (p *past) windows(n, count int) []spread {
	found := make([]spread, 0, count)
	for i := range count {
		m := p.window(i*(len(p.base)-n)/max(1, count-1), n)
		sides := gather(&m)
		if len(sides.d) < MinPairs {
			return nil
		}
		l := locate(&sides)
		up := func(v float64) float64 { return math.Ldexp(v, sides.exp) }
		r := l.neff / float64(n)
		found = append(found, spread{
			se: up(l.se), df: l.df, placeboMax: up(l.placeboMax), surely: l.surely, source: l.source, phi: (1 - r) / (1 + r),
		})
	}
	slices.SortStableFunc(found, func(a, b spread) int { return cmp.Compare(a.se, b.se) })
	return found
}

// middle is the one in the middle.
func middle(found []spread) spread {
	if len(found) == 0 {
		return spread{}
	}
	return found[len(found)/2]
}

// coldSpread is the spread of a window of n samples that the judge will have to
// measure on the window itself: the truth from all of the past, and what the
// judge takes for it in windows across the past, of at most a third of it so
// that they differ.
func (p *past) coldSpread(n int) spread {
	have := len(p.base)
	size := max(MinPairs, min(n, have/3))
	tried := p.windows(size, coldWindows)
	s := middle(tried)
	if s.source != "window" {
		return s
	}
	if p.all.SE == 0 {
		m := p.window(0, have)
		sides := gather(&m)
		p.all = stat.HARMean(sides.d, 0)
		p.all.SE = math.Ldexp(p.all.SE, sides.exp)
	}
	growth := float64(n) / float64(size)
	for i := range tried {
		t := &tried[i]
		t.se /= math.Sqrt(growth)
		t.df *= growth
		if n > size {
			t.surely = cautious(n, t.phi)
		}
	}
	s = middle(tried)
	s.taken = tried
	s.se = p.all.SE * math.Sqrt(float64(have)/float64(n))
	s.phi = p.all.Phi
	return s
}
