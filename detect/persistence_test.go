package detect

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The average run length of a one-sided CUSUM with k = 1/2 on normal values, by
// threshold: Hawkins and Olwell, Cumulative Sum Charts and Charting for Quality
// Improvement (1998), table 3.1, and Siegmund's approximation (Sequential
// Analysis, 1985, section 2.6), 2 (exp(b) - b - 1) with b = h + 1.166:
// h = 3: 117.6, h = 4: 335.4.
func TestWalkHasThePublishedRunLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for h, want := range map[float64]float64{3: 117.6, 4: 335.4} {
		const runs = 3000
		steps := 0
		for range runs {
			var w walk
			for sum, side := 0., 0; sum < h || side != 0; steps++ {
				sum, side = w.step(r.NormFloat64()-.5, -100)
			}
		}
		got := float64(steps) / runs
		b := h + 1.166
		if siegmund := 2 * (math.Exp(b) - b - 1); math.Abs(siegmund/want-1) > .02 {
			t.Errorf("h = %v: Siegmund's approximation %v, published %v", h, siegmund, want)
		}
		if math.Abs(got/want-1) > .08 {
			t.Errorf("h = %v: run length %v, published %v", h, got, want)
		}
	}
}

// What claims -log10 of a rate must come no more often than that rate, for
// independent and for correlated values alike, once a walk has learned.
func TestExcursionsAreCalibrated(t *testing.T) {
	for name, memory := range map[string]float64{"independent": 0, "correlated": .7} {
		r := rand.New(rand.NewPCG(2, 2))
		var w walk
		x, hits := 0., 0
		const n, e = 600_000, 3.5
		above := false
		for i := range n {
			x = memory*x + math.Sqrt(1-memory*memory)*r.NormFloat64()
			sum, _ := w.step(2*(x-1), 2*(-x-1))
			loud := w.Cal.evidence(sum) >= e
			if loud && !above && i > 20_000 {
				hits++
			}
			above = loud || above && sum > 0
		}
		if most := 1.5 * n * math.Pow(10, -e); float64(hits) > most {
			t.Errorf("%s: %d excursions claimed 10^-%v, want at most %.0f", name, hits, e, most)
		}
	}
}

// The members see shapes, not units: what they tell of a shift by three and a
// half sigma after a day is the same at another scale and on another level.
func TestPersistenceIsScaleInvariant(t *testing.T) {
	play := func(scale, level float64) (opened []int) {
		r := rand.New(rand.NewPCG(3, 3))
		s := series(t, Config{}, Meta{Kind: MetricGauge})
		for i := range 2100 {
			v := r.NormFloat64()
			if i >= 2000 {
				v += 3.5
			}
			if res := s.Step(int64(i)*minute, scale*v+level); res.Transition == TransitionOpened {
				opened = append(opened, i, int(res.Kind), int(res.Direction))
			}
		}
		return opened
	}
	base := play(1, 0)
	if len(base) != 3 || base[0] < 2000 || base[0] > 2010 || Kind(base[1]) != KindLevel || Direction(base[2]) != DirectionUp {
		t.Fatalf("opened %v, want one level up within ten samples of 2000", base)
	}
	for _, x := range [][2]float64{{1024, 0}, {1. / 1024, 0}, {1, 4096}} {
		if got := play(x[0], x[1]); !slices.Equal(got, base) {
			t.Errorf("times %v plus %v: opened %v, want %v", x[0], x[1], got, base)
		}
	}
}

// A leak of one sigma of values a day, after two weeks without, is told as
// drift within three days, and not before it began.
func TestALeakIsTold(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	s := series(t, Config{}, Meta{Kind: MetricGauge})
	const leak = 14 * 1440
	for i := range leak + 3*1440 {
		v := 100 + 5*r.NormFloat64() + 5*max(0, float64(i-leak)/1440)
		if res := s.Step(int64(i)*minute, v); res.Transition == TransitionOpened {
			if i < leak || res.Kind != KindDrift || res.Direction != DirectionUp {
				t.Fatalf("minute %d: %v %v\n%s", i, res.Kind, res.Direction, s.Explain())
			}
			return
		}
	}
	t.Error("not told in three days")
}

