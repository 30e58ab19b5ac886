package kayenta

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// The part of Kayenta's request the judge reads. Everything else in it
// (queries, templates, timestamps) is carried by others.

// Request is the body of POST {base}/judge.
type Request struct {
	CanaryConfig      Config      `json:"canaryConfig"`
	ScoreThresholds   *Thresholds `json:"scoreThresholds"`
	MetricSetPairList []Pair      `json:"metricSetPairList"`
}

// Config is the part of a canaryConfig that is judged and fetched.
type Config struct {
	Name  string `json:"name"`
	Judge struct {
		Name           string         `json:"name"`
		Configurations map[string]any `json:"judgeConfigurations"`
	} `json:"judge"`
	Metrics    []Metric `json:"metrics"`
	Classifier struct {
		GroupWeights    map[string]float64 `json:"groupWeights"`
		ScoreThresholds *Thresholds        `json:"scoreThresholds"`
	} `json:"classifier"`
	Templates Templates `json:"templates"`
}

// Templates are the filter templates of a config by name. One that is not
// text is left out, since the judge reads none; a query that names it says so.
type Templates map[string]string

// UnmarshalJSON reads what it can; it does not fail.
func (t *Templates) UnmarshalJSON(data []byte) error {
	var raw map[string]any
	if json.Unmarshal(data, &raw) != nil || raw == nil {
		return nil
	}
	*t = Templates{}
	for k, v := range raw {
		if text, ok := v.(string); ok {
			(*t)[k] = text
		}
	}
	return nil
}

// JudgeName is the judge the config asks for. Behind Kayenta's remote judge the
// name is taken by the way here, so judgeConfigurations.judge may say which of
// ours is meant.
func (c Config) JudgeName() string {
	if name, ok := c.Judge.Configurations["judge"].(string); ok && (c.Judge.Name == "" || c.Judge.Name == remote) {
		return name
	}
	return c.Judge.Name
}

// remote is the name of Kayenta's judge that asks another.
const remote = "RemoteJudge-v1.0"

// Metric is one metric of a canaryConfig.
type Metric struct {
	Name                   string                    `json:"name"`
	Query                  json.RawMessage           `json:"query,omitempty"` // Its fields depend on the metric store; Config.PromQL reads Prometheus's.
	Groups                 []string                  `json:"groups"`
	AnalysisConfigurations map[string]map[string]any `json:"analysisConfigurations"`
	ScopeName              string                    `json:"scopeName"`
}

// Thresholds are the scores that pass and that are marginal.
type Thresholds struct {
	Pass     *float64 `json:"pass"`
	Marginal *float64 `json:"marginal"`
}

// maxPairs bounds a request.
const maxPairs = 20_000

// ParseRequest reads a RemoteJudge request and checks that the judge can
// run on it.
func ParseRequest(data []byte) (Request, error) {
	var r Request
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("cannot read Kayenta request: %w; send {\"canaryConfig\",\"scoreThresholds\",\"metricSetPairList\"}", err)
	}
	var errs []error
	if t := r.ScoreThresholds; t == nil || t.Pass == nil || t.Marginal == nil {
		errs = append(errs, errors.New("cannot judge without scoreThresholds.pass and scoreThresholds.marginal: name both, from 0 to 100"))
	}
	if r.MetricSetPairList == nil {
		errs = append(errs, errors.New("cannot judge without metricSetPairList: send [] if there are no metrics"))
	}
	if n := len(r.MetricSetPairList); n > maxPairs {
		errs = append(errs, fmt.Errorf("cannot judge %d metric pairs: the limit is %d; split the request", n, maxPairs))
	}
	return r, errors.Join(errs...)
}

// settings are one metric's analysis settings with defaults filled in.
type settings struct {
	increase, decrease bool // Directions that count as failures.
	replaceNaN         bool
	removeOutliers     bool
	outlierFactor      float64
	critical           bool
	mustHaveData       bool
	muted              bool
	cles               bool // Effect measured as P(X>Y), else as the ratio of means.

	allowedIncrease, allowedDecrease   float64
	criticalIncrease, criticalDecrease float64
}

// settingReader looks settings up by path and keeps the first error, as the
// judge would have thrown it.
type settingReader struct {
	metric string
	root   any
	err    error
}

func (r *settingReader) get(path ...string) (any, bool) {
	at := r.root
	for _, p := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = m[p]; !ok {
			return nil, false
		}
	}
	return at, true
}

func (r *settingReader) fail(v any, want string, path []string) {
	if r.err == nil {
		r.err = fmt.Errorf("cannot read setting %v of metric %q: %v is no %s; Kayenta's judge refuses it too", path, r.metric, v, want)
	}
}

func (r *settingReader) text(def string, path ...string) string {
	v, ok := r.get(path...)
	if !ok {
		return def
	}
	if v == nil {
		r.fail(v, "text", path)
		return def
	}
	return fmt.Sprint(v)
}

func (r *settingReader) flag(path ...string) bool {
	v, ok := r.get(path...)
	if !ok {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		r.fail(v, "boolean", path)
	}
	return b
}

func (r *settingReader) number(def float64, path ...string) float64 {
	v, ok := r.get(path...)
	if !ok {
		return def
	}
	f, ok := v.(float64)
	if !ok {
		r.fail(v, "number", path)
		return def
	}
	return f
}

// settings reads analysisConfigurations.canary of a metric.
func (m Metric) settings() (settings, error) {
	r := &settingReader{metric: m.Name, root: map[string]any(m.AnalysisConfigurations["canary"])}
	direction := r.text("either", "direction")
	s := settings{
		increase:       direction != "decrease",
		decrease:       direction != "increase",
		replaceNaN:     r.text("none", "nanStrategy") == "replace",
		removeOutliers: r.text("none", "outliers", "strategy") == "remove",
		outlierFactor:  r.number(3, "outliers", "outlierFactor"),
		critical:       r.flag("critical"),
		mustHaveData:   r.flag("mustHaveData"),
		muted:          r.flag("muted"),
		cles:           r.text("meanRatio", "effectSize", "measure") == "cles",
	}
	def := 1.0
	if s.cles {
		def = 0.5
	}
	s.allowedIncrease = r.number(def, "effectSize", "allowedIncrease")
	s.allowedDecrease = r.number(def, "effectSize", "allowedDecrease")
	s.criticalIncrease = r.number(def, "effectSize", "criticalIncrease")
	s.criticalDecrease = r.number(def, "effectSize", "criticalDecrease")
	if r.err == nil && s.removeOutliers && !(s.outlierFactor > 0) {
		r.err = fmt.Errorf("cannot remove outliers of metric %q with outlierFactor %v: it must be above 0", m.Name, s.outlierFactor)
	}
	return s, r.err
}

// clean applies the NaN and outlier strategies to one side.
func (s settings) clean(values []float64) []float64 {
	out := make([]float64, 0, len(values))
	for _, v := range values {
		switch {
		case !math.IsNaN(v):
			out = append(out, v)
		case s.replaceNaN:
			out = append(out, 0)
		}
	}
	if !s.removeOutliers {
		return out
	}
	return withoutOutliers(out, IQR(out, s.outlierFactor, true))
}
