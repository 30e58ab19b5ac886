package fleet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bellwether-ts/bellwether/detect"
)

// The calibrator integrates to 1 over [0, 1], so it is an e-value; the exact
// values are of the formula, by hand.
func TestEValue(t *testing.T) {
	const n = 4_000_000
	sum := 0.0
	for i := range n { // In the logarithm: it is steep at 0.
		u0, u1 := math.Exp(-60*float64(i+1)/n), math.Exp(-60*float64(i)/n)
		sum += (u1 - u0) * detect.EValue((u0+u1)/2)
	}
	// What lies below e^-60 is the tail kappa in {.1 ...}: e^-6 / 5 of it, and less.
	if left := 1 - sum; left < 0 || left > .0006 {
		t.Errorf("the calibrator integrates to %v, want 1 but for %v", sum, .0005)
	}
	if got := detect.EValue(1); math.Abs(got-.5) > 1e-12 {
		t.Errorf("EValue(1) = %v, want the mean of the exponents .5", got)
	}
	want := (.1*math.Pow(100, .9) + .3*math.Pow(100, .7) + .5*10 + .7*math.Pow(100, .3) + .9*math.Pow(100, .1)) / 5
	if got := detect.EValue(.01); math.Abs(got-want) > 1e-9 {
		t.Errorf("EValue(.01) = %v, want %v", got, want)
	}
	for _, p := range []float64{math.NaN(), math.Inf(1), 7, -1, 0, math.SmallestNonzeroFloat64} {
		if e := detect.EValue(p); math.IsNaN(e) || math.IsInf(e, 0) || e < 0 {
			t.Errorf("EValue(%v) = %v", p, e)
		}
	}
}

// bruteEBH is the definition, word for word: the largest k for which at least k
// e-values are n/(alpha k) or more.
func bruteEBH(e []float64, n int, alpha float64) int {
	for k := n; k > 0; k-- {
		c := 0
		for _, x := range e {
			if x*alpha*float64(k) >= float64(n) {
				c++
			}
		}
		if c >= k {
			return k
		}
	}
	return 0
}

// By hand, after the definition in Wang and Ramdas (2022): four hypotheses at
// level .1 need 40, 20, 13.3 and 10 for one, two, three and four rejections.
func TestEBHByHand(t *testing.T) {
	for _, c := range []struct {
		e    []float64
		k    int
		from float64
	}{
		{[]float64{39, 1, 1, 1}, 0, 40},
		{[]float64{40, 1, 1, 1}, 1, 40},
		{[]float64{39, 20, 1, 1}, 2, 20},
		{[]float64{39, 19, 13, 1}, 0, 40},
		{[]float64{39, 19, 14, 1}, 3, 4 / .3},
		{[]float64{11, 11, 11, 11}, 4, 10},
		{[]float64{math.NaN(), 50}, 1, 40},
		{nil, 0, 40},
	} {
		k, from := EBH(c.e, 4, .1)
		if k != c.k || math.Abs(from-c.from) > 1e-9 {
			t.Errorf("EBH(%v) rejects %d from %v, want %d from %v", c.e, k, from, c.k, c.from)
		}
	}
	if k, from := EBH(nil, 0, .05); k != 0 || math.Abs(from-20) > 1e-9 {
		t.Errorf("EBH of nothing rejects %d from %v", k, from)
	}
}

// The same as the definition, whatever the order; more evidence never rejects
// less.
func TestEBHIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SliceOfN(rapid.Float64Range(0, 3000), 0, 40).Draw(t, "e")
		n := len(e) + rapid.IntRange(0, 60).Draw(t, "more")
		alpha := rapid.Float64Range(.01, .5).Draw(t, "alpha")
		k, from := EBH(e, n, alpha)
		if want := bruteEBH(e, n, alpha); k != want {
			t.Fatalf("rejects %d, the definition %d", k, want)
		}
		c := 0
		for _, x := range e {
			if x >= from {
				c++
			}
		}
		if k > 0 && c != k {
			t.Fatalf("%d are at or above the threshold %v, %d are rejected", c, from, k)
		}
		turned := slices.Clone(e)
		slices.Reverse(turned)
		if again, _ := EBH(turned, n, alpha); again != k {
			t.Fatalf("%d rejected, %d in the other order", k, again)
		}
		if len(e) > 0 {
			turned[rapid.IntRange(0, len(e)-1).Draw(t, "which")] += rapid.Float64Range(0, 5000).Draw(t, "by")
			if more, _ := EBH(turned, n, alpha); more < k {
				t.Fatalf("more evidence rejects %d, less %d", more, k)
			}
		}
	})
}

