package kayenta

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Kayenta's rules one by one, on small samples of our own. The judge's own test
// cases run in kayenta_corpus_test.go.

// corpusCase builds a request of one metric with the given canary settings.
func corpusCase(settings, control, experiment string) string {
	return fmt.Sprintf(`{"canaryConfig":{"name":"c","metrics":[{"name":"m","groups":["g"],"analysisConfigurations":{"canary":%s}}],
		"classifier":{"groupWeights":{"g":100}},"judge":{"name":"NetflixACAJudge-v1.0"}},
		"scoreThresholds":{"pass":95,"marginal":75},
		"metricSetPairList":[{"name":"m","id":"id","tags":{"k":"v"},"values":{"control":%s,"experiment":%s}}]}`, settings, control, experiment)
}

func judgeJSON(t *testing.T, in string) Result {
	t.Helper()
	out, err := Judge([]byte(in), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var shape struct {
		JudgeName string `json:"judgeName"`
	}
	if err := json.Unmarshal(out, &shape); err != nil || shape.JudgeName != JudgeName {
		t.Fatalf("bad result %s (%v)", out, err)
	}
	req, err := ParseRequest([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	res, err := req.Judge(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

const (
	tens  = "[10,11,9,10.5,9.5,10.2,9.8,10.1]"
	ones  = "[1,1.1,0.9,1.05,0.95,1.02,0.98,1.01]"
	noise = "[10.1,10.9,9.1,10.4,9.6,10.3,9.7,10]"
)

func TestLabels(t *testing.T) {
	f := func(settings, control, experiment, label string, score float64, class string) {
		t.Helper()
		r := judgeJSON(t, corpusCase(settings, control, experiment))
		if got := r.Results[0].Classification; got != label {
			t.Errorf("settings %s: label %s, want %s", settings, got, label)
		}
		if float64(r.Score.Score) != score || r.Score.Classification != class {
			t.Errorf("settings %s: score %v %s, want %v %s", settings, r.Score.Score, r.Score.Classification, score, class)
		}
	}
	f(`{}`, tens, noise, "Pass", 100, "Pass")
	f(`{}`, tens, tens, "Pass", 100, "Pass")
	f(`{}`, ones, tens, "High", 0, "Fail")
	f(`{}`, tens, ones, "Low", 0, "Fail")
	f(`{"direction":"decrease"}`, ones, tens, "Pass", 100, "Pass")
	f(`{"direction":"increase"}`, tens, ones, "Pass", 100, "Pass")
	f(`{"direction":"sideways"}`, tens, ones, "Low", 0, "Fail")
	f(`{"effectSize":{"allowedIncrease":20}}`, ones, tens, "Pass", 100, "Pass")
	f(`{"effectSize":{"measure":"cles","allowedIncrease":1.1}}`, ones, tens, "Pass", 100, "Pass")
	f(`{"effectSize":{"measure":"cles"}}`, ones, tens, "High", 0, "Fail")
	// No data: half or more Nodata metrics zero the score.
	f(`{}`, "[]", tens, "Nodata", 0, "Fail")
	f(`{}`, `["NaN"]`, tens, "Nodata", 0, "Fail")
	f(`{"mustHaveData":true}`, "[]", tens, "NodataFailMetric", 0, "Fail")
	f(`{"mustHaveData":true,"critical":true}`, "[]", tens, "Nodata", 0, "Fail")
	// Silence on both sides passes where NaN is replaced.
	f(`{"nanStrategy":"replace"}`, `["NaN","NaN"]`, `["NaN","NaN"]`, "Pass", 100, "Pass")
	f(`{"nanStrategy":"replace"}`, "[]", "[1]", "Pass", 100, "Pass")
	// A zero mean skips the effect size.
	f(`{"effectSize":{"allowedIncrease":20}}`, "[0,0,0,0,0]", "[5,6,7,5,6]", "High", 0, "Fail")
	// Constant and different: noise decides, from a fixed seed.
	f(`{}`, "[1,1,1,1,1]", "[10,10,10,10,10]", "High", 0, "Fail")
	f(`{}`, "[2,2,2]", "[2,2]", "Pass", 100, "Pass")
	// Outliers.
	f(`{"outliers":{"strategy":"remove"}}`, tens, "[10.1,10.9,9.1,10.4,9.6,10.3,9.7,10,1e9]", "Pass", 100, "Pass")
	// An error is not scored, so the group counts as 100.
	f(`{"critical":true}`, "[5]", "[7]", "Error", 100, "Pass")
}

func TestReasons(t *testing.T) {
	f := func(settings, control, experiment, metric, summary string, critical bool) {
		t.Helper()
		r := judgeJSON(t, corpusCase(settings, control, experiment))
		if got := r.Results[0].ClassificationReason; got != metric {
			t.Errorf("metric reason %q, want %q", got, metric)
		}
		if got := r.Score.ClassificationReason; got != summary {
			t.Errorf("summary reason %q, want %q", got, summary)
		}
		if r.Results[0].Critical != critical {
			t.Errorf("critical %v, want %v", r.Results[0].Critical, critical)
		}
	}
	f(`{}`, ones, tens, "m was classified as High", "", false)
	f(`{"critical":true}`, ones, tens, "The metric m was classified as High (Critical)", "Canary Failed: The metric m was classified as High (Critical)", true)
	f(`{"critical":true,"effectSize":{"criticalIncrease":50}}`, ones, tens, "m was classified as High", "", false)
	f(`{}`, tens, tens, "The Canary and Baseline data are identical", "", false)
	f(`{}`, "[]", tens, "Missing data for m", "Canary Failed: 50% or more metrics returned NODATA", false)
	f(`{"critical":true}`, tens, "[]", "Missing data for m", "Canary Failed: Missing data for m", true)
	f(`{"critical":true}`, "[5]", "[7]", "Metric Classification Failed", "", false)
}

func TestScoring(t *testing.T) {
	type m struct {
		label  string
		groups string
		muted  bool
	}
	f := func(weights string, ms []m, want float64) {
		t.Helper()
		var cfg Config
		if err := json.Unmarshal([]byte(`{"classifier":{"groupWeights":`+weights+`}}`), &cfg); err != nil {
			t.Fatal(err)
		}
		var rs []MetricResult
		for _, x := range ms {
			rs = append(rs, MetricResult{Classification: x.label, Groups: strings.Fields(x.groups), Muted: x.muted})
		}
		if got := scoreOf(cfg, thresholds(95, 75), rs); float64(got.Score.Score) != want {
			t.Errorf("weights %s, %v: score %v, want %v", weights, ms, got.Score.Score, want)
		}
	}
	f(`{}`, []m{{"Pass", "a", false}, {"High", "a", false}, {"Low", "a", false}}, 33.33)
	f(`{"a":60}`, []m{{"Pass", "a", false}, {"High", "b", false}, {"Pass", "c", false}}, 80)
	f(`{}`, []m{{"Pass", "a b", false}, {"High", "b", false}}, 75)
	f(`{}`, []m{{"High", "a", true}, {"Pass", "a", false}}, 100)
	f(`{}`, []m{{"Nodata", "a", false}, {"Pass", "b", false}, {"High", "b", false}}, 75)
	f(`{}`, []m{{"Nodata", "a", false}, {"Pass", "b", false}}, 0)
	f(`{"a":50,"b":70}`, []m{{"Pass", "a", false}, {"Pass", "b", false}}, 120)
	f(`{}`, nil, 0)
}

func TestResultShape(t *testing.T) {
	// Three against three is too little for a 98 % interval, yet it is High: an
	// end the data cannot bound is put at the extreme difference.
	out, err := Judge([]byte(corpusCase(`{}`, "[0,0,0]", "[1,2,3]")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"judgeName":"NetflixACAJudge-v1.0","results":[{"name":"m","tags":{"k":"v"},"id":"id","classification":"High","classificationReason":"m was classified as High","groups":["g"],` +
		`"experimentMetadata":{"stats":{"min":1.0,"max":3.0,"mean":2.0,"std":1.0,"count":3}},` +
		`"controlMetadata":{"stats":{"min":0.0,"max":0.0,"mean":0.0,"std":0.0,"count":3}},` +
		`"resultMetadata":{"ratio":"NaN"},"critical":false,"muted":false}],` +
		`"groupScores":[{"name":"g","score":0.0,"classification":"","classificationReason":""}],` +
		`"score":{"score":0.0,"classification":"Fail","classificationReason":""}}` + "\n"
	if d := cmp.Diff(want, string(out)); d != "" {
		t.Error(d)
	}
}

func TestRefuses(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if _, err := Judge([]byte(in), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %q", err, want)
		}
	}
	f(`{`, "cannot read Kayenta request")
	f(`{"metricSetPairList":[]}`, "scoreThresholds")
	f(strings.Replace(corpusCase(`{}`, tens, ones), `"metricSetPairList":[{"name":"m"`, `"metricSetPairList":[{"name":"other"`, 1), `metric "other"`)
	f(corpusCase(`{"critical":"yes"}`, tens, ones), "boolean")
	f(corpusCase(`{"outliers":{"strategy":"remove","outlierFactor":0}}`, tens, ones), "outlierFactor")
	if _, err := Judge([]byte(corpusCase(`{}`, tens, ones)), Options{Confidence: 2}); err == nil {
		t.Error("a confidence of 2 is taken")
	}
}

// What the judge does not read does not keep it from judging.
func TestReadsPastTheRest(t *testing.T) {
	in := strings.Replace(corpusCase(`{}`, tens, noise), `"tags"`, `"scopes":{"control":{"startTimeMillis":1.5e12,"stepMillis":"60000"},"experiment":7},"attributes":{"control":{"n":1}},"tags"`, 1)
	in = strings.Replace(in, `"name":"c"`, `"name":"c","templates":{"a":1},"query":[],"applications":"x"`, 1)
	if r := judgeJSON(t, in); r.Score.Classification != "Pass" {
		t.Errorf("score %v", r.Score)
	}
}

func TestRoundHalfUp(t *testing.T) {
	f := func(in, want float64) {
		t.Helper()
		if got := roundHalfUp(in, 2); got != want {
			t.Errorf("roundHalfUp(%v) = %v, want %v", in, got, want)
		}
	}
	f(33.333333333333336, 33.33)
	f(66.66666666666667, 66.67)
	f(1.005, 1.01) // The decimal form decides, not the double just below.
	f(-1.005, -1.01)
	f(100, 100)
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(`{"canaryConfig":{"metrics":[{"name":"a","groups":["g"],"analysisConfigurations":{"canary":{"direction":"increase","outliers":{"strategy":"remove"}}}}],"classifier":{"groupWeights":{"g":100}}},"scoreThresholds":{"pass":95,"marginal":75},"metricSetPairList":[{"name":"a","id":"1","values":{"control":[1,2,3],"experiment":[4,5,"NaN"]}}]}`))
	f.Add([]byte(`{"metricSetPairList":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Judge(data, Options{})
		if err == nil && !json.Valid(out) {
			t.Fatalf("bad JSON %s", out)
		}
	})
}
