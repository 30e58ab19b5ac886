package kayenta

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/strict"
)

// From a canaryConfig to a run of ours. The two do not say the same things, so
// every field that has no counterpart is named, and a field that nobody knows is
// an error: a misspelt one changes what is judged.

// RunSpec is what a run of ours compares, field for field as the API has it
// (CanarySpec, POST /v1/canaries).
type RunSpec struct {
	Name     string      `json:"name,omitempty" yaml:"name,omitempty"`
	Baseline string      `json:"baseline,omitempty" yaml:"baseline,omitempty"` // Matchers.
	Canary   string      `json:"canary,omitempty" yaml:"canary,omitempty"`     // Matchers.
	Metrics  []RunMetric `json:"metrics,omitempty" yaml:"metrics,omitempty"`
	Policy   *RunPolicy  `json:"policy,omitempty" yaml:"policy,omitempty"`
}

// RunMetric is one comparison of a run.
type RunMetric struct {
	Name      string  `json:"name" yaml:"name"`
	Query     string  `json:"query" yaml:"query"` // PromQL with $side where the side's matchers go.
	Kind      string  `json:"kind,omitempty" yaml:"kind,omitempty"`
	Direction string  `json:"direction,omitempty" yaml:"direction,omitempty"` // BAD_DIRECTION_INCREASE, _DECREASE, _EITHER.
	MinEffect float64 `json:"min_effect,omitempty" yaml:"min_effect,omitempty"`
	Critical  bool    `json:"critical,omitempty" yaml:"critical,omitempty"`
}

// RunPolicy names the judge of a run.
type RunPolicy struct {
	Judge string `json:"judge,omitempty" yaml:"judge,omitempty"`
}

// Import is an imported config.
type Import struct {
	Spec RunSpec
	Left []string // What was not carried over, a field and why in each line.
}

// Sides are the scopes of both sides, which Kayenta is given with each
// run and ours keeps in the spec. Empty ones become CONTROL_SCOPE and
// EXPERIMENT_SCOPE, to be filled in.
type Sides struct {
	Control, Experiment Scope
}

// placeholders stand in an imported spec for scopes not given.
var placeholders = [2]Scope{
	{Scope: "CONTROL_SCOPE", Location: "CONTROL_LOCATION"},
	{Scope: "EXPERIMENT_SCOPE", Location: "EXPERIMENT_LOCATION"},
}

// ImportConfig reads a canaryConfig strictly and writes it as a run. The
// error lists every unknown or unreadable field; what is understood but has no
// counterpart is in Left.
func ImportConfig(data []byte, sides Sides) (Import, error) {
	d := &strict.Reader{}
	var cfg Config
	raw := checkConfig(d, data)
	if d.Failures() == 0 {
		if err := json.Unmarshal(data, &cfg); err != nil {
			d.Failf("cannot read canary config: %w", err)
		}
	}
	if d.Failures() > 0 {
		return Import{}, d.Err()
	}
	im := &importer{cfg: cfg}
	im.out.Spec.Name = cfg.Name
	im.head(raw)
	im.metrics()
	im.sides(sides)
	return im.out, nil
}

// The fields of a canaryConfig, the ones of older versions included.
var (
	configFields = []string{"name", "id", "description", "configVersion", "applications", "judge", "metrics", "templates", "classifier",
		"createdTimestamp", "createdTimestampIso", "updatedTimestamp", "updatedTimestampIso", "isNew", "owner"}
	metricFields   = []string{"name", "query", "groups", "analysisConfigurations", "scopeName", "id"}
	queryFields    = []string{"type", "serviceType", "metricName", "labelBindings", "groupByFields", "resourceType", "customInlineTemplate", "customFilterTemplate", "customFilter"}
	analysisFields = []string{"direction", "nanStrategy", "critical", "mustHaveData", "muted", "effectSize", "outliers"}
	effectFields   = []string{"measure", "allowedIncrease", "allowedDecrease", "criticalIncrease", "criticalDecrease"}
	outlierFields  = []string{"strategy", "outlierFactor"}
)

