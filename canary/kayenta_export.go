package canary

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// From a run of ours back to a canaryConfig: each query becomes a PromQL
// template in which ${scope} stands where the sides differ.

// KayentaExport is an exported config.
type KayentaExport struct {
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

// ExportKayentaConfig reads the JSON of a run, bare or as {"spec": ...}, strictly
// and writes it as a canaryConfig for the named judge; NetflixACAJudge-v1.0 when
// empty.
func ExportKayentaConfig(data []byte, judge string) (KayentaExport, error) {
	d := &decoder{}
	var head map[string]json.RawMessage
	if json.Unmarshal(data, &head) == nil && head["spec"] != nil {
		d.object("request", data, "spec", "key")
		data = head["spec"]
	}
	top := d.object("run", data, runFields...)
	var items []json.RawMessage
	if raw, ok := top["metrics"]; ok {
		if err := json.Unmarshal(raw, &items); err != nil {
			d.fail("cannot read metrics: %w; expected an array", err)
		}
	}
	for i, raw := range items {
		d.object(fmt.Sprintf("metrics[%d]", i), raw, runMetricFields...)
	}
	var spec RunSpec
	if len(d.errs) == 0 {
		if err := json.Unmarshal(data, &spec); err != nil {
			d.fail("cannot read run: %w", err)
		}
		if len(spec.Metrics) == 0 {
			d.fail("cannot export a run without metrics: those chosen by convention are known only on a server; list them")
		}
	}
	if len(d.errs) > 0 {
		return KayentaExport{}, errors.Join(d.errs...)
	}
	return spec.export(top, judge)
}

var notConfigName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// kayentaDocument is the JSON of a canaryConfig as it is written.
type kayentaDocument struct {
	Name          string                  `json:"name"`
	Description   string                  `json:"description"`
	ConfigVersion string                  `json:"configVersion"`
	Applications  []string                `json:"applications"`
	Judge         kayentaDocumentJudge    `json:"judge"`
	Metrics       []kayentaDocumentMetric `json:"metrics"`
	Templates     map[string]string       `json:"templates"`
	Classifier    map[string]any          `json:"classifier"`
}

type kayentaDocumentJudge struct {
	Name           string         `json:"name"`
	Configurations map[string]any `json:"judgeConfigurations"`
}

type kayentaDocumentMetric struct {
	Name      string           `json:"name"`
	Query     KayentaPromQuery `json:"query"`
	Groups    []string         `json:"groups"`
	Analysis  map[string]any   `json:"analysisConfigurations"`
	ScopeName string           `json:"scopeName"`
}

func (s RunSpec) export(raw map[string]json.RawMessage, judge string) (KayentaExport, error) {
	var out KayentaExport
	left := func(format string, args ...any) { out.Left = append(out.Left, fmt.Sprintf(format, args...)) }
	if judge == "" {
		judge = KayentaJudgeName
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
	doc := kayentaDocument{
		Name: name, Description: "Exported from Bellwether.", ConfigVersion: "1", Applications: []string{name},
		Judge: kayentaDocumentJudge{judge, map[string]any{}}, Templates: map[string]string{},
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
		return KayentaExport{}, errors.Join(errs...)
	}
	var err error
	if out.Config, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return KayentaExport{}, fmt.Errorf("cannot write canary config: %w", err)
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

func (m RunMetric) document(form string) kayentaDocumentMetric {
	direction := strings.ToLower(strings.TrimPrefix(m.Direction, "BAD_DIRECTION_"))
	if direction == "" || direction == "unspecified" {
		direction = string(Either)
	}
	settings := map[string]any{"direction": direction}
	if m.Critical {
		settings["critical"] = true
	}
	return kayentaDocumentMetric{
		Name: m.Name, Groups: []string{"metrics"}, ScopeName: "default", Analysis: map[string]any{"canary": settings},
		Query: KayentaPromQuery{Type: "prometheus", ServiceType: "prometheus", CustomInlineTemplate: promQLPrefix + strings.ReplaceAll(m.Query, sideMark, form)},
	}
}
