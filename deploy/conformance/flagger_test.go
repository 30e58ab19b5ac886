package conformance

import (
	"errors"
	"math"
	"strings"
	"testing"

	flaggerv1 "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"
	"github.com/fluxcd/flagger/pkg/controller"
	"github.com/fluxcd/flagger/pkg/metrics/observers"
	"github.com/fluxcd/flagger/pkg/metrics/providers"
	"go.uber.org/zap"
)

// Flagger: the hooks of deploy/flagger/canary.yaml by Flagger's own webhook
// client, the MetricTemplate by its own provider.

const inCluster = "http://bellwether.bellwether:9480" // As the templates have it.

// flaggerCanary is the Canary of the template for a service.
func flaggerCanary(t *testing.T, service string) flaggerv1.Canary {
	t.Helper()
	var c flaggerv1.Canary
	readStrict(t, "flagger/canary.yaml", &c)
	c.Name, c.Namespace, c.Spec.TargetRef.Name = service, "flagger", service
	c.Status.LastAppliedSpec = "7c9b6d6f5"
	for i := range c.Spec.Analysis.Webhooks {
		w := &c.Spec.Analysis.Webhooks[i]
		if !strings.HasPrefix(w.URL, inCluster+"/") {
			t.Fatalf("hook %s has URL %s", w.Name, w.URL)
		}
		w.URL = base + strings.TrimPrefix(w.URL, inCluster)
		if m := w.Metadata; m != nil && (*m)["max_duration"] != "" {
			(*m)["spec"] = `{"start": "` + deployTime() + `"}` // As in startAtDeploy.
		}
	}
	return c
}

// call runs the hooks of one type as Flagger does; an error is a halt.
func call(t *testing.T, c flaggerv1.Canary, kind flaggerv1.HookType, phase flaggerv1.CanaryPhase) error {
	t.Helper()
	for _, w := range c.Spec.Analysis.Webhooks {
		if w.Type != kind {
			continue
		}
		var err error
		if kind == flaggerv1.EventHook {
			c.Status.Phase = phase
			err = controller.CallEventWebhook(&c, w, "New revision detected!", "Normal")
		} else {
			err = controller.CallWebhook(c, phase, w)
		}
		t.Logf("%s in %s: %v", kind, phase, err)
		return err
	}
	t.Fatalf("the template has no %s hook", kind)
	return nil
}

var flaggerCases = []struct {
	service                        string
	traffic, check, promote, rolls bool // Which hooks pass at the end.
	verdict                        float64
	fails                          bool // The metric check.
}{
	{service: "healthy", traffic: true, check: true, promote: true, verdict: 1},
	{service: "sick", rolls: true, verdict: -1, fails: true},
	{service: "silent", verdict: -2, fails: true},
}

