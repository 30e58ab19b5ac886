package conformance

import (
	"testing"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
)

// The limits of the templates: what Argo makes of a row of measurements. Its
// controller cannot be linked beside Flagger (they need different Kubernetes
// libraries), so its rules are told here in short, from assessMetricStatus and
// assessMetricFailureInconclusiveOrError of analysis/analysis.go, v1.8.3.

// assess is the phase of a metric after the measurements.
func assess(m v1alpha1.Metric, measured []v1alpha1.AnalysisPhase) v1alpha1.AnalysisPhase {
	counts := map[v1alpha1.AnalysisPhase]int{}
	errors, successes := 0, 0 // In a row.
	for _, p := range measured {
		counts[p]++
		switch p {
		case v1alpha1.AnalysisPhaseError:
			errors, successes = errors+1, 0
		case v1alpha1.AnalysisPhaseSuccessful:
			errors, successes = 0, successes+1
		default:
			errors, successes = 0, 0
		}
	}
	switch {
	case errors > m.ConsecutiveErrorLimit.IntValue():
		return v1alpha1.AnalysisPhaseError
	case counts[v1alpha1.AnalysisPhaseInconclusive] > m.InconclusiveLimit.IntValue():
		return v1alpha1.AnalysisPhaseInconclusive
	case counts[v1alpha1.AnalysisPhaseFailed] > m.FailureLimit.IntValue():
		return v1alpha1.AnalysisPhaseFailed
	case successes >= m.ConsecutiveSuccessLimit.IntValue():
		return v1alpha1.AnalysisPhaseSuccessful
	case len(measured)-counts[v1alpha1.AnalysisPhaseError] >= m.Count.IntValue():
		return v1alpha1.AnalysisPhaseInconclusive
	}
	return v1alpha1.AnalysisPhaseRunning
}

func TestArgoLimits(t *testing.T) {
	const (
		ok  = v1alpha1.AnalysisPhaseSuccessful
		bad = v1alpha1.AnalysisPhaseFailed
		not = v1alpha1.AnalysisPhaseInconclusive
		err = v1alpha1.AnalysisPhaseError
		run = v1alpha1.AnalysisPhaseRunning
	)
	row := func(n int, p v1alpha1.AnalysisPhase, then ...v1alpha1.AnalysisPhase) (out []v1alpha1.AnalysisPhase) {
		for range n {
			out = append(out, p)
		}
		return append(out, then...)
	}
	for _, m := range []v1alpha1.Metric{
		argoMetric(t, "argo/analysistemplate-web.yaml", rolloutArgs(t, "healthy")...),
		argoMetric(t, "argo/analysistemplate-prometheus.yaml", arg("key", "k")),
	} {
		for name, c := range map[string]struct {
			measured []v1alpha1.AnalysisPhase
			want     v1alpha1.AnalysisPhase
		}{
			"PASS at once":                      {row(1, ok), ok},
			"FAIL at once":                      {row(1, bad), bad},
			"undecided for an hour":             {row(60, not), run},
			"PASS late":                         {row(60, not, ok), ok},
			"FAIL late":                         {row(60, not, bad), bad},
			"PASS at the last":                  {row(64, not, ok), ok},
			"never decided is never a pass":     {row(65, not), not},
			"a restart of ours":                 {row(30, err), run},
			"a restart, then PASS":              {row(30, err, not, ok), ok},
			"gone for good":                     {row(31, err), err},
			"undecided, with restarts":          {append(row(40, not), row(20, err)...), run},
			"never decided, with a restart too": {append(row(40, not), row(20, err, row(25, not)...)...), not},
		} {
			if got := assess(m, c.measured); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
	}
}
