package detect

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// beats is a train of heartbeats with noise: one sharp and one round wave per
// 80 samples. Beat wrong, if any, is upside down in time: the same values in
// reverse, so level, range and moves are as usual.
func beats(n, wrong int) []float64 {
	r := rand.New(rand.NewPCG(3, 9))
	wave := func(i int) float64 {
		a, b := float64(i-15)/4, float64(i-50)/12
		return 10*math.Exp(-a*a) + 4*math.Exp(-b*b)
	}
	out := make([]float64, n)
	for i := range out {
		k := i % 80
		if i/80 == wrong {
			k = 79 - k
		}
		out[i] = wave(k) + .1*r.NormFloat64()
	}
	return out
}

// shaped returns a series with the member.
func shaped(t testing.TB) *Series {
	t.Helper()
	s, err := New(Config{Open: 1000, Shape: true}, Meta{Kind: MetricGauge})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShapeFindsAReversedBeat(t *testing.T) {
	const wrong = 90
	s := shaped(t)
	top, row, trace := -1.0, 0, Trace{}
	for i, v := range beats(8000, wrong) {
		if r := s.Step(int64(i)*minute, v); i >= 3000 && r.Score > top {
			top, row, trace = r.Score, i, s.Explain()
		}
	}
	if row < wrong*80 || row > wrong*80+120 || trace.Kind != KindShape {
		t.Errorf("the highest score is at row %d, kind %v; want shape near rows %d to %d", row, trace.Kind, wrong*80, wrong*80+79)
	}
	text := trace.String()
	for _, want := range []string{"  shape      p=", "share 100%", "note: form from 1970-01-0", "nearest past one (which ended at 1970-01-0", "times the usual largest"} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace lacks %q:\n%s", want, text)
		}
	}
	if got := s.form.Period * float64(s.form.Every); math.Abs(got-80) > 2 {
		t.Errorf("the period is %v samples, want 80", got)
	}
}

// Without the option nothing changes, with it evidence can only be added.
func TestShapeOnlyAdds(t *testing.T) {
	without, err := New(Config{Open: 1000}, Meta{Kind: MetricGauge})
	if err != nil {
		t.Fatal(err)
	}
	with := shaped(t)
	for i, v := range beats(6000, 50) {
		a, b := with.Step(int64(i)*minute, v), without.Step(int64(i)*minute, v)
		if a.Score < b.Score {
			t.Fatalf("row %d scores %v with the shape, %v without", i, a.Score, b.Score)
		}
	}
}

// Noise and random walks repeat nothing: the member stays out of it.
func TestShapeIsSilentWithoutAPeriod(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	walk := 0.0
	for name, next := range map[string]func() float64{
		"noise":        r.NormFloat64,
		"random walk":  func() float64 { walk += r.NormFloat64(); return walk },
		"sparse count": func() float64 { return math.Floor(1.05 * r.Float64()) },
	} {
		s := shaped(t)
		for i := range 40_000 {
			s.Step(int64(i)*minute, next())
			if s.form.Led {
				t.Errorf("%s: shape led at row %d", name, i)
				break
			}
		}
	}
}

// nearestOf computes the left matrix profile from its definition: the least
// root mean square difference of the last m values, centred, from m earlier
// ones, centred, that do not overlap them and are among the last kept.
func nearestOf(x []int16, m int) (distance float64, lag int) {
	centred := func(w []int16) []float64 {
		mean, out := 0.0, make([]float64, m)
		for _, v := range w {
			mean += float64(v) / float64(m)
		}
		for i, v := range w {
			out[i] = float64(v) - mean
		}
		return out
	}
	end := len(x)
	now, best := centred(x[end-m:]), math.Inf(1)
	for l := m; l <= min(end-m, shapeKept-1-m); l++ {
		ss := 0.0
		for i, v := range centred(x[end-m-l : end-l]) {
			ss += (v - now[i]) * (v - now[i])
		}
		if ss < best-1e-6 {
			best, lag = ss, l
		}
	}
	return math.Sqrt(best / float64(m)), lag
}

// The sums that move with the window give what the definition gives, before
// and after the ring is full, and so do sums computed anew.
func TestShapeNearestIsTheLeftMatrixProfile(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var p shapePast
	p.Unit, p.M = 1, 27
	var x []int16
	for k := range shapeKept + 300 {
		v := int16(1800*math.Sin(float64(k)/9)) + int16(r.IntN(500)) - 250
		p.push(float64(v))
		x = append(x, max(-shapeClip, min(shapeClip, v)))
		d, lag := p.nearest()
		if (k > 60 && k < 200) || (k > 60 && k%509 == 0) || (k > shapeKept-2 && k < shapeKept+60) {
			if want, at := nearestOf(x, int(p.M)); math.Abs(d-want) > 1e-6*(1+want) || int(lag) != at {
				t.Fatalf("piece %d: distance %v at lag %d, want %v at %d", k, d, lag, want, at)
			}
		}
		if k == shapeKept+200 {
			a := p
			a.derive()
			for l := uint32(1); l < shapeKept-p.M; l++ {
				if a.square[l] != p.square[l] {
					t.Fatalf("lag %d: %d anew, %d carried along", l, a.square[l], p.square[l])
				}
			}
			p = a
		}
	}
}

