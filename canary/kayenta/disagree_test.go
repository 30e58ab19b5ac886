package kayenta

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/canary"
)

// Each cause is made to happen, and must be found.

// disagreeCase is one metric with settings and samples.
type disagreeCase struct {
	settings            string
	control, experiment []float64
}

func compareCases(t *testing.T, cases ...disagreeCase) Disagreement {
	t.Helper()
	var req Request
	th := thresholds(95, 75)
	req.ScoreThresholds = &th
	for i, c := range cases {
		m := Metric{Name: fmt.Sprintf("m%d", i), Groups: []string{"g"}}
		if err := json.Unmarshal([]byte(`{"canary":`+c.settings+`}`), &m.AnalysisConfigurations); err != nil {
			t.Fatal(err)
		}
		req.CanaryConfig.Metrics = append(req.CanaryConfig.Metrics, m)
		p := Pair{Name: m.Name}
		p.Values.Control, p.Values.Experiment = c.control, c.experiment
		req.MetricSetPairList = append(req.MetricSetPairList, p)
	}
	d, err := Compare(req, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (m MetricDisagreement) has(name CauseName) bool {
	for _, c := range m.Causes {
		if c.Name == name && c.Detail != "" {
			return true
		}
	}
	return false
}

// wandering is a first-order autoregression about a mean.
func wandering(rng *rand.Rand, n int, mean, phi float64) []float64 {
	out := make([]float64, n)
	v := rng.NormFloat64() / math.Sqrt(1-phi*phi)
	for i := range out {
		v = phi*v + rng.NormFloat64()
		out[i] = mean + v
	}
	return out
}

func TestDisagreementNamesDependence(t *testing.T) {
	found, failures := 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		d := compareCases(t, disagreeCase{`{}`, wandering(rng, 60, 50, 0.85), wandering(rng, 60, 50, 0.85)})
		m := d.Metrics[0]
		if !failed(m.Label) {
			continue
		}
		failures++
		if m.Agree {
			t.Errorf("seed %d: the native judge failed A/A too", seed)
		}
		if m.has(CauseDependence) {
			found++
		}
	}
	if failures < 10 || found < failures*7/10 {
		t.Errorf("dependence named for %d of %d false fails", found, failures)
	}
}

func TestDisagreementCauses(t *testing.T) {
	nan := math.NaN()
	type draw func(n int, mean, sd float64) []float64
	// Samples are drawn until the judges differ for the cause meant; that must
	// not take long.
	f := func(want CauseName, label string, verdict canary.Outcome, build func(noise draw, rng *rand.Rand) disagreeCase) {
		t.Helper()
		var last string
		for seed := range uint64(30) {
			rng := rand.New(rand.NewPCG(seed, 2))
			d := compareCases(t, build(func(n int, mean, sd float64) []float64 {
				out := make([]float64, n)
				for i := range out {
					out[i] = mean + sd*rng.NormFloat64()
				}
				return out
			}, rng))
			m := d.Metrics[0]
			if m.Label == label && m.Verdict == verdict && m.has(want) {
				return
			}
			last = d.Text()
		}
		t.Errorf("never found cause %q of %s against %s; the last was\n%s", want, label, verdict, last)
	}
	plain := func(settings string, control, experiment []float64) func(draw, *rand.Rand) disagreeCase {
		return func(draw, *rand.Rand) disagreeCase { return disagreeCase{settings, control, experiment} }
	}
	f(CauseSilence, kPass, canary.NoData, plain(`{"nanStrategy":"replace"}`, []float64{nan, nan, nan}, []float64{nan, nan, nan}))
	f(CauseError, kError, canary.Inconclusive, plain(`{"critical":true}`, []float64{5}, []float64{7}))
	f(CauseFewSamples, kPass, canary.Inconclusive, plain(`{}`, []float64{1, 2, 3}, []float64{1, 2.5, 3}))
	f(CauseTolerance, kPass, canary.Inconclusive, func(noise draw, _ *rand.Rand) disagreeCase {
		return disagreeCase{`{"direction":"increase"}`, noise(60, 10, 1), noise(60, 10.55, 1)}
	})
	f(CauseEffectSize, kPass, canary.Fail, func(noise draw, _ *rand.Rand) disagreeCase {
		return disagreeCase{`{"effectSize":{"allowedIncrease":1.2}}`, noise(120, 10, 1), noise(120, 11.9, 1)}
	})
	f(CausePairing, kPass, canary.Fail, func(noise draw, rng *rand.Rand) disagreeCase {
		load := wandering(rng, 60, 100, 0.3)
		side := func(shift float64) []float64 {
			out := noise(60, shift, 0.2)
			for i := range out {
				out[i] += 5 * load[i]
			}
			return out
		}
		return disagreeCase{`{"direction":"increase","effectSize":{"allowedIncrease":1.002}}`, side(0), side(2)}
	})
	f(CauseUnit, kPass, canary.Fail, func(noise draw, _ *rand.Rand) disagreeCase {
		return disagreeCase{`{}`, noise(60, 3e-5, 1e-6), noise(60, 3.15e-5, 1e-6)}
	})
	f(CauseEquivalence, kPass, canary.Inconclusive, func(noise draw, _ *rand.Rand) disagreeCase {
		return disagreeCase{`{}`, noise(20, 10, 1), noise(20, 10, 1)}
	})
	f(CauseMargin, kHigh, canary.Pass, func(noise draw, _ *rand.Rand) disagreeCase {
		return disagreeCase{`{"direction":"increase"}`, noise(1500, 10, 1), noise(1500, 10.2, 1)}
	})
	f(CauseJitter, kHigh, canary.Inconclusive, plain(`{}`, []float64{1, 1, 1, 1, 1}, []float64{2, 2, 2, 2, 2}))
	f(CauseZeros, kLow, canary.Inconclusive, func(noise draw, _ *rand.Rand) disagreeCase {
		gaps := noise(20, 10, 1)
		for i := range 8 {
			gaps[2*i] = nan
		}
		return disagreeCase{`{"nanStrategy":"replace"}`, noise(20, 10, 1), gaps}
	})
	f(CauseErrorRate, kHigh, canary.Inconclusive, func(noise draw, _ *rand.Rand) disagreeCase {
		return disagreeCase{`{"direction":"increase"}`, noise(30, 10, 1), noise(30, 10.95, 1)}
	})
}

func TestDisagreementWhole(t *testing.T) {
	d := compareCases(t, disagreeCase{`{"critical":true}`, []float64{5}, []float64{7}})
	if d.Agree || len(d.Whole) == 0 || !strings.Contains(strings.Join(d.Whole, " "), "counts as 100") {
		t.Errorf("an all-error group is not explained:\n%s", d.Text())
	}
	if md := d.Markdown(); !strings.Contains(md, "| m0 | Error | INCONCLUSIVE |") {
		t.Errorf("markdown:\n%s", md)
	}
}

// Both judges agree where a change is plain.
func TestDisagreementAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a, b := make([]float64, 120), make([]float64, 120)
	for i := range a {
		a[i], b[i] = 10+rng.NormFloat64(), 20+rng.NormFloat64()
	}
	d := compareCases(t, disagreeCase{`{}`, a, b}, disagreeCase{`{"muted":true}`, a, b})
	if !d.Agree || !d.Metrics[0].Agree || !d.Metrics[1].Agree {
		t.Errorf("they differ:\n%s", d.Text())
	}
}

// Any samples: no panic, and a difference is never left without a cause.
func FuzzCompare(f *testing.F) {
	f.Add([]byte(corpusCase(`{}`, tens, noise)))
	f.Add([]byte(corpusCase(`{"nanStrategy":"replace","outliers":{"strategy":"remove"}}`, `["NaN",1,2]`, `[1e300,-1e300,"Infinity"]`)))
	f.Add([]byte(corpusCase(`{"effectSize":{"measure":"cles"},"critical":true,"muted":true}`, tens, ones)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRequest(data)
		if err != nil {
			return
		}
		for _, p := range r.MetricSetPairList {
			if len(p.Values.Control) > 200 || len(p.Values.Experiment) > 200 {
				return // The solver is quadratic in nothing, but fuzzing wants many small cases.
			}
		}
		d, err := Compare(r, Options{})
		if err != nil {
			return
		}
		for _, m := range d.Metrics {
			if !m.Agree && len(m.Causes) == 0 {
				t.Errorf("no cause: %s", d.Text())
			}
		}
		if d.Text() == "" || d.Markdown() == "" {
			t.Error("empty report")
		}
	})
}
