package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/argoproj/argo-rollouts/metric"
	"github.com/argoproj/argo-rollouts/metricproviders/kayenta"
	"github.com/argoproj/argo-rollouts/metricproviders/prometheus"
	"github.com/argoproj/argo-rollouts/metricproviders/webmetric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	analysisutil "github.com/argoproj/argo-rollouts/utils/analysis"
	log "github.com/sirupsen/logrus"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Argo Rollouts: the templates of deploy/argo through its own arguments, its
// own checks and its own metric providers.

// readStrict reads a template of deploy/; a field that its type does not know
// is an error, as it would be silently pruned in a cluster.
func readStrict(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// argoMetric is the one metric of a template, its arguments filled in, pointed
// at the server of the test.
func argoMetric(t *testing.T, path string, args ...v1alpha1.Argument) v1alpha1.Metric {
	t.Helper()
	var template v1alpha1.AnalysisTemplate
	readStrict(t, path, &template)
	if err := analysisutil.ValidateMetrics(template.Spec.Metrics); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(template.Spec.Metrics) != 1 {
		t.Fatalf("%s has %d metrics", path, len(template.Spec.Metrics))
	}
	args = append(args, arg("bellwether", base))
	merged, err := analysisutil.MergeArgs(args, template.Spec.Args)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	m, err := analysisutil.ResolveMetricArgs(template.Spec.Metrics[0], merged)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return *m
}

func arg(name, value string) v1alpha1.Argument {
	return v1alpha1.Argument{Name: name, Value: &value}
}

// rolloutArgs are the arguments that Argo makes of deploy/argo/rollout.yaml for
// a rollout of the service.
func rolloutArgs(t *testing.T, service string) []v1alpha1.Argument {
	t.Helper()
	var r v1alpha1.Rollout
	readStrict(t, "argo/rollout.yaml", &r)
	r.Name, r.Namespace = service, "argo"
	r.Annotations = map[string]string{"rollout.argoproj.io/revision": "3"}
	set := func(hash string) *appsv1.ReplicaSet {
		return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.DefaultRolloutUniqueLabelKey: hash}}}
	}
	args, err := analysisutil.BuildArgumentsForRolloutAnalysisRun(r.Spec.Strategy.Canary.Analysis.Args, set(stableHash), set(canaryHash), &r)
	if err != nil {
		t.Fatal(err)
	}
	return args
}

var logger = *log.NewEntry(&log.Logger{Out: os.Stderr, Formatter: &log.TextFormatter{}, Level: log.ErrorLevel})

// provider builds the provider of a metric as Argo's factory does. The factory
// itself would link every metric service there is.
func provider(t *testing.T, m v1alpha1.Metric) metric.Provider {
	t.Helper()
	switch {
	case m.Provider.Web != nil:
		client, err := webmetric.NewWebMetricHttpClient(m)
		if err != nil {
			t.Fatal(err)
		}
		parser, err := webmetric.NewWebMetricJsonParser(m)
		if err != nil {
			t.Fatal(err)
		}
		return webmetric.NewWebMetricProvider(logger, client, parser)
	case m.Provider.Prometheus != nil:
		api, err := prometheus.NewPrometheusAPI(m)
		if err != nil {
			t.Fatal(err)
		}
		p, err := prometheus.NewPrometheusProvider(api, logger, m)
		if err != nil {
			t.Fatal(err)
		}
		return p
	case m.Provider.Kayenta != nil:
		return kayenta.NewKayentaProvider(logger, kayenta.NewHttpClient())
	}
	t.Fatal("no provider")
	return nil
}

