package report

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary"
)

// The reports that the tests write. Their verdicts are made up, not judged, so
// that a better judge does not change them.

var nan = math.NaN()

// wave is n samples around level, the same at every call.
func wave(n int, level, swing float64, seed uint64) []float64 {
	out := make([]float64, n)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		noise := float64(seed>>40)/(1<<24) - 0.5
		out[i] = math.Round(1e4*(level+swing*math.Sin(float64(i)/7)+2*swing*noise)) / 1e4
	}
	return out
}

func verdictOn(name string, o canary.Outcome, effect, lo, hi, margin, logp float64, reason string) canary.MetricVerdict {
	return canary.MetricVerdict{
		Name: name, Verdict: o, Effect: effect, Interval: [2]float64{lo, hi}, P: math.Exp(logp), LogP: logp, Channel: "location",
		N: [2]int{60, 60}, NEff: 44.2, Reason: reason, MinEffect: margin, Phi: 0.22, EValue: nan, Detectable: margin / 2, Calibration: "history",
		Digest: "4f1c9a0b7d3e5566",
		Trace: canary.MetricTrace{Steps: []canary.TraceStep{
			{Name: "samples", Detail: "60 canary and 60 baseline samples, 60 instants compared"},
			{Name: "variance", Detail: "from 118 windows of the history, each as long as this one"},
		}},
	}
}

// failing is a canary with a bit of everything.
func failing() *Report {
	const start = 1_760_000_400_000
	latency := canary.Metric{Name: "latency p99", Baseline: wave(60, 0.209, 0.006, 1), Canary: wave(60, 0.271, 0.006, 2), StepSeconds: 60,
		Direction: canary.Increase, Kind: canary.Latency, MinEffect: 0.02, Critical: true}
	latency.Baseline[20], latency.Baseline[21], latency.Baseline[22] = nan, nan, nan
	errors := canary.Metric{Name: "error share", Baseline: wave(60, 0.004, 0.001, 3), Canary: wave(60, 0.0045, 0.001, 4), StepSeconds: 60,
		Direction: canary.Increase, Kind: canary.Ratio, MinEffect: 0.001}
	memory := canary.Metric{Name: "memory", Baseline: wave(60, 412e6, 3e6, 5), Canary: wave(60, 410e6, 3e6, 6), StepSeconds: 60,
		Direction: canary.Either, MinEffect: 20e6}
	memory.Shards = &canary.Shards{
		Baseline:    [][]float64{{401e6}, {409e6}, {412e6}, {415e6}, {418e6}, {411e6}},
		Canary:      [][]float64{{409e6}, {463e6}},
		CanaryNames: []string{"cart-canary-0", "cart-canary-1"},
	}
	sizes := canary.Metric{Name: "request duration", StepSeconds: 60, Direction: canary.Increase, Kind: canary.Histogram, MinEffect: 0.01,
		Distribution: &canary.Distribution{
			Bounds:   []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1},
			Baseline: [][]float64{{310, 5200, 3900, 640, 82, 11, 2, 0, 0}, {300, 5100, 4000, 600, 90, 9, 1, 0, 0}},
			Canary:   [][]float64{{290, 5000, 4000, 700, 160, 70, 25, 6, 1}, {300, 5050, 3900, 690, 150, 82, 30, 4, 0}},
		}}
	p99 := verdictOn("latency p99", canary.Fail, 0.06208, 0.05437, 0.06979, 0.02, math.Log(2.5e-12),
		"the canary is higher by 0.06208 (interval 0.05437 to 0.06979), which is worse than chance allows: p = 2.5e-12 over all looks against 0.005 needed among 2 metrics")
	p99.Critical = true
	p99.Channels = []canary.Evidence{
		{Channel: "location", Verdict: canary.Fail, Effect: 0.06208, Interval: [2]float64{0.05437, 0.06979}, LogP: -26, Reason: "the canary is higher"},
		{Channel: "spread", Verdict: canary.Pass, Effect: 1.04, Interval: [2]float64{0.81, 1.31}, LogP: -0.4, Reason: "both sides vary alike"},
		{Channel: "missingness", Verdict: canary.Pass, Effect: nan, Interval: [2]float64{nan, nan}, LogP: nan, Reason: "3 of 60 samples are missing on the baseline, none on the canary"},
	}
	tail := verdictOn("request duration", canary.Fail, 0.0094, 0.006, 0.0131, 0.01, -18.2, "1.2 % of the canary's observations lie above the baseline's 99.9th percentile")
	tail.Channel = "tail"
	share := verdictOn("error share", canary.Inconclusive, 0.00052, -0.0002, 0.0013, 0.001, -1.8, "the interval -0.0002 to 0.0013 reaches past the margin 0.001; about 24 minutes more needed")
	share.MinutesNeeded = 24
	level := verdictOn("memory", canary.Pass, -2.1e6, -5e6, 0.9e6, 20e6, -0.2, "the interval lies inside the margin")
	return &Report{
		Verdict: canary.Verdict{
			Judge: "native", Verdict: canary.Fail, Limiting: "", Digest: "9be1bc5ad0b4f1c2",
			Reasons:  []string{"FAIL latency p99: the canary is higher by 0.06208", "FAIL request duration: more slow requests"},
			Metrics:  []canary.MetricVerdict{share, level, p99, tail},
			Warnings: []string{"metric latency p99: 3 baseline samples are missing"},
			Gates: []canary.GateVerdict{
				{Gate: canary.Gate{Objective: "checkout-availability", Burn: 2.4, Limit: 14.4, Detail: "over 1h"}, Verdict: canary.Pass, Reason: "burns 2.4 times its budget, below 14.4"},
			},
			Policy: canary.Policy{FalseFail: 0.01, FalsePass: 0.05, Look: 60, Looks: 60, PlannedSamples: 60, Exposure: 0.5},
		},
		Request: canary.Request{Metrics: []canary.Metric{errors, memory, latency, sizes}},
		Meta: Meta{
			Name: "checkout", Run: "ca-0123456789ab", State: "done", From: start, To: start + 3_600_000,
			Queries: [][2]string{{"", ""}, {"", ""}, {`histogram_quantile(0.99, sum by (le) (rate(latency_bucket{service="checkout",track="stable"}[2m])))`, `histogram_quantile(0.99, sum by (le) (rate(latency_bucket{service="checkout",track="canary"}[2m])))`}},
			Looks: []Stretch{
				{First: 1, Last: 2, From: start + 60_000, To: start + 120_000, Verdict: canary.NoData},
				{First: 3, Last: 59, From: start + 180_000, To: start + 3_540_000, Verdict: canary.Inconclusive, Limiting: "latency p99"},
				{First: 60, Last: 60, From: start + 3_600_000, To: start + 3_600_000, Verdict: canary.Fail},
			},
			Link: "https://bellwether.example/v1/canaries/ca-0123456789ab/report", Replay: "bellwether canary judge request.json",
		},
	}
}

