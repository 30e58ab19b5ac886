package canary

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What users of other judges complained about, in their numbers where they gave
// some and in numbers of our own after their description where not: the verdict
// people agreed on, and a reason that says why.

// repeated is a pattern over and over, n samples long.
func repeated(n int, pattern ...float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = pattern[i%len(pattern)]
	}
	return out
}

// noisy is n samples around a level with a relative standard deviation.
func noisy(seed uint64, n int, level, sd float64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 21))
	out := make([]float64, n)
	for i := range out {
		out[i] = level * (1 + sd*rng.NormFloat64())
	}
	return out
}

func TestComplaints(t *testing.T) {
	nan := math.NaN()
	day := func(level, sd float64) *History {
		return &History{Baseline: noisy(90, 1440, level, sd), Canary: noisy(91, 1440, level, sd), SameInstances: true}
	}
	for _, c := range []struct {
		issue  string
		m      Metric
		want   []Outcome
		reason string
	}{
		{"spinnaker#6278: seven of ten points at 100 instead of 1 pass",
			Metric{Direction: Increase, Baseline: repeated(10, 1), Canary: []float64{100, 100, 100, 100, 100, 100, 100, 1, 1, 1}},
			[]Outcome{Inconclusive, Fail}, "the canary is higher by 69.3"},
		{"spinnaker#6278, half an hour of it",
			Metric{Direction: Increase, Baseline: repeated(30, 1), Canary: repeated(30, 100, 1, 100, 100, 1, 100, 100, 100, 1, 100)},
			[]Outcome{Fail}, "is worse than chance allows"},
		{"kayenta#633: 650 % more passes",
			Metric{Direction: Increase, Baseline: noisy(1, 30, 2, 0.05), Canary: noisy(2, 30, 15, 0.05)},
			[]Outcome{Fail}, "the canary is higher by 13"},
		{"kayenta#633 in six points: too few, and it says how many are missing",
			Metric{Direction: Increase, Baseline: noisy(1, 6, 2, 0.05), Canary: noisy(2, 6, 15, 0.05)},
			[]Outcome{Inconclusive}, "at least 2 minutes more are needed"},
		{"kayenta#426: sparse errors pass",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(6, 0), Canary: []float64{0, 1, 2, 1, 0, 0}},
			[]Outcome{Inconclusive}, "more would decide it"},
		{"kayenta#426, half an hour of it",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(30, 0), Canary: repeated(30, 0, 1, 2, 1, 0, 0)},
			[]Outcome{Fail}, "events per sample"},
		{"kayenta#377, spinnaker#5622: a baseline without errors is no data, and passes",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(20, 0), Canary: repeated(20, 1, 4, 2, 3, 1)},
			[]Outcome{Fail}, "the canary is higher by 2.2 events per sample"},
		{"kayenta#799: the baseline's errors are absent, not zero",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(25, nan), Canary: repeated(25, 1, nan, nan, nan, nan, 2, nan, nan, nan, nan)},
			[]Outcome{NoData}, "the baseline does not have a single sample"},
		{"kayenta#780, case 1: the metric swings from 1 to 100",
			Metric{Direction: Either,
				Baseline: []float64{10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7},
				Canary:   []float64{1, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17}},
			[]Outcome{Inconclusive, Fail}, "the canary"},
		{"kayenta#780, case 1, half an hour of it with a past",
			Metric{Direction: Increase, MinEffect: 50, Baseline: noisy(3, 30, 14, 0.2), Canary: noisy(4, 30, 14, 1), History: day(14, 0.2)},
			[]Outcome{Fail}, "the canary scatters"},
		{"kayenta#780, case 2: a start that wobbles and heals fails",
			Metric{Direction: Increase, Baseline: noisy(5, 60, 10, 0.1), Canary: slices.Concat(noisy(6, 5, 14, 0.1), noisy(7, 55, 10, 0.1))},
			[]Outcome{Pass, Inconclusive}, "the canary"},
		{"kayenta#364: more variability passes",
			Metric{Direction: Increase, Baseline: noisy(8, 60, 100, 0.02), Canary: noisy(9, 60, 100, 0.1)},
			[]Outcome{Fail}, "times as much as the baseline"},
		{"kayenta#674: a rate that is mostly zero fails by a ratio of tiny means",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), Canary: repeated(60, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)},
			[]Outcome{Pass, Inconclusive}, "the canary"},
		{"kayenta#674: the same rate ten times as high",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), Canary: repeated(60, 1, 0, 2)},
			[]Outcome{Fail}, "events per sample"},
		{"kayenta#510: a control mean of zero has no ratio",
			Metric{Direction: Increase, Baseline: repeated(20, 0), Canary: repeated(20, 54.9, 54.5, 55.1, 55.6, 57.4)},
			[]Outcome{Fail}, "the canary is higher by 55.5"},
		{"kayenta#803: p50 up by a sixth fails",
			Metric{Name: "p50", Direction: Increase, Baseline: noisy(12, 30, 100, 0.03), Canary: noisy(13, 30, 116.8, 0.03)},
			[]Outcome{Fail}, "interval"},
		{"kayenta#803: p90 up by more does not, and the interval says why",
			Metric{Name: "p90", Direction: Increase, MinEffect: 10, Baseline: noisy(14, 30, 100, 0.6), Canary: noisy(15, 30, 118.4, 0.6)},
			[]Outcome{Inconclusive}, "interval"},
		{"kayenta#420, #619: cleaning removes every sample that is not zero",
			Metric{Kind: Count, Direction: Increase, Baseline: repeated(121, 0), Canary: repeated(121, slices.Concat(repeated(40, 0), []float64{1})...)},
			[]Outcome{Pass}, "the canary is higher by 0.01653 events per sample"},
		{"kayenta#301: values that are all tied are an error",
			Metric{Baseline: repeated(30, 512), Canary: repeated(30, 512)},
			[]Outcome{Pass}, "neither side ever moves"},
		{"flagger#1011: traffic stops and the rollout goes on",
			Metric{Kind: Latency, Direction: Increase, Baseline: noisy(16, 60, 1, 0.1), Canary: slices.Concat(noisy(17, 30, 1, 0.1), repeated(30, nan)), History: day(1, 0.1)},
			[]Outcome{Inconclusive}, "50 % of the canary's samples are missing"},
		{"argo-rollouts#4479: every measurement errs and the run succeeds",
			Metric{Baseline: repeated(30, 1), Canary: repeated(30, 1), Err: "the source answered 503"},
			[]Outcome{NoData}, "the source answered 503"},
	} {
		if c.m.Name == "" {
			c.m.Name = "m"
		}
		v := one(c.m)
		if !slices.Contains(c.want, v.Verdict) || !strings.Contains(v.Reason, c.reason) {
			t.Errorf("%s\n\t%s, want %v: %s\n\twant a reason with %q", c.issue, v.Verdict, c.want, v.Reason, c.reason)
		}
		if v.Verdict == Fail && (math.IsNaN(v.P) || math.IsNaN(v.Effect) || math.IsNaN(v.LogP)) {
			t.Errorf("%s (kayenta#521): no statistic beside the verdict: p %v, effect %v", c.issue, v.P, v.Effect)
		}
	}
}

// kayenta#538: a misspelt setting is ignored.
func TestMisspeltSettingIsAnError(t *testing.T) {
	_, err := ParseRequest([]byte(`{"metrics":[],"gates":[{"objective":"a","bern":1,"limit":2}],"policy":{"lookBackMins":1}}`))
	if err == nil || !strings.Contains(err.Error(), `unknown field "lookBackMins"`) || !strings.Contains(err.Error(), `did you mean "burn"?`) {
		t.Error(err)
	}
}
