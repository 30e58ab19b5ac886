package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	templateutil "github.com/argoproj/argo-rollouts/utils/template"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// experimentArgs are the arguments that Argo makes of deploy/argo/experiment.yaml
// for an experiment of the last hour. The ReplicaSets are those of the world.
func experimentArgs(t *testing.T, service string) []v1alpha1.Argument {
	t.Helper()
	var steps []v1alpha1.CanaryStep
	readStrict(t, "argo/experiment.yaml", &steps)
	e := steps[0].Experiment
	deploy, err := time.Parse(time.RFC3339, deployTime())
	if err != nil {
		t.Fatal(err)
	}
	at := metav1.NewTime(deploy)
	ex := &v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{Duration: e.Duration}, Status: v1alpha1.ExperimentStatus{AvailableAt: &at}}
	sets := map[string]*appsv1.ReplicaSet{}
	for name, hash := range map[string]string{"stable": stableHash, "canary": canaryHash} {
		ex.Spec.Templates = append(ex.Spec.Templates, v1alpha1.TemplateSpec{Name: name})
		sets[name] = &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: service + "-" + hash}}
	}
	var out []v1alpha1.Argument
	for _, a := range e.Analyses[0].Args {
		value, err := templateutil.ResolveExperimentArgsValue(a.Value, ex, sets)
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		if a.Name == "namespace" {
			value = "argo"
		}
		out = append(out, arg(a.Name, value))
	}
	return out
}

// storeConfig stores deploy/argo/canaryconfig.json, judged by the judge.
func storeConfig(t *testing.T, name, judge string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "argo", "canaryconfig.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	config["name"] = name
	if judge != "" {
		config["judge"] = map[string]any{"name": judge, "judgeConfigurations": map[string]any{}}
	}
	text, _ = json.Marshal(config) // It was JSON.
	r, err := http.Post(base+"/canaryConfig", "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", r.Status, body)
	}
}

func TestArgoKayenta(t *testing.T) {
	storeConfig(t, "bellwether", "")
	storeConfig(t, "strict", "NetflixACAJudge-v1.0")
	for _, c := range []struct {
		service, config string
		phase           v1alpha1.AnalysisPhase
		score           string // Empty: any.
	}{
		{"healthy", "bellwether", v1alpha1.AnalysisPhaseSuccessful, "100"},
		{"sick", "bellwether", v1alpha1.AnalysisPhaseFailed, "0"},
		{"silent", "bellwether", v1alpha1.AnalysisPhaseFailed, "0"},
		{"sick", "strict", v1alpha1.AnalysisPhaseFailed, "0"},
		{"silent", "strict", v1alpha1.AnalysisPhaseFailed, "0"},
	} {
		t.Run(c.service+" "+c.config, func(t *testing.T) {
			m := argoMetric(t, "argo/analysistemplate-kayenta.yaml", experimentArgs(t, c.service)...)
			m.Provider.Kayenta.CanaryConfigName = c.config
			p, run := provider(t, m), &v1alpha1.AnalysisRun{}
			got := p.Run(run, m)
			if got.Phase != v1alpha1.AnalysisPhaseRunning {
				t.Fatalf("begun as %s: %s", got.Phase, got.Message)
			}
			for n := 0; got.Phase == v1alpha1.AnalysisPhaseRunning; n++ {
				if n == 300 {
					t.Fatal("300 questions were not enough")
				}
				time.Sleep(100 * time.Millisecond)
				got = p.Resume(run, m, got)
			}
			t.Logf("%s, score %s %s: %s", got.Phase, got.Value, got.Message, reasonOf(t, got.Metadata["canaryExecutionId"]))
			if got.Phase != c.phase || c.score != "" && got.Value != c.score {
				t.Errorf("%s with score %s (%s), want %s with %s", got.Phase, got.Value, got.Message, c.phase, c.score)
			}
		})
	}
	m := argoMetric(t, "argo/analysistemplate-kayenta.yaml", experimentArgs(t, "healthy")...)
	m.Provider.Kayenta.CanaryConfigName = "nobody stored this"
	if got := provider(t, m).Run(&v1alpha1.AnalysisRun{}, m); got.Phase != v1alpha1.AnalysisPhaseError {
		t.Errorf("an unknown config: %s", got.Phase)
	}
}

// reasonOf reads why an execution has its score, which Argo does not show.
func reasonOf(t *testing.T, id string) string {
	t.Helper()
	r, err := http.Get(base + "/canary/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var body struct {
		Result struct {
			JudgeResult struct {
				Score struct{ ClassificationReason string }
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body.Result.JudgeResult.Score.ClassificationReason
}