// waiting is a canary that cannot be decided yet.
func waiting() *Report {
	r := failing()
	r.Verdict.Verdict, r.Verdict.Limiting, r.Verdict.MinutesNeeded = canary.Inconclusive, "error share", 24
	r.Verdict.Reasons = []string{"INCONCLUSIVE: error share is not decided"}
	r.Verdict.Metrics, r.Request.Metrics = r.Verdict.Metrics[:2], r.Request.Metrics[:2]
	r.Meta.State, r.Meta.Looks = "running", r.Meta.Looks[:2]
	return r
}

// passing is a canary that is as good as its baseline.
func passing() *Report {
	r := waiting()
	r.Verdict.Verdict, r.Verdict.Limiting, r.Verdict.MinutesNeeded = canary.Pass, "", 0
	r.Verdict.Reasons, r.Verdict.Gates, r.Verdict.Warnings = []string{"PASS: every metric differs by less than its margin"}, nil, nil
	r.Verdict.Metrics, r.Request.Metrics = r.Verdict.Metrics[1:], r.Request.Metrics[1:]
	return r
}

// empty is a canary without data, judged by nobody.
func empty() *Report {
	v := verdictOn("up", canary.NoData, nan, nan, nan, 0, nan, "0 baseline and 0 canary samples can be read: there is nothing to compare")
	v.Channel, v.NEff, v.N, v.Phi, v.Calibration, v.Trace = "missing", 0, [2]int{}, nan, "", canary.MetricTrace{}
	return &Report{
		Verdict: canary.Verdict{Judge: "native", Verdict: canary.NoData, Reasons: []string{"NO_DATA up: there is nothing to compare"}, Metrics: []canary.MetricVerdict{v}},
		Meta:    Meta{Notes: []string{"The server was restarted since this run ended."}},
	}
}

// hostile is a canary whose owner is not on our side.
func hostile() *Report {
	r := failing()
	evil := "</td><script>alert(1)</script>|::error::`@org/team` [x](javascript:alert(1))\n::set-output name=a::b\x00\xff\u2028%0A"
	r.Meta = Meta{Name: evil, Run: evil, State: evil, Queries: [][2]string{{evil, evil}, {evil, evil}, {evil, evil}}, Link: "javascript:" + evil, Replay: evil, Notes: []string{evil}, Looks: []Stretch{{Limiting: evil, Verdict: canary.Outcome(evil)}, {Limiting: evil, Verdict: canary.Inconclusive, Last: 3}}}
	v := &r.Verdict
	v.Judge, v.Digest, v.Reasons, v.Warnings, v.Limiting = evil, evil, []string{evil, evil}, []string{evil}, evil
	for i := range v.Metrics {
		m := &v.Metrics[i]
		m.Name, m.Reason, m.Digest, m.Calibration = evil, evil, evil, evil
		for j := range m.Trace.Steps {
			m.Trace.Steps[j] = canary.TraceStep{Name: evil, Detail: evil}
		}
		for j := range m.Channels {
			m.Channels[j].Channel, m.Channels[j].Reason = evil, evil
		}
		r.Request.Metrics[i].Name = evil
	}
	r.Request.Metrics[1].Shards.CanaryNames = []string{evil, evil}
	v.Gates[0].Objective, v.Gates[0].Reason, v.Gates[0].Detail = evil, evil, evil
	return r
}

// crowd is a canary of n metrics, every 40th of which fails.
func crowd(n int) *Report {
	r := failing()
	r.Verdict.Metrics, r.Request.Metrics, r.Meta.Queries = nil, nil, nil
	for i := range n {
		o, effect := canary.Pass, 0.002
		if i%40 == 7 {
			o, effect = canary.Fail, 0.03+float64(i)/1e4
		}
		name := fmt.Sprintf(`http_request_duration_seconds{route="/api/v1/route_%04d"}`, i)
		r.Verdict.Metrics = append(r.Verdict.Metrics, verdictOn(name, o, effect, effect-0.006, effect+0.006, 0.02, -3,
			"the canary differs by what it differs, and this sentence is about as long as the judge's own sentences are"))
		r.Request.Metrics = append(r.Request.Metrics, canary.Metric{Name: name, Direction: canary.Increase, StepSeconds: 60,
			Baseline: wave(60, 0.2, 0.01, uint64(i)), Canary: wave(60, 0.2+effect, 0.01, uint64(i)+1)})
	}
	return r
}