// measure takes measurements until one satisfies enough; none may be an error.
// It returns that one and how many there were.
func measure(t *testing.T, m v1alpha1.Metric, enough func(v1alpha1.Measurement) bool) (v1alpha1.Measurement, int) {
	t.Helper()
	p, run := provider(t, m), &v1alpha1.AnalysisRun{}
	for n := 1; n < 300; n++ {
		got := p.Run(run, m)
		if got.Phase == v1alpha1.AnalysisPhaseError {
			t.Fatalf("measurement %d: %s", n, got.Message)
		}
		if enough(got) {
			return got, n
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("300 measurements were not enough")
	return v1alpha1.Measurement{}, 0
}

var argoCases = []struct {
	service string
	phase   v1alpha1.AnalysisPhase
	verdict string
	reason  string // Part of it.
}{
	{"healthy", v1alpha1.AnalysisPhaseSuccessful, "PASS", ""},
	{"sick", v1alpha1.AnalysisPhaseFailed, "FAIL", "http_requests_total"},
	{"silent", v1alpha1.AnalysisPhaseInconclusive, "NO_DATA", ""},
}

// finalAnswer asks for a service's verdict until it is final.
func finalAnswer(t *testing.T, service string) v1alpha1.Measurement {
	t.Helper()
	m := argoMetric(t, "argo/analysistemplate-web.yaml", rolloutArgs(t, service)...)
	startAtDeploy(t, &m)
	got, n := measure(t, m, func(m v1alpha1.Measurement) bool { return strings.Contains(m.Value, `"final":true`) })
	t.Logf("%s after %d measurements: %s", got.Phase, n, got.Value)
	return got
}

func TestArgoWeb(t *testing.T) {
	for _, c := range argoCases {
		t.Run(c.service, func(t *testing.T) {
			got := finalAnswer(t, c.service)
			var answer struct{ Verdict, Reason, Report string }
			if err := json.Unmarshal([]byte(got.Value), &answer); err != nil {
				t.Fatalf("value %s: %v", got.Value, err)
			}
			if got.Phase != c.phase || answer.Verdict != c.verdict || !strings.Contains(answer.Reason, c.reason) || answer.Reason == "" {
				t.Errorf("got %s %+v, want %s %s with %q", got.Phase, answer, c.phase, c.verdict, c.reason)
			}
		})
	}
	t.Run("a run just begun", func(t *testing.T) {
		args, next := rolloutArgs(t, "healthy"), "4"
		for i := range args {
			if args[i].Name == "revision" {
				args[i].Value = &next
			}
		}
		got, _ := measure(t, argoMetric(t, "argo/analysistemplate-web.yaml", args...), func(v1alpha1.Measurement) bool { return true })
		if got.Phase != v1alpha1.AnalysisPhaseInconclusive || !strings.Contains(got.Value, `"final":false`) {
			t.Errorf("%s: %s; want to be asked again", got.Phase, got.Value)
		}
	})
}

// TestArgoWebByID: a template that only reads a run by its id.
func TestArgoWebByID(t *testing.T) {
	for _, c := range argoCases {
		var answer struct{ ID string }
		if err := json.Unmarshal([]byte(finalAnswer(t, c.service).Value), &answer); err != nil {
			t.Fatal(err)
		}
		m := argoMetric(t, "argo/analysistemplate-web.yaml", rolloutArgs(t, c.service)...)
		m.Provider.Web = &v1alpha1.WebMetric{URL: base + "/v1/verdicts/" + answer.ID, JSONPath: "{$.verdict}"}
		m.SuccessCondition, m.FailureCondition = `result == "PASS"`, `result == "FAIL"`
		if got := provider(t, m).Run(&v1alpha1.AnalysisRun{}, m); got.Phase != c.phase || got.Value != `"`+c.verdict+`"` {
			t.Errorf("%s: %s %s %s", c.service, got.Phase, got.Value, got.Message)
		}
	}
	m := v1alpha1.Metric{Provider: v1alpha1.MetricProvider{Web: &v1alpha1.WebMetric{URL: base + "/v1/verdicts/ca-0"}}}
	if got := provider(t, m).Run(&v1alpha1.AnalysisRun{}, m); got.Phase != v1alpha1.AnalysisPhaseError {
		t.Errorf("an unknown run: %s %s, want Error", got.Phase, got.Value)
	}
}

// TestArgoNames: what the examples refer to is what the templates are called,
// and every argument is one that the template takes.
func TestArgoNames(t *testing.T) {
	var r v1alpha1.Rollout
	readStrict(t, "argo/rollout.yaml", &r)
	var steps []v1alpha1.CanaryStep
	readStrict(t, "argo/experiment.yaml", &steps)
	inRollout, inExperiment := r.Spec.Strategy.Canary.Analysis, steps[0].Experiment.Analyses[0]
	for _, c := range []struct {
		path, name string
		args       []v1alpha1.AnalysisRunArgument
	}{
		{"argo/analysistemplate-web.yaml", inRollout.Templates[0].TemplateName, inRollout.Args},
		{"argo/analysistemplate-kayenta.yaml", inExperiment.TemplateName, inExperiment.Args},
	} {
		var template v1alpha1.AnalysisTemplate
		readStrict(t, c.path, &template)
		if template.Name != c.name {
			t.Errorf("%s is called %q, its example asks for %q", c.path, template.Name, c.name)
		}
		given := map[string]bool{}
		for _, a := range c.args {
			given[a.Name] = true
		}
		for _, a := range template.Spec.Args {
			if a.Value == nil && !given[a.Name] {
				t.Errorf("%s: the example leaves %s out", c.path, a.Name)
			}
			delete(given, a.Name)
		}
		for name := range given {
			t.Errorf("%s does not take %s", c.path, name)
		}
	}
}

// startAtDeploy makes the run one of the past hour, so that the test need not
// wait one. A pipeline leaves the start out: it is now.
func startAtDeploy(t *testing.T, m *v1alpha1.Metric) {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(m.Provider.Web.JSONBody, &body); err != nil {
		t.Fatal(err)
	}
	body["spec"].(map[string]any)["start"] = deployTime()
	m.Provider.Web.JSONBody, _ = json.Marshal(body) // It was JSON.
}

// started is when the world was made.
var started = time.Now()

func deployTime() string {
	return started.Add(-deployed).UTC().Truncate(time.Second).Format(time.RFC3339)
}

func TestArgoPrometheus(t *testing.T) {
	for _, c := range argoCases {
		t.Run(c.service, func(t *testing.T) {
			finalAnswer(t, c.service) // The run this template only reads.
			m := argoMetric(t, "argo/analysistemplate-prometheus.yaml", arg("key", "argo/argo/"+c.service+"/"+canaryHash+"/3"))
			want := map[string]string{"PASS": "[1]", "FAIL": "[-1]", "NO_DATA": "[-2]"}[c.verdict]
			got, _ := measure(t, m, func(m v1alpha1.Measurement) bool { return m.Value == want })
			if got.Phase != c.phase {
				t.Errorf("value %s is %s, want %s", got.Value, got.Phase, c.phase)
			}
		})
	}
	m := argoMetric(t, "argo/analysistemplate-prometheus.yaml", arg("key", "nobody started this"))
	got, _ := measure(t, m, func(v1alpha1.Measurement) bool { return true })
	if got.Phase != v1alpha1.AnalysisPhaseInconclusive {
		t.Errorf("a run that is not there: %s %s, want Inconclusive", got.Phase, got.Value)
	}
}
