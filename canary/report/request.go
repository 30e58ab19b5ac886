package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/bellwether-ts/bellwether/canary"
)

// The samples that were judged, as the file that `bellwether canary judge`
// reads: for an audit, or to try another judge on them. Numbers are written in
// full, so that the file has the digest of the request, and with it its verdict.

type requestFile struct {
	Metrics  []metricFile `json:"metrics"`
	Policy   policyFile   `json:"policy,omitzero"`
	Gates    []gateFile   `json:"gates,omitempty"`
	Warnings []string     `json:"warnings,omitempty"`
}

type metricFile struct {
	Name         string            `json:"name"`
	Kind         canary.Kind       `json:"kind,omitempty"`
	Direction    canary.Direction  `json:"direction,omitempty"`
	StepSeconds  float64           `json:"step_seconds,omitempty"`
	MinEffect    float64           `json:"min_effect,omitempty"`
	Critical     bool              `json:"critical,omitempty"`
	Exposure     float64           `json:"exposure,omitempty"`
	Err          string            `json:"error,omitempty"`
	Doubts       []string          `json:"doubts,omitempty"`
	Notes        []string          `json:"notes,omitempty"`
	Baseline     samples           `json:"baseline"`
	Canary       samples           `json:"canary"`
	History      *historyFile      `json:"history,omitempty"`
	Shards       *shardsFile       `json:"shards,omitempty"`
	Distribution *distributionFile `json:"distribution,omitempty"`
}

type historyFile struct {
	Baseline      samples `json:"baseline"`
	Canary        samples `json:"canary"`
	SameInstances bool    `json:"same_instances"`
}

type shardsFile struct {
	Baseline      []samples `json:"baseline"`
	Canary        []samples `json:"canary"`
	BaselineNames []string  `json:"baseline_names,omitempty"`
	CanaryNames   []string  `json:"canary_names,omitempty"`
}

type distributionFile struct {
	Bounds          samples   `json:"bounds"`
	Baseline        []samples `json:"baseline"`
	Canary          []samples `json:"canary"`
	HistoryBaseline []samples `json:"history_baseline,omitempty"`
	HistoryCanary   []samples `json:"history_canary,omitempty"`
}

type gateFile struct {
	Objective string  `json:"objective"`
	Burn      sample  `json:"burn"`
	Limit     float64 `json:"limit"`
	Detail    string  `json:"detail,omitempty"`
}

type policyFile struct {
	FalseFail               float64 `json:"false_fail,omitempty"`
	FalsePass               float64 `json:"false_pass,omitempty"`
	Look                    int     `json:"look,omitempty"`
	Looks                   int     `json:"looks,omitempty"`
	PlannedSamples          int     `json:"planned_samples,omitempty"`
	Exposure                float64 `json:"exposure,omitempty"`
	Tolerance               float64 `json:"tolerance,omitempty"`
	ConfidenceLevel         float64 `json:"confidence_level,omitempty"`
	MaxPercentile           float64 `json:"max_percentile,omitempty"`
	ToleranceFactor         float64 `json:"tolerance_factor,omitempty"`
	MinSimilarShardsPercent float64 `json:"min_similar_shards_percent,omitempty"`
}

// request writes the samples, and reads them back: what cannot be judged again
// must not look as if it could.
func (r *Report) request() ([]byte, error) {
	if len(r.Request.Metrics) == 0 {
		return nil, errors.New("cannot write the samples of this verdict: they are not at hand")
	}
	q := &r.Request
	p, n := q.Policy, q.Policy.Named
	doc := requestFile{Warnings: q.Warnings, Policy: policyFile{
		p.FalseFail, p.FalsePass, p.Look, p.Looks, p.PlannedSamples, p.Exposure,
		n.Tolerance, n.ConfidenceLevel, n.MaxPercentile, n.ToleranceFactor, n.MinSimilarShardsPercent,
	}}
	for i := range q.Metrics {
		doc.Metrics = append(doc.Metrics, metricOf(&q.Metrics[i]))
	}
	for _, g := range q.Gates {
		doc.Gates = append(doc.Gates, gateFile{g.Objective, sample(g.Burn), g.Limit, g.Detail})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(doc)
	if err == nil {
		_, err = canary.ParseRequest(b.Bytes())
	}
	if err != nil {
		return nil, fmt.Errorf("cannot write the samples as a request: %w", err)
	}
	return b.Bytes(), nil
}

func metricOf(m *canary.Metric) metricFile {
	out := metricFile{
		Name: m.Name, Kind: m.Kind, Direction: m.Direction, StepSeconds: m.StepSeconds, MinEffect: m.MinEffect, Critical: m.Critical,
		Exposure: m.Exposure, Err: m.Err, Doubts: m.Doubts, Notes: m.Notes, Baseline: m.Baseline, Canary: m.Canary,
	}
	if h := m.History; h != nil {
		out.History = &historyFile{h.Baseline, h.Canary, h.SameInstances}
	}
	if s := m.Shards; s != nil {
		out.Shards = &shardsFile{lists(s.Baseline), lists(s.Canary), s.BaselineNames, s.CanaryNames}
	}
	if d := m.Distribution; d != nil {
		out.Distribution = &distributionFile{d.Bounds, lists(d.Baseline), lists(d.Canary), lists(d.HistoryBaseline), lists(d.HistoryCanary)}
	}
	return out
}

// lists keeps nil, an instant without data, apart from empty.
func lists(v [][]float64) []samples {
	out := make([]samples, len(v))
	for i, s := range v {
		out[i] = s
	}
	return out
}

// sample is a number that may be missing.
type sample float64

// MarshalJSON writes what JSON has no number for as a word.
func (s sample) MarshalJSON() ([]byte, error) { return appendSample(nil, float64(s)), nil }

// samples is a list of them, on one line however long.
type samples []float64

// MarshalJSON writes the list; nil is null.
func (s samples) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("null"), nil
	}
	out := append(make([]byte, 0, 8*len(s)+2), '[')
	for i, v := range s {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendSample(out, v)
	}
	return append(out, ']'), nil
}

func appendSample(to []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(to, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(to, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(to, `"-Infinity"`...)
	}
	return strconv.AppendFloat(to, v, 'g', -1, 64)
}