// A form met before is at distance 0, wherever it lies and whatever is between.
func TestShapeRepeatedFormIsNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.Uint32Range(8, 54).Draw(t, "window")
		form := rapid.SliceOfN(rapid.IntRange(-800, 800), int(m), int(m)).Draw(t, "form")
		between := rapid.SliceOfN(rapid.IntRange(-2000, 2000), 0, 300).Draw(t, "between")
		shift := rapid.IntRange(-500, 500).Draw(t, "shift")
		var p shapePast
		p.Unit, p.M = 1, m
		d, lag := 0.0, uint32(0)
		add := func(v int) {
			p.push(float64(v))
			d, lag = p.nearest()
		}
		for _, v := range form {
			add(v)
		}
		for _, v := range between {
			add(v)
		}
		for _, v := range form {
			add(v + shift)
		}
		if d != 0 || lag < m {
			t.Fatalf("distance %v at lag %d", d, lag)
		}
	})
}

// The member says the same of a series and of its multiples, wherever they lie.
func TestShapeOfScaledSeries(t *testing.T) {
	values := beats(8000, 90)
	for _, by := range []struct{ scale, shift float64 }{{1 << 20, 0}, {1.0 / 4096, 0}, {3e7, 0}, {-1, 0}, {1, 1000}} {
		a, b := new(shape), new(shape)
		news := 0
		for i, v := range values {
			e := a.observe(int64(i)*minute, v, minute, 0)
			f := b.observe(int64(i)*minute, by.scale*v+by.shift, minute, 0)
			if math.Abs(e-f) > .1 {
				t.Fatalf("scaled by %v, shifted by %v: row %d is worth %v, %v before", by.scale, by.shift, i, f, e)
			}
			if e > 0 {
				news++
			}
		}
		if news == 0 {
			t.Error("the member said nothing of a wrong beat")
		}
	}
}

// Period lengths are found as they are and not as multiples.
func TestShapePeriod(t *testing.T) {
	for _, want := range []int{12, 24, 50, 168, 217, 600} {
		s, r := new(shape), rand.New(rand.NewPCG(1, uint64(want)))
		for i := range 9000 {
			x := 2 * math.Pi * float64(i) / float64(want)
			s.observe(int64(i)*minute, math.Sin(x)+.4*math.Cos(2*x)+.2*r.NormFloat64(), minute, 0)
		}
		got := s.Period * float64(s.Every)
		if k := math.Round(got / float64(want)); math.Abs(got-k*float64(want)) > float64(s.Every) || (k > 1 && want >= shapeLeast) {
			t.Errorf("a period of %d samples is taken for %v", want, got)
		}
	}
}

// On a healthy series that repeats itself, noise, heavy tails and a drifting
// amplitude included, the member reaches the bar of ten false alarms per 1000
// series-days of minutes (5.16) never, and that of a hundred (4.16) hardly.
func TestShapeOnHealthySeasons(t *testing.T) {
	const rows, copies = 30_000, 2
	for name, noise := range map[string]func(*rand.Rand) float64{
		"gaussian": func(r *rand.Rand) float64 { return r.NormFloat64() },
		"t3": func(r *rand.Rand) float64 {
			a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
			return r.NormFloat64() / math.Sqrt((a*a+b*b+c*c)/3)
		},
		"lognormal": func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) },
	} {
		high, total := 0, 0
		for c := range copies {
			s, r := new(shape), rand.New(rand.NewPCG(uint64(c), 11))
			for i := range rows {
				x := 2 * math.Pi * float64(i) / 144
				swell := 1 + .2*math.Sin(x/60)
				e := s.observe(int64(i)*minute, swell*(10*math.Sin(x)+5*math.Cos(3*x))+noise(r), minute, 0)
				if e >= 4.16 {
					high++
				}
				if e > 5.16 {
					t.Errorf("%s, copy %d: row %d is worth %.2f", name, c, i, e)
				}
			}
			total += int(s.Seen)
		}
		if high > 2 || total < copies*rows/4 { // 42 series-days: four are tolerable.
			t.Errorf("%s: evidence of 4.16 or more %d times in %d comparisons", name, high, total)
		}
	}
}

