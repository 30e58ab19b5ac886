package detect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// batch is the nine votes by looking at the whole window, each formula as it is
// written, without any state: what the rolling sums must agree with.
func batch(k *skyline) [skylineCount]vote {
	w, t := k.window(), make([]int64, k.time.n)
	for i := range t {
		t[i] = k.time.at(i)
	}
	fresh := newSkyline(k.cfg)
	for i, v := range w {
		fresh.push(t[i], v)
	}
	fresh.rebuild()
	fresh.tail = tailMean(w)
	now, n := t[len(t)-1], len(w)
	var out [skylineCount]vote
	set := func(i int, fired bool) { out[i] = vote{fired, fired} }
	hour := 0
	for hour < n && t[hour] < now-k.cfg.FullDuration.Milliseconds()+hourMS {
		hour++
	}
	if hour < 2 && k.cfg.CorrectedFirstHour {
		for hour = 0; now-t[0] >= 2*hourMS && t[hour] < t[0]+hourMS; {
			hour++
		}
	}
	set(skyFirstHour, fresh.exactFirstHour(w[:hour]))
	set(skyMeanSubtraction, fresh.exactMeanSubtraction())
	set(skyStddev, fresh.exactStddev())
	set(skyMovingAverage, fresh.exactMovingAverage())
	set(skyLeastSquares, n > 2 && fresh.exactLeastSquares())
	set(skyGrubbs, fresh.exactGrubbs())
	set(skyHistogram, fresh.exactHistogram(fresh.bins()))
	fired, quiet := fresh.exactMAD()
	out[skyMAD] = vote{fired, fired || quiet && !k.cfg.CorrectedMAD}
	set(skyKS, ksByDefinition(k.cfg, t, w))
	return out
}

// ksByDefinition is ks_test with the distance found at every value and the
// regression solved by singular values.
func ksByDefinition(c SkylineConfig, t []int64, w []float64) bool {
	now, from, mid := t[len(t)-1], 0, 0
	for mid < len(t) && t[mid] < now-hourMS/6 {
		mid++
	}
	for from < mid && t[from] < now-hourMS {
		from++
	}
	if c.CorrectedKS && len(t)-mid < ksMin {
		mid = max(0, len(t)-ksMin)
		from = max(0, mid-5*ksMin)
	}
	a, b := w[from:mid], w[mid:]
	if len(a) < ksMin || len(b) < ksMin {
		return false
	}
	share := func(s []float64, x float64) float64 {
		n := 0.0
		for _, v := range s {
			if v <= x {
				n++
			}
		}
		return n / float64(len(s))
	}
	d := 0.0
	for _, x := range w[from:] {
		d = max(d, math.Abs(share(a, x)-share(b, x)))
	}
	return d > .5 && len(a) >= adfLeast && adfSingular(a) < adfLevel
}

// bodies of series that try the sums, the keys and the window of times.
var skylineBodies = map[string]func(r *rand.Rand, i int) float64{
	"noise":           func(r *rand.Rand, _ int) float64 { return 100 + 10*r.NormFloat64() },
	"steps":           func(r *rand.Rand, i int) float64 { return float64(i/90%3)*1e6 + r.NormFloat64() },
	"far":             func(r *rand.Rand, _ int) float64 { return 1e12 + r.NormFloat64() },
	"counter":         func(_ *rand.Rand, i int) float64 { return float64(i * 7) },
	"noisy counter":   func(r *rand.Rand, i int) float64 { return 1e9 + 60*float64(i) + r.Float64() },
	"counts":          func(r *rand.Rand, _ int) float64 { return math.Floor(r.ExpFloat64() * 2) },
	"tenths":          func(r *rand.Rand, _ int) float64 { return math.Round(10*r.NormFloat64()) / 10 },
	"mostly .1":       func(r *rand.Rand, _ int) float64 { return []float64{.1, .1, .1, .1, .1, r.Float64()}[r.IntN(6)] },
	"two values":      func(r *rand.Rand, _ int) float64 { return []float64{.1, .3}[r.IntN(2)] },
	"giants":          func(r *rand.Rand, i int) float64 { return r.NormFloat64() * math.Pow(10, float64(i%97/96*29)) },
	"denormals":       func(r *rand.Rand, _ int) float64 { return 5e-324 * float64(r.IntN(9)) },
	"last places":     func(r *rand.Rand, _ int) float64 { return 1 + 0x1p-52*float64(r.IntN(5)) },
	"stuck and loose": func(r *rand.Rand, i int) float64 { return float64(i/50%2) * r.NormFloat64() },
}

// At every step of every kind of series, regular, ragged or with gaps, in every
// configuration, the votes of the stream are those of the whole window.
func TestSkylineStreamEqualsBatch(t *testing.T) {
	for name, body := range skylineBodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewChaCha8([32]byte([]byte("stream equals batch 32 bytes key"))))
			fired := 0
			for trial := range 6 {
				cfg := SkylineConfig{FullDuration: []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour}[trial%3]}.withDefaults()
				if trial >= 3 {
					cfg = cfg.Corrected()
				}
				step := []int64{10_000, 20_000, minute}[r.IntN(3)]
				k, at, lift := newSkyline(cfg), int64(1.7e12), 0.0
				for i := range 500 {
					at += step
					switch {
					case trial%2 == 1:
						at += r.Int64N(step)
					case r.IntN(150) == 0:
						at += r.Int64N(3 * hourMS / 2)
					}
					if r.IntN(40) == 0 {
						lift = float64(r.IntN(3)) * 20 * r.NormFloat64()
					}
					k.push(at, body(r, i)+lift)
					if r.IntN(4) > 0 {
						continue // Several points between two looks, too.
					}
					k.vote()
					if k.skip != skipNone {
						continue
					}
					if d := cmp.Diff(batch(k), k.votes, cmp.AllowUnexported(vote{})); d != "" {
						t.Fatalf("trial %d, step %d, %d points: votes of the whole window and of the stream:\n%s\n%v", trial, i, k.time.n, d, skylineNames)
					}
					for _, v := range k.votes {
						if v.fired {
							fired++
						}
					}
				}
			}
			if fired < 20 {
				t.Errorf("only %d votes fired", fired)
			}
		})
	}
}