// checkConfig walks a config and reports every unknown field.
func checkConfig(d *strict.Reader, data []byte) map[string]json.RawMessage {
	top := d.Object("canary config", data, configFields...)
	if raw, ok := top["judge"]; ok {
		d.Object("judge", raw, "name", "judgeConfigurations")
	}
	if raw, ok := top["classifier"]; ok {
		c := d.Object("classifier", raw, "groupWeights", "scoreThresholds")
		if raw, ok := c["scoreThresholds"]; ok && string(raw) != "null" {
			d.Object("classifier.scoreThresholds", raw, "pass", "marginal")
		}
	}
	var metrics []json.RawMessage
	if raw, ok := top["metrics"]; ok {
		if err := json.Unmarshal(raw, &metrics); err != nil {
			d.Failf("cannot read metrics: %w; expected an array", err)
		}
	}
	if len(metrics) > maxRunSpecMetrics {
		d.Failf("cannot import %d metrics: a run compares at most %d; split the config", len(metrics), maxRunSpecMetrics)
		return top
	}
	for i, raw := range metrics {
		checkMetric(d, fmt.Sprintf("metrics[%d]", i), raw)
	}
	return top
}

// maxRunSpecMetrics is what one run compares at most.
const maxRunSpecMetrics = 200

func checkMetric(d *strict.Reader, at string, raw json.RawMessage) {
	m := d.Object(at, raw, metricFields...)
	if raw, ok := m["query"]; ok {
		var head struct {
			Type        string `json:"type"`
			ServiceType string `json:"serviceType"`
		}
		// Another store's query has fields of its own; it is left out by name later.
		if json.Unmarshal(raw, &head) == nil && (head.Type == "" || head.Type == "prometheus") && (head.ServiceType == "" || head.ServiceType == "prometheus") {
			d.Object(at+".query", raw, queryFields...)
		}
	}
	if raw, ok := m["analysisConfigurations"]; ok && string(raw) != "null" {
		a := d.Object(at+".analysisConfigurations", raw, "canary")
		if raw, ok := a["canary"]; ok {
			at += ".analysisConfigurations.canary"
			c := d.Object(at, raw, analysisFields...)
			if raw, ok := c["effectSize"]; ok {
				d.Object(at+".effectSize", raw, effectFields...)
			}
			if raw, ok := c["outliers"]; ok {
				d.Object(at+".outliers", raw, outlierFields...)
			}
		}
	}
}

// importer carries a config over.
type importer struct {
	cfg   Config
	out   Import
	forms []string // The side form of each carried metric.
}

func (im *importer) left(format string, args ...any) {
	im.out.Left = append(im.out.Left, fmt.Sprintf(format, args...))
}

// head carries over what is not about a metric.
func (im *importer) head(raw map[string]json.RawMessage) {
	for _, f := range []string{"id", "description", "applications", "owner"} {
		if v := string(raw[f]); v != "" && v != "null" && v != `""` && v != "[]" {
			im.left("%s: a run has none; it is known by its name", f)
		}
	}
	switch name := im.cfg.JudgeName(); name {
	case NativeJudgeName:
	case "", JudgeName:
		im.left("judge %s: the run is judged by the native judge; send the config to the Kayenta REST to keep that judge", JudgeName)
	default:
		im.left("judge %q: the run is judged by the native judge", name)
	}
	if len(im.cfg.Classifier.GroupWeights) > 0 {
		im.left("classifier.groupWeights: a verdict is no weighted score; every metric must pass")
	}
	if im.cfg.Classifier.ScoreThresholds != nil {
		im.left("classifier.scoreThresholds: a verdict is PASS, FAIL or INCONCLUSIVE, not a score")
	}
	for _, name := range slices.Sorted(maps.Keys(im.cfg.Templates)) {
		if !slices.ContainsFunc(im.cfg.Metrics, func(m Metric) bool {
			q, err := m.promQuery()
			return err == nil && q.CustomFilterTemplate == name
		}) {
			im.left("templates.%s: no metric uses it", name)
		}
	}
}