// The false discovery rate stays below alpha on nulls that all depend on one
// another, with and without true signals: the guarantee e-BH is taken for.
func TestEBHUnderDependence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n, alpha, runs = 200, .1, 4000
	for _, signals := range []int{0, 10, 60} {
		for _, rho := range []float64{0, .5, .95, 1} {
			sum := 0.0
			e := make([]float64, n)
			for range runs {
				common := r.NormFloat64()
				for i := range e {
					z := math.Sqrt(rho)*common + math.Sqrt(1-rho)*r.NormFloat64()
					if i < signals {
						z += 4.5
					}
					e[i] = detect.EValue(math.Erfc(z/math.Sqrt2) / 2)
				}
				k, from := EBH(e, n, alpha)
				if k == 0 {
					continue
				}
				false_ := 0
				for i := signals; i < n; i++ {
					if e[i] >= from {
						false_++
					}
				}
				sum += float64(false_) / float64(k)
			}
			if fdr := sum / runs; fdr > alpha {
				t.Errorf("%d signals, correlation %v: false discovery rate %v, want at most %v", signals, rho, fdr, alpha)
			}
		}
	}
}

const testBar = 5.158 // Evidence of 10 false alarms per 1000 series-days, minutes.

func testFleet(t testing.TB, watched int) *Fleet {
	t.Helper()
	f, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	f.Watching(watched, 0)
	return f
}

func spike(id string, at int64, evidence float64) Opening {
	return Opening{ID: id, At: at, Change: at, Kind: detect.KindSpike, Evidence: evidence, Bar: testBar}
}

// Half of 10,000 series at once are told at the first tick, in one go; the same
// number spread over a month is not.
func TestFleetStorm(t *testing.T) {
	f := testFleet(t, 10_000)
	at := int64(1_700_000_000_000)
	for i := range 5_000 {
		if r := f.Open(spike(fmt.Sprint(i), at+int64(i%90)*1000, testBar+.2)); r.Admitted() {
			t.Fatalf("opening %d is told before anybody could know it is a storm", i)
		}
	}
	told := f.Tick(at + 90_000)
	if len(told) != 5_000 {
		t.Fatalf("%d of 5000 told at the first tick", len(told))
	}
	if told[0].Door != DoorCompany || told[0].Delay() != 90_000 {
		t.Errorf("told by %v after %d ms", told[0].Door, told[0].Delay())
	}
	f = testFleet(t, 10_000)
	n := 0
	for i := range 5_000 {
		x := at + int64(i)*518_400 // 5000 in 30 days.
		if f.Open(spike(fmt.Sprint(i), x, testBar+.2)).Admitted() {
			n++
		}
		n += len(f.Tick(x + 60_000))
		f.Close(fmt.Sprint(i), x+300_000)
	}
	if n != 0 {
		t.Errorf("%d of 5000 lone spikes told", n)
	}
}

// What lone spikes are told follows the budget, not the promise of the series:
// whether they come as promised, five times as often or with calibrated
// evidence, about a fifth of the budget is told.
func TestFleetKeepsTheBudgetWhateverTheSeriesPromise(t *testing.T) {
	const watched, days = 5_000, 30
	for _, times := range []float64{1, 5, 20} {
		r := rand.New(rand.NewPCG(7, uint64(times)))
		f := testFleet(t, watched)
		told := 0
		perMinute := 10 * times / 1000 * watched / 1440
		at := int64(1_700_000_000_000)
		for i := range days * 1440 {
			now := at + int64(i)*60_000
			if r.Float64() < perMinute {
				id := fmt.Sprint(i)
				o := spike(id, now, testBar+r.ExpFloat64()/math.Ln10)
				if f.Open(o).Admitted() && i > 5*1440 {
					told++
				}
				f.Still(id, now+60_000, .3)
				f.Close(id, now+60_000)
			}
			told += len(f.Tick(now))
		}
		if rate := float64(told) * 1000 / watched / (days - 5); rate > 3 {
			t.Errorf("lone openings %v times as often as promised: %.2f told per 1000 series-days, want 3 at most", times, rate)
		}
	}
}

// A level that stays is told at the next sample; a spike that is gone is not.
func TestFleetPersistence(t *testing.T) {
	f := testFleet(t, 5_000)
	f.Open(spike("level", 60_000, testBar))
	f.Open(spike("spike", 60_000, testBar))
	if r, wanted := f.Still("level", 120_000, 1.4); r.Door != DoorPersistence || wanted {
		t.Errorf("a level is %v, wanted %v", r.Door, wanted)
	}
	for i := range int64(4) {
		if r, wanted := f.Still("spike", 120_000+i*60_000, .4); r.Admitted() || !wanted {
			t.Errorf("a spike that is gone is %v, wanted %v", r.Door, wanted)
		}
	}
	if r, ok := f.Close("spike", 400_000); !ok || r.Admitted() || !r.Over {
		t.Errorf("closing a spike held back: %+v", r)
	}
	if c := f.Counts(false); c.Opened != 2 || c.Over != 1 || c.Admitted[DoorPersistence] != 1 || c.Held() != 1 {
		t.Errorf("counts %+v", c)
	}
	if _, wanted := f.Still("spike", 500_000, 9); wanted {
		t.Error("samples of what is over are not wanted")
	}
}

