package canary

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseRequest(t *testing.T) {
	got, err := ParseRequest([]byte(`{"metrics":[{"name":"lat","baseline":[1, 2.5,"NaN",null],"canary":[1e3,-2,"Infinity",4],
		"step_seconds":15,"direction":"increase","kind":"latency","min_effect":0.5,"critical":true,
		"history":{"baseline":[1,2],"canary":[3,4]},"shards":{"baseline":[[1],[2]],"canary":[[3]]}},
		{"name":"b","baseline":[],"canary":[]}],
		"policy":{"false_fail":0.02,"false_pass":0.1,"look":2,"looks":5,"planned_samples":60,"exposure":0.1,"max_percentile":90}}`))
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := Request{
		Metrics: []Metric{
			{Name: "lat", Baseline: []float64{1, 2.5, nan, nan}, Canary: []float64{1000, -2, math.Inf(1), 4}, StepSeconds: 15,
				Direction: Increase, Kind: Latency, MinEffect: 0.5, Critical: true,
				History: &History{Baseline: []float64{1, 2}, Canary: []float64{3, 4}, SameInstances: true},
				Shards:  &Shards{Baseline: [][]float64{{1}, {2}}, Canary: [][]float64{{3}}}},
			{Name: "b", Baseline: []float64{}, Canary: []float64{}},
		},
		Policy: Policy{FalseFail: 0.02, FalsePass: 0.1, Look: 2, Looks: 5, PlannedSamples: 60, Exposure: 0.1, Named: NamedOptions{MaxPercentile: 90}},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
}

func TestParseRequestParts(t *testing.T) {
	got, err := ParseRequest([]byte(`{"metrics":[
		{"name":"h","kind":"histogram","distribution":{"bounds":[0.1,1],"baseline":[[1,2,3],null],"canary":[[4,5,6],[]],"history_baseline":[[1,1,1]],"history_canary":[[2,2,2]]}},
		{"name":"s","baseline":[1],"canary":[2],"exposure":0.1,"history":{"baseline":[1],"canary":[2],"same_instances":false},
		 "shards":{"baseline":[[1]],"canary":[[2],[3]],"canary_names":["a","b"]}},
		{"name":"e","error":"timed out"}],
		"gates":[{"objective":"o","burn":2.5,"limit":14.4,"detail":"1h"},{"objective":"p","limit":1},{"objective":"q","burn":"NaN","limit":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := Request{Metrics: []Metric{
		{Name: "h", Kind: Histogram, History: &History{SameInstances: true}, Distribution: &Distribution{Bounds: []float64{0.1, 1},
			Baseline: [][]float64{{1, 2, 3}, nil}, Canary: [][]float64{{4, 5, 6}, {}}, HistoryBaseline: [][]float64{{1, 1, 1}}, HistoryCanary: [][]float64{{2, 2, 2}}}},
		{Name: "s", Baseline: []float64{1}, Canary: []float64{2}, Exposure: 0.1, History: &History{Baseline: []float64{1}, Canary: []float64{2}},
			Shards: &Shards{Baseline: [][]float64{{1}}, Canary: [][]float64{{2}, {3}}, CanaryNames: []string{"a", "b"}}},
		{Name: "e", Err: "timed out"},
	}, Gates: []Gate{{Objective: "o", Burn: 2.5, Limit: 14.4, Detail: "1h"}, {Objective: "p", Burn: nan, Limit: 1}, {Objective: "q", Burn: nan, Limit: 1}}}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if v := Judge(got); v.Verdict == Pass || v.Metrics[2].Verdict != NoData {
		t.Errorf("%s %v", v.Verdict, v.Reasons)
	}
}

func TestParseRequestRefuses(t *testing.T) {
	f := func(in string, wants ...string) {
		t.Helper()
		_, err := ParseRequest([]byte(in))
		if err == nil {
			t.Errorf("%s is accepted", in)
			return
		}
		for _, w := range wants {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %q does not mention %q", in, err, w)
			}
		}
	}
	f(``, "cannot read request")
	f(`null`, "cannot read request")
	f(`{}`, `"metrics" is missing`)
	f(`{"metric":[]}`, `unknown field "metric"; did you mean "metrics"?`)
	f(`{"metrics":[{"name":"a","baselin":[1],"canary":[1]}]}`, `did you mean "baseline"?`, `"baseline" is missing`)
	f(`{"metrics":[{"name":"a","baseline":[1,"x"],"canary":[1]}]}`, `metrics[0].baseline[1]`)
	f(`{"metrics":[{"name":"a","baseline":[1,],"canary":[1]}]}`, "invalid character")
	f(`{"metrics":[{"name":"a","baseline":[[1]],"canary":[true]}]}`, `baseline[0]`, `canary[0]`)
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"kind":"guage","direction":"up"}]}`, `did you mean "gauge"?`, "known are increase, decrease, either")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"min_effect":0}]}`, "must be above 0")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"min_effect":-1,"step_seconds":"60"}]}`, "min_effect", "step_seconds")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[]},{"name":"a","baseline":[],"canary":[]}]}`, "names must differ")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"history":{"baseline":[1],"canary":[]}}]}`, "must line up")
	f(`{"metrics":[{"name":"a","kind":"histogram","baseline":[],"canary":[]}]}`, `needs the field "distribution"`)
	f(`{"metrics":[{"name":"a","distribution":{"bounds":[2,1],"baseline":[],"canary":[]}}]}`, "must be finite and increase")
	f(`{"metrics":[{"name":"a","distribution":{"bounds":[],"baseline":[[1]],"canary":{}}}]}`, "distribution.canary")
	f(`{"metrics":[{"name":"a","distribution":{"bound":[1]}}]}`, `did you mean "bounds"?`)
	f(`{"metrics":[{"name":"a","distribution":{"bounds":[1],"baseline":[],"canary":[],"history_baseline":[[1,2]]}}]}`, "history_canary")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"exposure":1}]}`, "between 0 and 1")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"shards":{"baseline":[[1]],"canary":[[1]],"canary_names":["x","y"]}}]}`, "as many names")
	f(`{"metrics":[{"name":"a","baseline":[],"canary":[],"history":{"baseline":[],"canary":[],"same_instances":1}}]}`, "write true or false")
	f(`{"metrics":[],"gates":[{"burn":1}]}`, `"objective" is missing`, `"limit" is missing`)
	f(`{"metrics":[],"gates":[{"objective":"a","burn":-1,"limit":0}]}`, "burn rate of at least 0", "must be above 0")
	f(`{"metrics":[],"policy":{"false_fial":0.1}}`, `did you mean "false_fail"?`)
	f(`{"metrics":[],"policy":{"false_fail":2}}`, "between 0 and 1")
	f(`{"metrics":[],"policy":{"look":2}}`, "without policy.looks")
	f(`{"metrics":[],"policy":{"look":3,"looks":2}}`, "1 <= look <= looks")
	f(`{"metrics":[],"policy":{"looks":1.5}}`, "whole number")
	f(`{"metrics":[],"policy":{"max_percentile":101}}`, "max_percentile")
}