// A weekly job is heard in its first week and not after.
func TestWeeklyWorkBecomesUsual(t *testing.T) {
	s := series(t, Config{}, Meta{Kind: MetricGauge})
	r := rand.New(rand.NewPCG(5, 5))
	var weeks [4]int
	for i := range 28 * 1440 {
		v := 100 + 5*r.NormFloat64()
		if m := i % (7 * 1440); m >= 3500 && m < 3504 {
			v += 200
		}
		if res := s.Step(int64(i)*minute, v); res.Transition == TransitionOpened {
			weeks[i/(7*1440)]++
		}
	}
	if weeks[0] == 0 || weeks[1]+weeks[2]+weeks[3] > 0 {
		t.Errorf("anomalies by week %v, want some in the first and none after", weeks)
	}
}

// A run is judged by the hazard of the past: its evidence grows with it, a past
// with runs claims less, and three equal values claim no more than 1/(20 n).
func TestFlatlineHazard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(100, 3000).Draw(t, "n")
		pairs := rapid.IntRange(0, 20).Draw(t, "pairs")
		var q quiet
		for i := range n {
			q.value(float64(i))
			if i%100 < pairs*100/n {
				q.value(float64(i))
			}
		}
		last := 0.
		for k := range 50 {
			e := q.value(-1)
			if k == 2 && e > math.Log10(20*float64(n+pairs+2)) {
				t.Fatalf("three equal values after %d claim %v", n, e)
			}
			if e > 0 && e < last {
				t.Fatalf("evidence fell from %v to %v as the run grew", last, e)
			}
			last = max(last, e)
		}
		if last == 0 {
			t.Fatal("fifty equal values claim nothing")
		}
	})
}

// Whatever comes, the members stay finite and keep their bounds.
func FuzzPersistence(f *testing.F) {
	f.Add([]byte("\x00\x01\x40\x59\x00\x00\x00\x00\x00\x00\x00\x01\x40\x59\x00\x00\x00\x00\x00\x01"))
	f.Add([]byte("\x80\x01\x7e\x37\xe4\x3c\x88\x00\x75\x9c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := series(t, Config{Open: 1000}, Meta{Kind: MetricGauge})
		now := int64(0)
		for i := range 2000 { // A past to fall from.
			now += minute
			s.Step(now, wave(i))
		}
		for i := 0; len(in) >= 10; i++ {
			now += 1 + int64(binary.BigEndian.Uint16(in))*1000
			v := math.Float64frombits(binary.BigEndian.Uint64(in[2:]))
			in = in[10:]
			for range 20 {
				now += minute
				checkResult(t, i, s.Step(now, v))
			}
			p := &s.s.Slow
			for _, x := range []float32{p.Outlook.Level, p.Outlook.Fast, p.Outlook.Scale, p.Cusum.Walk.Sum[0], p.Cusum.Walk.Cal.Sum,
				p.Variance.Scale, p.Variance.Walk.Sum[1], p.Drift.Usual, p.Drift.Scale, p.Break.Mean, p.Break.Sq} {
				if x != x || math.IsInf(float64(x), 0) {
					t.Fatalf("step %d: %+v", i, *p)
				}
			}
		}
	})
}

// Ten million samples, unless -short: counts that wrap
// or sums that lose precision would show.
func TestTenMillionSamples(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds; leave out -short")
	}
	s := series(t, Config{}, Meta{Kind: MetricGauge})
	opened := 0
	for i := range 10_000_000 {
		r := s.Step(int64(i)*1000, wave(i%14400))
		checkResult(t, i, r)
		if r.Transition == TransitionOpened {
			opened++
		}
	}
	if opened > 50 {
		t.Errorf("%d anomalies in a series that repeats itself", opened)
	}
}
