package kayenta

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/strict"
)

// From a run of ours back to a canaryConfig: each query becomes a PromQL
// template in which ${scope} stands where the sides differ.

// Export is an exported config.
type Export struct {
	Config              []byte // A canaryConfig, indented JSON.
	Control, Experiment string // The scopes to run it with.
	Left                []string
}

// The fields of a run (CanarySpec), and of its metrics.
var (
	runFields = []string{"name", "baseline", "canary", "metrics", "policy", "start", "max_duration", "look_every", "step", "history",
		"service", "warmup", "gates", "on_undecided", "previous", "offset"}
	runMetricFields = []string{"name", "query", "kind", "direction", "min_effect", "critical"}
)

// ExportConfig reads the JSON of a run, bare or as {"spec": ...}, strictly
// and writes it as a canaryConfig for the named judge; NetflixACAJudge-v1.0 when
// empty.
func ExportConfig(data []byte, judge string) (Export, error) {
	d := &strict.Reader{}
	var head map[string]json.RawMessage
	if json.Unmarshal(data, &head) == nil && head["spec"] != nil {
		d.Object("request", data, "spec", "key")
		data = head["spec"]
	}
	top := d.Object("run", data, runFields...)
	var items []json.RawMessage
	if raw, ok := top["metrics"]; ok {
		if err := json.Unmarshal(raw, &items); err != nil {
			d.Failf("cannot read metrics: %w; expected an array", err)
		}
	}
	for i, raw := range items {
		d.Object(fmt.Sprintf("metrics[%d]", i), raw, runMetricFields...)
	}
	var spec RunSpec
	if d.Failures() == 0 {
		if err := json.Unmarshal(data, &spec); err != nil {
			d.Failf("cannot read run: %w", err)
		}
		if len(spec.Metrics) == 0 {
			d.Failf("cannot export a run without metrics: those chosen by convention are known only on a server; list them")
		}
	}
	if d.Failures() > 0 {
		return Export{}, d.Err()
	}
	return spec.export(top, judge)
}

var notConfigName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// document is the JSON of a canaryConfig as it is written.
type document struct {
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	ConfigVersion string            `json:"configVersion"`
	Applications  []string          `json:"applications"`
	Judge         documentJudge     `json:"judge"`
	Metrics       []documentMetric  `json:"metrics"`
	Templates     map[string]string `json:"templates"`
	Classifier    map[string]any    `json:"classifier"`
}

type documentJudge struct {
	Name           string         `json:"name"`
	Configurations map[string]any `json:"judgeConfigurations"`
}

type documentMetric struct {
	Name      string         `json:"name"`
	Query     PromQuery      `json:"query"`
	Groups    []string       `json:"groups"`
	Analysis  map[string]any `json:"analysisConfigurations"`
	ScopeName string         `json:"scopeName"`
}

func (s RunSpec) export(raw map[string]json.RawMessage, judge string) (Export, error) {
	var out Export
	left := func(format string, args ...any) { out.Left = append(out.Left, fmt.Sprintf(format, args...)) }
	if judge == "" {
		judge = JudgeName
	}
	name := strings.Trim(notConfigName.ReplaceAllString(s.Name, "-"), "-")
	if name == "" {
		name = "canary"
	}
	if name != s.Name {
		left("name %q: Kayenta's names hold letters, digits, dashes and underscores, so it is %q", s.Name, name)
	}
	for _, f := range runFields {
		if _, set := raw[f]; set && f != "name" && f != "baseline" && f != "canary" && f != "metrics" {
			left("%s: a canaryConfig has none; %s", f, keptElsewhere[f])
		}
	}
	var form string
	form, out.Control, out.Experiment = commonForm(s.Baseline, s.Canary)
	doc := document{
		Name: name, Description: "Exported from Bellwether.", ConfigVersion: "1", Applications: []string{name},
		Judge: documentJudge{judge, map[string]any{}}, Templates: map[string]string{},
		Classifier: map[string]any{"groupWeights": map[string]float64{"metrics": 100}},
	}
	var errs []error
	for i, m := range s.Metrics {
		if !strings.Contains(m.Query, sideMark) {
			errs = append(errs, fmt.Errorf("cannot export metrics[%d] %q: its query has no %s, so both sides would be the same", i, m.Name, sideMark))
		}
		if m.MinEffect != 0 {
			left("metrics[%d] %q: min_effect %v is a size, effectSize.allowedIncrease a ratio", i, m.Name, m.MinEffect)
		}
		if m.Kind != "" {
			left("metrics[%d] %q: kind %s: Kayenta judges every metric as a level", i, m.Name, m.Kind)
		}
		doc.Metrics = append(doc.Metrics, m.document(form))
	}
	if errs != nil {
		return Export{}, errors.Join(errs...)
	}
	var err error
	if out.Config, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return Export{}, fmt.Errorf("cannot write canary config: %w", err)
	}
	return out, nil
}

// keptElsewhere says where Kayenta keeps what a run says about itself.
var keptElsewhere = map[string]string{
	"policy": "thresholds come with each execution", "start": "the window comes with each execution",
	"max_duration": "it is lifetimeDurationMins of a standalone analysis", "look_every": "it is analysisIntervalMins of a standalone analysis",
	"step": "it is the step of a scope", "history": "Kayenta's judge reads none", "service": "write it into the matchers",
	"warmup": "it is beginAfterMins of a standalone analysis", "gates": "keep an alert for the objective",
	"on_undecided": "Kayenta decides always", "previous": "it needs a baseline beside the canary", "offset": "it is controlOffsetInMinutes of a standalone analysis",
}

func (m RunMetric) document(form string) documentMetric {
	direction := strings.ToLower(strings.TrimPrefix(m.Direction, "BAD_DIRECTION_"))
	if direction == "" || direction == "unspecified" {
		direction = string(canary.Either)
	}
	settings := map[string]any{"direction": direction}
	if m.Critical {
		settings["critical"] = true
	}
	return documentMetric{
		Name: m.Name, Groups: []string{"metrics"}, ScopeName: "default", Analysis: map[string]any{"canary": settings},
		Query: PromQuery{Type: "prometheus", ServiceType: "prometheus", CustomInlineTemplate: promQLPrefix + strings.ReplaceAll(m.Query, sideMark, form)},
	}
}