func TestVerdictJSON(t *testing.T) {
	v := Judge(Request{Metrics: []Metric{{Name: "a"}}})
	got, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"verdict":"NO_DATA","reasons":["NO_DATA a: neither side has a single sample; check that the query selects it and that it reports"],` +
		`"metrics":[{"name":"a","verdict":"NO_DATA","effect":null,"interval":[null,null],"p":null,` +
		`"reason":"neither side has a single sample; check that the query selects it and that it reports",` +
		`"channel":"missing","min_effect":0,"detectable":null,"minutes_needed":null,"samples":[0,0],"independent_samples":null,"autocorrelation":null,"e_value":null,` +
		`"digest":"` + v.Metrics[0].Digest + `"}],"judge":"native","score":0,"minutes_needed":0,"digest":"` + v.Digest + `"}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
	if v.ExitCode() != 30 {
		t.Errorf("exit code %d", v.ExitCode())
	}
	empty, err := json.Marshal(Judge(Request{}))
	if err != nil || !strings.HasPrefix(string(empty), `{"verdict":"NO_DATA","reasons":["there are no metrics to judge"],"metrics":[],`) {
		t.Errorf("%s, %v", empty, err)
	}
}

func TestExitCodes(t *testing.T) {
	for o, want := range map[Outcome]int{Pass: 0, Inconclusive: 10, Fail: 20, NoData: 30, "": 30} {
		if got := (Verdict{Verdict: o}).ExitCode(); got != want {
			t.Errorf("%s: %d, want %d", o, got, want)
		}
	}
}

func TestPolicyOutOfRangeIsNoPass(t *testing.T) {
	v := Judge(Request{Policy: Policy{FalseFail: 3}, Metrics: []Metric{{Name: "a", Baseline: []float64{1}, Canary: []float64{1}}}})
	if v.Verdict != NoData || !strings.Contains(v.Reasons[0], "false_fail") {
		t.Errorf("%s %v", v.Verdict, v.Reasons)
	}
}