// Nothing is lost when there is no room, and rulings do not depend on the order
// in which one instant's openings come.
func TestFleetBoundsAndOrder(t *testing.T) {
	f, err := New(Config{MaxHeld: 2})
	if err != nil {
		t.Fatal(err)
	}
	f.Watching(5_000, 0)
	for i := range 3 {
		r := f.Open(spike(fmt.Sprint(i), 60_000, testBar))
		if want := i == 2; r.Admitted() != want {
			t.Errorf("opening %d with room for two: told %v by %v", i, r.Admitted(), r.Door)
		}
	}
	for _, cfg := range []Config{{Budget: -1}, {Budget: math.NaN()}, {Open: 2e6}, {MaxHeld: -4}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var os []Opening
		for i := range rapid.IntRange(1, 60).Draw(t, "n") {
			os = append(os, spike(fmt.Sprint(i), int64(rapid.IntRange(1, 5).Draw(t, "at"))*60_000, testBar+rapid.Float64Range(0, 4).Draw(t, "more")))
		}
		run := func(os []Opening) string {
			f, _ := New(Config{})
			out := map[string]Door{}
			for _, o := range os {
				if r := f.Open(o); r.Admitted() {
					out[o.ID] = r.Door
				}
			}
			for _, r := range f.Tick(300_000) {
				out[r.Opening.ID] = r.Door
			}
			return fmt.Sprint(out)
		}
		if one, two := run(os), run(rapid.Permutation(os).Draw(t, "order")); one != two {
			t.Fatalf("%s, in another order %s", one, two)
		}
	})
}

// FuzzFleet feeds whatever comes: no panic, and the counts add up.
func FuzzFleet(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 128, 64})
	f.Fuzz(func(t *testing.T, script []byte) {
		fl, _ := New(Config{MaxHeld: 8})
		now := int64(0)
		values := []float64{0, 1, testBar, 9, 1e9, -3, math.NaN(), math.Inf(1), math.Inf(-1)}
		for len(script) >= 4 {
			op, id, v, dt := script[0]%5, fmt.Sprint(script[1]%16), values[int(script[2])%len(values)], int64(script[3])*30_000
			script = script[4:]
			now += dt - 60_000
			switch op {
			case 0:
				fl.Open(Opening{ID: id, High: v > 5, At: now, Change: now - dt, Kind: detect.Kind(dt % 13), Evidence: v, Bar: testBar})
			case 1:
				fl.Still(id, now, v)
			case 2:
				fl.Close(id, now)
			case 3:
				fl.Watching(int(dt), int(dt/7))
			case 4:
				for _, r := range fl.Tick(now) {
					_ = r.String()
				}
			}
			for _, high := range []bool{false, true} {
				c, open := fl.Counts(high), 0
				for _, r := range fl.Held() {
					if r.Opening.High == high {
						open++
					}
				}
				if c.Held() != c.Over+uint64(open) {
					t.Fatalf("held %d, but %d over and %d open", c.Held(), c.Over, open)
				}
			}
		}
	})
}

// A series that never moved and is elsewhere now is beyond at every sample; a
// spike is not, once it is gone.
func TestBeyond(t *testing.T) {
	s, err := detect.New(detect.Config{}, detect.Meta{Kind: detect.MetricGauge})
	if err != nil {
		t.Fatal(err)
	}
	at := int64(1_700_000_000_000)
	for i := range 200 {
		s.Step(at+int64(i)*60_000, 3)
	}
	if b := s.Beyond(); b != 0 {
		t.Errorf("a constant series is %v beyond", b)
	}
	s.Step(at+200*60_000, 2)
	if b := s.Beyond(); b < 1 {
		t.Errorf("a constant that changed is %v beyond", b)
	}
	n, _ := detect.New(detect.Config{}, detect.Meta{Kind: detect.MetricGauge})
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		n.Step(at+int64(i)*60_000, 100+r.NormFloat64())
	}
	n.Step(at+2000*60_000, 160)
	if b := n.Beyond(); b < 5 {
		t.Errorf("a spike of 60 sigma is %v beyond", b)
	}
	n.Step(at+2001*60_000, 100)
	if b := n.Beyond(); b >= 1 {
		t.Errorf("after the spike it is still %v beyond", b)
	}
}
