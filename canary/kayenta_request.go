package canary

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// The part of Kayenta's request the judge reads. Everything else in it
// (queries, templates, timestamps) is carried by others.

// KayentaRequest is the body of POST {base}/judge.
type KayentaRequest struct {
	CanaryConfig      KayentaConfig      `json:"canaryConfig"`
	ScoreThresholds   *KayentaThresholds `json:"scoreThresholds"`
	MetricSetPairList []KayentaPair      `json:"metricSetPairList"`
}

// KayentaConfig is the judged part of a canaryConfig.
type KayentaConfig struct {
	Name       string          `json:"name"`
	Metrics    []KayentaMetric `json:"metrics"`
	Classifier struct {
		GroupWeights map[string]float64 `json:"groupWeights"`
	} `json:"classifier"`
}

// KayentaMetric is one metric of a canaryConfig.
type KayentaMetric struct {
	Name                   string                    `json:"name"`
	Groups                 []string                  `json:"groups"`
	AnalysisConfigurations map[string]map[string]any `json:"analysisConfigurations"`
}

// KayentaThresholds are the scores that pass and that are marginal.
type KayentaThresholds struct {
	Pass     *float64 `json:"pass"`
	Marginal *float64 `json:"marginal"`
}

// KayentaPair is one metric's samples of both sides.
type KayentaPair struct {
	Name   string            `json:"name"`
	ID     string            `json:"id"`
	Tags   map[string]string `json:"tags"`
	Values struct {
		Control    KayentaSamples `json:"control"`
		Experiment KayentaSamples `json:"experiment"`
	} `json:"values"`
}

// KayentaSamples are numbers or the strings "NaN", "Infinity", "-Infinity"; null
// is read as NaN.
type KayentaSamples []float64

// UnmarshalJSON reads the samples.
func (s *KayentaSamples) UnmarshalJSON(data []byte) error {
	v, err := parseSamples(data, "values")
	*s = v
	return err
}

// maxKayentaPairs bounds a request.
const maxKayentaPairs = 20_000

// ParseKayentaRequest reads a RemoteJudge request and checks that the judge can
// run on it.
func ParseKayentaRequest(data []byte) (KayentaRequest, error) {
	var r KayentaRequest
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
	if n := len(r.MetricSetPairList); n > maxKayentaPairs {
		errs = append(errs, fmt.Errorf("cannot judge %d metric pairs: the limit is %d; split the request", n, maxKayentaPairs))
	}
	return r, errors.Join(errs...)
}

// kayentaSettings are one metric's analysis settings with defaults filled in.
type kayentaSettings struct {
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
func (m KayentaMetric) settings() (kayentaSettings, error) {
	r := &settingReader{metric: m.Name, root: map[string]any(m.AnalysisConfigurations["canary"])}
	direction := r.text("either", "direction")
	s := kayentaSettings{
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
func (s kayentaSettings) clean(values []float64) []float64 {
	out := make([]float64, 0, len(values))
	for _, v := range values {
		switch {
		case !math.IsNaN(v):
			out = append(out, v)
		case s.replaceNaN:
			out = append(out, 0)
		}
	}
	if !s.removeOutliers || len(out) == 0 {
		return out
	}
	q := sortedCopy(out)
	q25, q75 := percentileR7(q, 25), percentileR7(q, 75)
	iqr := q75 - q25
	low := min(percentileR7(q, 1), q25-float64(s.outlierFactor*iqr))
	high := max(percentileR7(q, 99), q75+float64(s.outlierFactor*iqr))
	kept := out[:0]
	for _, v := range out {
		if !(v > high || v < low) {
			kept = append(kept, v)
		}
	}
	return kept
}
