package kayenta

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// importCase is a config with one of everything that can and cannot be carried
// over.
const importCase = `{"name":"checkout","id":"x1","configVersion":"1","applications":["shop"],
 "judge":{"name":"NetflixACAJudge-v1.0","judgeConfigurations":{}},
 "templates":{"byApp":"app=\"${scope}\",zone=\"${location}\"","unused":"x"},
 "classifier":{"groupWeights":{"a":100},"scoreThresholds":{"pass":90,"marginal":75}},
 "metrics":[
  {"name":"latency","groups":["a"],"scopeName":"default","query":{"type":"prometheus","serviceType":"prometheus","metricName":"latency","labelBindings":["job=\"api\""],"customFilterTemplate":"byApp"},
   "analysisConfigurations":{"canary":{"direction":"increase","critical":true,"nanStrategy":"replace","effectSize":{"allowedIncrease":1.1}}}},
  {"name":"errors","groups":["a"],"scopeName":"default","query":{"type":"prometheus","customInlineTemplate":"PromQL:sum(rate(e_total{app=\"$\\{scope}\",zone=\"$\\{location}\",code=~\"5..|a,}b\"}[1m])) / sum(rate(r_total{app=\"$\\{scope}\",zone=\"$\\{location}\"}[1m]))"},
   "analysisConfigurations":{"canary":{"direction":"decrease"}}},
  {"name":"cpu","groups":["a"],"scopeName":"default","query":{"metricName":"cpu","resourceType":"gce_instance","groupByFields":["zone"]},"analysisConfigurations":{"canary":{}}},
  {"name":"quiet","groups":["a"],"scopeName":"default","query":{"metricName":"q","customInlineTemplate":"app=\"${scope}\""},"analysisConfigurations":{"canary":{"muted":true}}},
  {"name":"dog","groups":["a"],"scopeName":"default","query":{"type":"datadog","metricName":"q","anything":1},"analysisConfigurations":{"canary":{}}},
  {"name":"same","groups":["a"],"scopeName":"default","query":{"customInlineTemplate":"PromQL:up"},"analysisConfigurations":{"canary":{}}}
 ]}`

func TestImportConfig(t *testing.T) {
	im, err := ImportConfig([]byte(importCase), Sides{Control: Scope{Scope: "v1", Location: "eu"}, Experiment: Scope{Scope: "v2", Location: "eu"}})
	if err != nil {
		t.Fatal(err)
	}
	want := RunSpec{
		Name: "checkout", Baseline: `app="v1",zone="eu"`, Canary: `app="v2",zone="eu"`,
		Metrics: []RunMetric{
			{Name: "latency", Query: `avg(latency{job="api",$side})`, Direction: "BAD_DIRECTION_INCREASE", Critical: true},
			{Name: "errors", Query: `sum(rate(e_total{code=~"5..|a,}b",$side}[1m])) / sum(rate(r_total{$side}[1m]))`, Direction: "BAD_DIRECTION_DECREASE"},
		},
	}
	if d := cmp.Diff(want, im.Spec); d != "" {
		t.Error(d)
	}
	all := strings.Join(im.Left, "\n")
	for _, w := range []string{
		"id:", "applications:", "judge NetflixACAJudge-v1.0", "groupWeights", "scoreThresholds", "templates.unused",
		`metrics[0] "latency": nanStrategy`, "effectSize.allowedIncrease 1.1", `"cpu": groupByFields [zone]`, `metric "cpu": it names its sides by`,
		`metrics[3] "quiet": muted`, `"datadog"`, `metrics[5] "same": its query does not use ${scope}`,
	} {
		if !strings.Contains(all, w) {
			t.Errorf("not told: %q, in\n%s", w, all)
		}
	}
}