// Missing samples are bridged, so a form stays in step with time.
func TestShapeAcrossGaps(t *testing.T) {
	s, r := new(shape), rand.New(rand.NewPCG(2, 2))
	at, wrong := int64(0), 0
	for i, v := range beats(12_000, -1) {
		at += minute
		if r.IntN(200) == 0 && i > 2000 {
			continue // One sample lost.
		}
		if i == 9000 {
			at += 80 * 7 * minute // A week of beats unseen.
		}
		if s.observe(at, v, minute, 0) > 0 {
			wrong++
		}
	}
	if wrong > 1 {
		t.Errorf("gaps alone were news %d times", wrong)
	}
}

func TestShapeCheckpoint(t *testing.T) {
	cfg, meta := Config{Open: 1000, Shape: true}, Meta{Kind: MetricGauge}
	values := beats(8000, 90)
	for _, at := range []int{1, 40, 64, 700, 1025, 5003} {
		a := shaped(t)
		for i, v := range values[:at] {
			a.Step(int64(i)*minute, v)
		}
		b, err := Restore(cfg, meta, a.AppendState(nil))
		if err != nil {
			t.Fatal(err)
		}
		for i := at; i < len(values); i++ {
			if x, y := a.Step(int64(i)*minute, values[i]), b.Step(int64(i)*minute, values[i]); x != y {
				t.Fatalf("row %d: %+v, restored at %d %+v", i, x, at, y)
			}
		}
		if !bytes.Equal(a.AppendState(nil), b.AppendState(nil)) {
			t.Errorf("the series restored at %d ended in another state", at)
		}
	}
}

func TestShapeRefusesDamage(t *testing.T) {
	cfg, meta := Config{Open: 1000, Shape: true}, Meta{Kind: MetricGauge}
	a := shaped(t)
	for i, v := range beats(3000, -1) {
		a.Step(int64(i)*minute, v)
	}
	if _, err := Restore(Config{Open: 1000}, meta, a.AppendState(nil)); err == nil {
		t.Error("a state with a shape was restored without one")
	}
	for name, damage := range map[string]func(*shape){
		"a long window":     func(s *shape) { s.M = 4000 },
		"a missing window":  func(s *shape) { s.M = 0 },
		"a large piece":     func(s *shape) { s.X[7] = 30_000 },
		"no unit":           func(s *shape) { s.Unit = 0 },
		"NaN for a unit":    func(s *shape) { s.Unit = math.NaN() },
		"an overfull piece": func(s *shape) { s.Filled = 99 },
	} {
		damaged, b := *a.form, *a
		damage(&damaged)
		b.form = &damaged
		if _, err := Restore(cfg, meta, b.AppendState(nil)); err == nil {
			t.Errorf("%s was restored", name)
		}
	}
}

// The price named in Config.Shape.
func TestShapeCost(t *testing.T) {
	if size := binary.Size(shapePieces{}) + binary.Size(shapeState{}) + 2*4*shapeKept; size > 42_500 {
		t.Errorf("the shape takes %d bytes", size)
	}
	s, values, i := shaped(t), beats(4096, 20), 0
	if n := testing.AllocsPerRun(9000, func() { s.Step(int64(i)*minute, values[i&4095]); i++ }); n > 0 {
		t.Errorf("%v allocations a sample", n)
	}
}

// Whatever comes, no score is NaN and nothing panics.
func FuzzShape(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 200, 5}, uint16(40))
	f.Add([]byte{255, 255, 0, 0, 128}, uint16(3))
	f.Add([]byte{9}, uint16(700))
	f.Fuzz(func(t *testing.T, pattern []byte, every uint16) {
		if len(pattern) == 0 {
			return
		}
		s := new(shape)
		at := int64(0)
		for i := range 6000 {
			b := pattern[(i/int(every/64+1))%len(pattern)]
			v := []float64{0, 1, -1, 1e30, -2e30, 5e-324, 1e-300, float64(b), math.Sin(float64(i) / float64(every+1))}[int(b)%9]
			at += 1 + int64(b)%7*int64(every)
			if e := s.observe(at, v, float64(every), float64(b%6)); math.IsNaN(e) || math.IsInf(e, 0) || e < 0 {
				t.Fatalf("row %d is worth %v", i, e)
			}
		}
		if why := s.damage(); why != "" {
			t.Fatalf("the state would be refused: %s", why)
		}
	})
}

// BenchmarkShape gives the cost of a sample at the shortest period, where every
// sample completes a piece, and at the period of a day of minutes.
func BenchmarkShape(b *testing.B) {
	for _, c := range []struct {
		name   string
		period int
	}{{"period=24", 24}, {"period=200", 200}, {"period=1440", 1440}} {
		b.Run(c.name, func(b *testing.B) {
			s, i := new(shape), 0
			next := func() {
				x := 2 * math.Pi * float64(i%c.period) / float64(c.period)
				s.observe(int64(i)*minute, math.Sin(x)+.3*math.Sin(float64(i*i%1013)), minute, 0)
				i++
			}
			for i < 20_000 {
				next()
			}
			b.ReportAllocs()
			for b.Loop() {
				next()
			}
		})
	}
}
