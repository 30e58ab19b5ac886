package canary

import (
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
}

// spread is the standard error of the effect of a window of n samples.
type spread struct {
	se, df     float64
	placeboMax float64 // No smaller effect FAILs.
	surely     float64 // As in located; cold starts only.
	phi        float64
	source     string
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
		if len(p.base) >= 2*minPairs {
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
	have := len(p.base)
	switch {
	case n <= have:
		s = p.typical(n)
	case p.cold:
		s = p.typical(have).grown(have, n)
	}
	p.memory[n] = s
	return s, s.source != ""
}

// typical is the middle one of five windows across the past, by standard error.
func (p *past) typical(n int) spread {
	const windows = 5
	found := make([]spread, 0, windows)
	for i := range windows {
		m := p.window(i*(len(p.base)-n)/(windows-1), n)
		sides := gather(&m)
		if len(sides.d) < minPairs {
			return spread{}
		}
		l := locate(&sides)
		up := func(v float64) float64 { return math.Ldexp(v, sides.exp) }
		found = append(found, spread{
			se: up(l.se), df: l.df, placeboMax: up(l.placeboMax), surely: l.surely, source: l.source,
			phi: (1 - l.neff/float64(n)) / (1 + l.neff/float64(n)),
		})
		if len(p.base) == n {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b spread) int {
		switch {
		case a.se < b.se:
			return -1
		case a.se > b.se:
			return 1
		}
		return 0
	})
	mid := found[len(found)/2]
	if p.cold { // The dependence of the whole says more than that of one window.
		d := make([]float64, len(p.base))
		for i := range d {
			d[i] = p.side[i] - p.base[i]
		}
		mid.phi = stat.AR1(d)
		mid.surely = cautious(n, mid.phi)
	}
	return mid
}

// grown is the spread of a cold start's window of n samples from that of fewer.
func (s spread) grown(from, n int) spread {
	growth := float64(n) / float64(from)
	s.se /= math.Sqrt(growth)
	s.df *= growth
	if s.surely = cautious(n, s.phi); s.source == "constant" {
		s.surely = 0
	}
	return s
}
