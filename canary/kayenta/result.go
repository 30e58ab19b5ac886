package kayenta

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// Kayenta's CanaryJudgeResult as its JSON is written: fields that are null there
// are left out, NaN is the string "NaN".

// Result is a CanaryJudgeResult.
type Result struct {
	JudgeName   string         `json:"judgeName"`
	Results     []MetricResult `json:"results"`
	GroupScores []GroupScore   `json:"groupScores"`
	Score       Score          `json:"score"`
}

// MetricResult is a CanaryAnalysisResult.
type MetricResult struct {
	Name                 string            `json:"name"`
	Tags                 map[string]string `json:"tags,omitzero"`
	ID                   string            `json:"id"`
	Classification       string            `json:"classification"`
	ClassificationReason string            `json:"classificationReason,omitempty"`
	Groups               []string          `json:"groups"`
	ExperimentMetadata   statsEnvelope     `json:"experimentMetadata"`
	ControlMetadata      statsEnvelope     `json:"controlMetadata"`
	ResultMetadata       *ratio            `json:"resultMetadata,omitempty"`
	Critical             bool              `json:"critical"`
	Muted                bool              `json:"muted"`
}

// GroupScore is a CanaryJudgeGroupScore.
type GroupScore struct {
	Name                 string     `json:"name"`
	Score                javaDouble `json:"score"`
	Classification       string     `json:"classification"`
	ClassificationReason string     `json:"classificationReason"`
}

// Score is a CanaryJudgeScore.
type Score struct {
	Score                javaDouble `json:"score"`
	Classification       string     `json:"classification"`
	ClassificationReason string     `json:"classificationReason"`
}

type ratio struct {
	Ratio javaDouble `json:"ratio"`
}

type statsEnvelope struct {
	Stats summary `json:"stats"`
}

type summary struct {
	Min   javaDouble `json:"min"`
	Max   javaDouble `json:"max"`
	Mean  javaDouble `json:"mean"`
	Std   javaDouble `json:"std"`
	Count int        `json:"count"`
}

// stats summarises cleaned samples; all zero for none.
func stats(v []float64) statsEnvelope {
	if len(v) == 0 {
		return statsEnvelope{}
	}
	return statsEnvelope{summary{
		Min:   javaDouble(slices.Min(v)),
		Max:   javaDouble(slices.Max(v)),
		Mean:  javaDouble(stat.Mean(v)),
		Std:   javaDouble(math.Sqrt(stat.Variance(v))),
		Count: len(v),
	}}
}

// javaDouble is written as Jackson writes a double: 1 as 1.0, NaN and the
// infinities as strings.
type javaDouble float64

// MarshalJSON writes the number.
func (d javaDouble) MarshalJSON() ([]byte, error) {
	f := float64(d)
	switch {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if a := math.Abs(f); a >= 1e-3 && a < 1e7 || f == 0 {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return []byte(s), nil
}