func TestFlagger(t *testing.T) {
	for _, tc := range flaggerCases {
		t.Run(tc.service, func(t *testing.T) {
			c := flaggerCanary(t, tc.service)
			progressing := flaggerv1.CanaryPhaseProgressing
			passes := func(kind flaggerv1.HookType, phase flaggerv1.CanaryPhase, want bool) {
				t.Helper()
				err := call(t, c, kind, phase)
				if (err == nil) != want {
					t.Errorf("%s in %s: %v, want pass=%v", kind, phase, err, want)
				}
				if err != nil && len(err.Error()) < 20 {
					t.Errorf("%s in %s: %q does not say why", kind, phase, err)
				}
			}
			passes(flaggerv1.ConfirmRolloutHook, flaggerv1.CanaryPhaseInitialized, true)
			passes(flaggerv1.EventHook, progressing, true)
			passes(flaggerv1.RollbackHook, progressing, false)
			_ = call(t, c, flaggerv1.ConfirmTrafficIncreaseHook, progressing) // Starts the run; what it says depends on how fast that looks.
			if err := eventually("the verdict", func() error { return decidedAs(t, c, tc.verdict) }); err != nil {
				t.Fatal(err)
			}
			other := flaggerCanary(t, tc.service)
			for i := range other.Spec.Analysis.Webhooks {
				if m := other.Spec.Analysis.Webhooks[i].Metadata; m != nil && (*m)["max_duration"] != "" {
					(*m)["max_duration"] = "30m"
				}
			}
			if err := call(t, other, flaggerv1.RolloutHook, progressing); err == nil || !strings.Contains(err.Error(), "same metadata") {
				t.Errorf("a gate with other settings: %v", err)
			}
			passes(flaggerv1.ConfirmTrafficIncreaseHook, progressing, tc.traffic)
			passes(flaggerv1.RolloutHook, progressing, tc.check)
			passes(flaggerv1.ConfirmPromotionHook, progressing, tc.promote)
			passes(flaggerv1.RollbackHook, progressing, tc.rolls)
			passes(flaggerv1.RollbackHook, flaggerv1.CanaryPhaseWaitingPromotion, tc.rolls)
			if _, fails := checkMetric(t, c); fails != tc.fails {
				t.Errorf("the metric check fails: %v, want %v", fails, tc.fails)
			}
			passes(flaggerv1.PostRolloutHook, flaggerv1.CanaryPhaseSucceeded, true)
			// The same version once more: the old verdict is no longer said.
			passes(flaggerv1.RollbackHook, progressing, false)
		})
	}
}

func decidedAs(t *testing.T, c flaggerv1.Canary, verdict float64) error {
	v, _ := checkMetric(t, c)
	if v != verdict {
		return errors.New("not yet")
	}
	return nil
}

// checkMetric does what Flagger does for one metric of a Canary: render the
// template, ask, compare. The value is NaN where there is none.
func checkMetric(t *testing.T, c flaggerv1.Canary) (value float64, fails bool) {
	t.Helper()
	var template flaggerv1.MetricTemplate
	readStrict(t, "flagger/metrictemplate.yaml", &template)
	if got := template.Spec.Provider.Address; got != inCluster {
		t.Fatalf("the template asks %s", got)
	}
	template.Spec.Provider.Address = base
	m := c.Spec.Analysis.Metrics[0]
	if m.TemplateRef.Name != template.Name || m.ThresholdRange == nil {
		t.Fatalf("metric %+v does not use template %s with a range", m, template.Name)
	}
	p, err := providers.NewFactory(zap.NewNop().Sugar()).Provider(m.Interval, template.Spec.Provider, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := p.IsOnline(); !ok || err != nil {
		t.Fatalf("not online: %v", err)
	}
	query, err := observers.RenderQuery(template.Spec.Query, flaggerv1.MetricTemplateModel{Name: c.Name, Namespace: c.Namespace, Target: c.Spec.TargetRef.Name, Interval: m.Interval})
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.RunQuery(query)
	if errors.Is(err, providers.ErrNoValuesFound) {
		return math.NaN(), true
	}
	if err != nil {
		t.Fatal(err)
	}
	r := m.ThresholdRange
	return v, r.Min != nil && v < *r.Min || r.Max != nil && v > *r.Max
}

func TestFlaggerWithoutRun(t *testing.T) {
	c := flaggerCanary(t, "nobody")
	if v, fails := checkMetric(t, c); !math.IsNaN(v) || !fails {
		t.Errorf("no run is %v, fails %v: silence must be a failed check", v, fails)
	}
	// What the template gets wrong is said where Flagger logs it.
	for i, w := range c.Spec.Analysis.Webhooks {
		if w.Type == flaggerv1.RolloutHook {
			(*c.Spec.Analysis.Webhooks[i].Metadata)["max_durations"] = "1h"
		}
	}
	if err := call(t, c, flaggerv1.RolloutHook, flaggerv1.CanaryPhaseProgressing); err == nil || !strings.Contains(err.Error(), `"max_durations"`) {
		t.Errorf("a field nobody knows: %v", err)
	}
}