func TestImportConfigIsStrict(t *testing.T) {
	f := func(from, to, want string) {
		t.Helper()
		_, err := ImportConfig([]byte(strings.Replace(importCase, from, to, 1)), Sides{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	f(`"classifier"`, `"clasifier"`, `did you mean "classifier"`)
	f(`"nanStrategy"`, `"nanstrategy"`, `did you mean "nanStrategy"`)
	f(`"scopeName"`, `"scopName"`, `did you mean "scopeName"`)
	f(`"labelBindings"`, `"labelBinding"`, `did you mean "labelBindings"`)
	f(`"allowedIncrease"`, `"alowedIncrease"`, `did you mean "allowedIncrease"`)
	f(`"groupWeights"`, `"groupWeight"`, `did you mean "groupWeights"`)
	f(`{"name":"checkout"`, `[`, "cannot read canary config")
}

// What is exported is imported as it was, as far as Kayenta can say it.
func TestRoundTrip(t *testing.T) {
	spec := RunSpec{
		Name: "cart", Baseline: `service="cart",track="stable"`, Canary: `service="cart",track="canary"`,
		Metrics: []RunMetric{{Name: "p99", Query: `histogram_quantile(0.99, sum by (le) (rate(d_bucket{code!="500",$side}[1m])))`, Direction: "BAD_DIRECTION_INCREASE", Critical: true}},
	}
	data, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	ex, err := ExportConfig(data, NativeJudgeName)
	if err != nil {
		t.Fatal(err)
	}
	if ex.Control != "stable" || ex.Experiment != "canary" || len(ex.Left) != 0 {
		t.Errorf("export %+v", ex)
	}
	im, err := ImportConfig(ex.Config, Sides{Control: Scope{Scope: ex.Control}, Experiment: Scope{Scope: ex.Experiment}})
	if err != nil {
		t.Fatal(err)
	}
	// The constant matcher goes into the query, since it needs no side.
	spec.Baseline, spec.Canary = `track="stable"`, `track="canary"`
	spec.Metrics[0].Query = strings.Replace(spec.Metrics[0].Query, `code!="500",`, `code!="500",service="cart",`, 1)
	if d := cmp.Diff(spec, im.Spec); d != "" {
		t.Error(d)
	}
	// Sides that differ in more than one value become the scope as a whole.
	ex, err = ExportConfig([]byte(`{"baseline":"a=\"1\",b=\"1\"","canary":"a=\"2\",b=\"2\"","metrics":[{"name":"m","query":"avg(x{$side})","min_effect":1}],"warmup":"60s"}`), "")
	if err != nil || ex.Control != `a="1",b="1"` || !strings.Contains(string(ex.Config), `PromQL:avg(x{${scope}})`) || len(ex.Left) != 3 {
		t.Errorf("export %s %+v %v", ex.Config, ex.Left, err)
	}
	for in, want := range map[string]string{
		`{"metric":[]}`: `did you mean "metrics"`,
		`{"metrics":[{"name":"a","query":"up"}]}`: "$side",
		`{}`: "without metrics",
	} {
		if _, err := ExportConfig([]byte(in), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", in, err, want)
		}
	}
}

// Any config: no panic; what is carried over has $side in every query and no
// mark left; what is exported again can be read again.
func FuzzImportConfig(f *testing.F) {
	f.Add([]byte(importCase))
	f.Add([]byte(`{"name":"a","metrics":[{"name":"m","query":{"customInlineTemplate":"PromQL:a{b='${scope}\"', c=~\"${scope}\\\"}\"} + {x=\"${location}\"}"}}]}`))
	f.Add([]byte(`{"metrics":[{"query":{"metricName":"x","resourceType":"aws_ec2_instance","labelBindings":["a=\"", "}"]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		im, err := ImportConfig(data, Sides{})
		if err != nil {
			return
		}
		for _, m := range im.Spec.Metrics {
			if !strings.Contains(m.Query, "$side") {
				t.Errorf("query %q has no $side", m.Query)
			}
		}
		if strings.Contains(im.Spec.Baseline, "\x00scope\x00") {
			t.Errorf("baseline %q", im.Spec.Baseline)
		}
		if len(im.Spec.Metrics) == 0 {
			return
		}
		out, err := json.Marshal(im.Spec)
		if err != nil {
			t.Fatal(err)
		}
		ex, err := ExportConfig(out, "")
		if err != nil {
			t.Fatalf("cannot export what was imported: %v", err)
		}
		if _, err := ImportConfig(ex.Config, Sides{}); err != nil {
			t.Errorf("cannot import what was exported: %v", err)
		}
	})
}
