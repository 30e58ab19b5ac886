package change

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// noises are families of healthy samples.
var noises = map[string]func(r *rand.Rand) float64{
	"Gaussian": func(r *rand.Rand) float64 { return r.NormFloat64() },
	"t3": func(r *rand.Rand) float64 {
		a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		return r.NormFloat64() / math.Sqrt((a*a+b*b+c*c)/3)
	},
	"lognormal": func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) },
}

// alarms returns how many of reps windows of noise have a change above 95, 99
// and 99.9 % confidence.
func alarms(noise func(*rand.Rand) float64, n, m, reps int) (count [3]int) {
	r := rand.New(rand.NewPCG(11, uint64(n*1000+m)))
	w := make([]float64, n)
	d := Detector{MinSampleSize: m}
	for range reps {
		for i := range w {
			w[i] = noise(r)
		}
		cp, ok := d.check(w)
		for i, p := range calibrationLevels {
			if ok && cp.P < p {
				count[i]++
			}
		}
	}
	return count
}

var calibrationLevels = [3]float64{0.05, 0.01, 0.001}

// On Gaussian noise the rate of false alarms is the nominal one within 20 %:
// the test fails where a count is further out than a rate 20 % off explains at
// 1 in 10^4, and, of all windows together, at 1 in 10^4 for a rate 12 % off.
func TestConfidenceIsCalibrated(t *testing.T) {
	t.Parallel()
	outside := func(count int, nominal, slack float64) bool {
		lo, hi := distuv.Poisson{Lambda: (1 - slack) * nominal}, distuv.Poisson{Lambda: (1 + slack) * nominal}
		return lo.CDF(float64(count)) < 1e-4 || hi.Survival(float64(count)-1) < 1e-4
	}
	var worst, nominal [3]float64
	var total [3]int
	for _, c := range []struct{ n, m, reps int }{
		{20, 2, 30000}, {20, 3, 30000}, {20, 5, 30000}, {20, 10, 30000}, {25, 6, 20000}, {35, 10, 20000},
		{60, 30, 10000}, {70, 4, 10000}, {100, 12, 10000}, {120, 30, 10000}, {240, 5, 5000},
		{240, 30, 10000}, {240, 60, 5000}, {500, 30, 4000}, {900, 100, 2000}, {1440, 30, 1500}, {2000, 2, 1500}, {2000, 30, 1500}, {2000, 500, 1500},
	} {
		got := alarms(noises["Gaussian"], c.n, c.m, c.reps)
		for i, p := range calibrationLevels {
			want := p * float64(c.reps)
			total[i] += got[i]
			nominal[i] += want
			if outside(got[i], want, 0.2) {
				t.Errorf("n %d, m %d, confidence %g: %d alarms in %d windows, nominal %g", c.n, c.m, 1-p, got[i], c.reps, want)
			}
			if off := math.Abs(math.Log(float64(got[i]) / want)); want >= 100 {
				worst[i] = max(worst[i], off)
			}
		}
	}
	for i, p := range calibrationLevels {
		if outside(total[i], nominal[i], 0.12) {
			t.Errorf("confidence %g: %d alarms, nominal %g", 1-p, total[i], nominal[i])
		}
		t.Logf("confidence %g: %d alarms, nominal %g; of single cells with 100 nominal or more the worst is off by a factor of %.2f", 1-p, total[i], nominal[i], math.Exp(worst[i]))
	}
}

// Heavy tails and skew make the confidence modest, never bold: below nominal,
// at 1 in 10^4 again.
func TestConfidenceOnHeavyTails(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"t3", "lognormal"} {
		for _, c := range []struct{ n, m, reps int }{{20, 5, 20000}, {60, 10, 10000}, {240, 30, 4000}, {2000, 30, 500}} {
			got := alarms(noises[name], c.n, c.m, c.reps)
			rates := [3]float64{}
			for i, p := range calibrationLevels {
				rates[i] = float64(got[i]) / (p * float64(c.reps))
				if (distuv.Poisson{Lambda: p * float64(c.reps)}).Survival(float64(got[i])-1) < 1e-4 {
					t.Errorf("%s, n %d, m %d, confidence %g: %d alarms in %d windows, nominal %g", name, c.n, c.m, 1-p, got[i], c.reps, p*float64(c.reps))
				}
			}
			t.Logf("%s, n %d, m %d: %.2f, %.2f, %.2f of nominal at .95, .99, .999", name, c.n, c.m, rates[0], rates[1], rates[2])
		}
	}
}

// What go-change says on noise (kale's figures for a window of 240 samples and
// 30 on a side): .31, .104 and .016 of windows at .95, .99 and .999.
func TestCompatibleOnNoise(t *testing.T) {
	const reps = 20000
	r := rand.New(rand.NewPCG(5, 5))
	w := make([]float64, 240)
	d := Detector{MinConfidence: 0.95, Compatible: true}
	var got [3]float64
	for range reps {
		for i := range w {
			w[i] = r.NormFloat64()
		}
		if cp, ok := d.check(w); ok {
			for i, p := range calibrationLevels {
				if cp.P < p {
					got[i] += 1.0 / reps
				}
			}
		}
	}
	for i, want := range [3]float64{0.31, 0.104, 0.016} {
		if math.Abs(got[i]-want) > 4*math.Sqrt(want/reps)+0.005 {
			t.Errorf("at %g: %.4f of windows, want about %g", 1-calibrationLevels[i], got[i], want)
		}
	}
}

func TestCalibrateIsMonotone(t *testing.T) {
	for _, n := range []int{4, 5, 9, 20, 77, 240, 3000, 1 << 20} {
		for _, m := range []int{2, 3, 10, 30, n / 4, n / 2} {
			if m < 2 || 2*m > n {
				continue
			}
			last := 0.0
			for lp := -320.0; lp <= 0; lp += 0.25 {
				p := math.Pow(10, lp)
				got := calibrate(p, n, m)
				if !(got >= last*(1-1e-9)) || got > 1 {
					t.Fatalf("n %d, m %d: calibrate(1e%.2f) = %g after %g", n, m, lp, got, last)
				}
				if got < p {
					t.Fatalf("n %d, m %d: calibrate(%g) = %g: surer than one split", n, m, p, got)
				}
				last = got
			}
		}
	}
}