// metrics carries the metrics over.
func (im *importer) metrics() {
	for i, m := range im.cfg.Metrics {
		at := fmt.Sprintf("metrics[%d] %q", i, m.Name)
		set, err := m.settings()
		if err != nil {
			im.left("%s: %v", at, err)
			continue
		}
		if set.muted {
			im.left("%s: muted, and a run has no metrics that do not count", at)
			continue
		}
		symbolic, err := im.cfg.PromQL(ungrouped(m), symbolicScope, "")
		if err != nil {
			im.left("%s: %v", at, err)
			continue
		}
		query, form, err := splitSides(symbolic)
		if err != nil {
			im.left("%s: %v", at, err)
			continue
		}
		im.unported(at, m, set)
		im.out.Spec.Metrics = append(im.out.Spec.Metrics, RunMetric{
			Name: m.Name, Query: query, Critical: set.critical,
			Direction: "BAD_DIRECTION_" + strings.ToUpper(string(set.direction())),
		})
		im.forms = append(im.forms, form)
	}
}

// ungrouped is the metric without groupByFields.
func ungrouped(m Metric) Metric {
	q, err := m.promQuery()
	if err != nil || len(q.GroupByFields) == 0 {
		return m // PromQL says what is wrong with it.
	}
	q.GroupByFields = nil
	if raw, err := json.Marshal(q); err == nil {
		m.Query = raw
	}
	return m
}

// unported names the settings of a carried metric that stay behind.
func (im *importer) unported(at string, m Metric, set settings) {
	for _, n := range set.unported() {
		im.left("%s: %s", at, n)
	}
	r := &settingReader{metric: m.Name, root: map[string]any(m.AnalysisConfigurations["canary"])}
	for _, f := range []string{"allowedIncrease", "allowedDecrease"} {
		if v, ok := r.get("effectSize", f); ok {
			im.left("%s: effectSize.%s %v is a ratio; write min_effect as a size in the metric's unit", at, f, v)
		}
	}
	for _, f := range []string{"criticalIncrease", "criticalDecrease"} {
		if v, ok := r.get("effectSize", f); ok {
			im.left("%s: effectSize.%s %v: a critical metric fails the canary at any change shown to be worse", at, f, v)
		}
	}
	if set.mustHaveData {
		im.left("%s: mustHaveData is always so: no data is never a pass", at)
	}
	if len(m.Groups) > 0 && len(im.cfg.Classifier.GroupWeights) == 0 {
		im.left("%s: groups %v: a verdict has no groups", at, m.Groups)
	}
	if q, err := m.promQuery(); err == nil && len(q.GroupByFields) > 0 {
		im.left("%s: groupByFields %v: a run compares one series a side, so they are averaged over", at, q.GroupByFields)
	}
}

// sides writes baseline and canary from the form most metrics share; metrics of
// another form are left out, since a run has one pair of sides.
func (im *importer) sides(s Sides) {
	count := map[string]int{}
	best := ""
	for _, f := range im.forms {
		if count[f]++; best == "" || count[f] > count[best] {
			best = f
		}
	}
	kept := im.out.Spec.Metrics[:0]
	for i, m := range im.out.Spec.Metrics {
		if im.forms[i] != best {
			im.left("metric %q: it names its sides by %s, the others by %s, and a run has one pair of sides", m.Name, plainForm(im.forms[i]), plainForm(best))
			continue
		}
		kept = append(kept, m)
	}
	im.out.Spec.Metrics = kept
	if best == "" {
		return
	}
	for i, side := range []struct {
		s  Scope
		to *string
	}{{s.Control, &im.out.Spec.Baseline}, {s.Experiment, &im.out.Spec.Canary}} {
		if side.s.Scope == "" {
			side.s.Scope = placeholders[i].Scope
			im.left("%s: fill it in; a run names its sides itself", side.s.Scope)
		}
		if side.s.Location == "" && strings.Contains(best, markLocation) {
			side.s.Location = placeholders[i].Location
			im.left("%s: fill it in; a run names its sides itself", side.s.Location)
		}
		*side.to = fillForm(best, side.s)
	}
}