// What the window in order of size says holds for the values themselves.
func TestSortedWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grain := rapid.SampledFrom([]float64{1, .1, 1e-9, 1e9, 1. / 3}).Draw(t, "grain")
		far := rapid.SampledFrom([]float64{0, 1, 1e6, 1e15}).Draw(t, "far")
		value := rapid.Map(rapid.IntRange(-20, 20), func(i int) float64 { return far + grain*float64(i) })
		v := rapid.SliceOfN(value, 1, 80).Draw(t, "v")
		var s sortedWindow
		s.anchor = rapid.SampledFrom([]float64{0, far, v[0]}).Draw(t, "anchor")
		for _, x := range v {
			s.insert(x)
		}
		for range rapid.IntRange(0, 20).Draw(t, "replaced") {
			x := value.Draw(t, "in")
			s.replace(v[0], x)
			v = append(v[1:], x)
		}
		if len(v) > 1 {
			s.remove(v[0])
			v = v[1:]
		}
		again := sortedWindow{}
		again.reset(v, s.anchor)
		if d := cmp.Diff(again, s, cmp.AllowUnexported(sortedWindow{})); d != "" {
			t.Fatalf("kept, and sorted anew:\n%s", d)
		}
		in := slices.Sorted(slices.Values(v))
		for i, x := range in {
			if got, off := s.value(i); math.Abs(got-x) > off {
				t.Fatalf("rank %d is %v, got %v give or take %v", i, x, got, off)
			}
		}
		from, to := value.Draw(t, "from"), value.Draw(t, "to")
		n := 0
		for _, x := range v {
			if x >= from && x < to {
				n++
			}
		}
		if least, most := s.within(from, to, false); from <= to && (least > n || n > most) {
			t.Fatalf("%d values in [%v, %v), got %d to %d", n, from, to, least, most)
		}
		median, off := s.median()
		if m := inOrderMedian(in); math.Abs(m-median) > off {
			t.Fatalf("median %v, got %v give or take %v", m, median, off)
		}
		d := make([]float64, len(in))
		for i, x := range in {
			d[i] = math.Abs(x - median)
		}
		slices.Sort(d)
		got, off := s.deviation(median)
		if want := inOrderMedian(d); math.Abs(want-got) > off {
			t.Fatalf("median deviation %v, got %v give or take %v", want, got, off)
		}
	})
}

// The times of a window are those pushed, at even steps and at odd ones.
func TestWindowTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c windowTimes
		var want []int64
		now := rapid.Int64Range(-1e13, 1e13).Draw(t, "start")
		for range rapid.IntRange(1, 30).Draw(t, "stretches") {
			gap := rapid.SampledFrom([]int64{1, 1000, 60_000, 86_400_000}).Draw(t, "gap")
			for range rapid.IntRange(1, 40).Draw(t, "points") {
				now += gap
				for len(want) > 0 && (want[0] < now-31*24*hourMS || len(want) > 50) {
					c.drop()
					want = want[1:]
				}
				c.push(now)
				want = append(want, now)
			}
			if c.n != len(want) || c.last() != now {
				t.Fatalf("%d points, the last at %d; want %d, %d", c.n, c.last(), len(want), now)
			}
			for i, x := range want {
				if c.at(i) != x {
					t.Fatalf("point %d at %d, want %d", i, c.at(i), x)
				}
			}
			for range 5 {
				x := want[0] - 2 + rapid.Int64Range(0, now-want[0]+4).Draw(t, "x")
				at, _ := slices.BinarySearch(want, x)
				if got := c.before(x); got != at {
					t.Fatalf("%d points before %d, want %d", got, x, at)
				}
			}
			d := decoder{b: c.append(nil)}
			var back windowTimes
			if back.restore(&d, c.n); d.bad || len(d.b) > 0 {
				t.Fatal("cannot restore")
			}
			for i, x := range want {
				if back.at(i) != x {
					t.Fatalf("restored: point %d at %d, want %d", i, back.at(i), x)
				}
			}
		}
	})
}

// The normal equations decide as the singular values do, or leave it to them.
func TestDickeyFullerEitherWay(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	sure, stays := 0, 0
	for i := range 600 {
		x, level := make([]float64, 24+r.IntN(300)), 0.0
		for j := range x {
			phi := []float64{0, .5, .9, .97, 1}[i%5]
			level = phi*level + r.NormFloat64()
			x[j] = []float64{0, 100, 1e5, 1e9}[i%4] + level
			if i%7 == 0 {
				x[j] = math.Round(x[j])
			}
		}
		p := adfSingular(x) < adfLevel
		if p {
			stays++
		}
		switch adfNormal(x) {
		case unsure:
			continue
		case surelyYes:
			if !p {
				t.Fatalf("series %d: stationary by the normal equations only", i)
			}
		case surelyNo:
			if p {
				t.Fatalf("series %d: stationary by singular values only", i)
			}
		}
		sure++
	}
	if sure < 300 || stays < 100 || stays > 500 {
		t.Errorf("%d of 600 decided by the normal equations, %d stationary", sure, stays)
	}
}
