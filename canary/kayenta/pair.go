package kayenta

import (
	"encoding/json"
	"math"

	"github.com/bellwether-ts/bellwether/canary/strict"
)

// The samples of both sides as they travel: numbers with names for those JSON
// has none for, and what is known of where they come from. The judge reads the
// samples only, so the rest is read as far as it can be.

// Pair is one metric's samples of both sides.
type Pair struct {
	Name   string            `json:"name"`
	ID     string            `json:"id"`
	Tags   map[string]string `json:"tags"`
	Values struct {
		Control    Samples `json:"control"`
		Experiment Samples `json:"experiment"`
	} `json:"values"`
	Scopes     PairScopes     `json:"scopes,omitempty"`
	Attributes PairAttributes `json:"attributes,omitempty"`
}

// PairScopes are the scopes by side: control, experiment. The judge does
// not read them, so what is not readable in them is left out.
type PairScopes map[string]PairScope

// UnmarshalJSON reads what it can; it does not fail.
func (s *PairScopes) UnmarshalJSON(data []byte) error {
	var raw map[string]struct {
		StartTimeISO                any `json:"startTimeIso"`
		StartTimeMillis, StepMillis any
	}
	if json.Unmarshal(data, &raw) != nil || raw == nil {
		return nil
	}
	*s = PairScopes{}
	millis := func(v any) int64 {
		f, _ := v.(float64)
		if !(math.Abs(f) < 1e15) {
			return 0
		}
		return int64(f)
	}
	for side, r := range raw {
		iso, _ := r.StartTimeISO.(string)
		(*s)[side] = PairScope{StartTimeISO: iso, StartTimeMillis: millis(r.StartTimeMillis), StepMillis: millis(r.StepMillis)}
	}
	return nil
}

// PairAttributes are attributes by side; "query" is what fetched it. As
// the scopes, they are read as far as they can be.
type PairAttributes map[string]map[string]string

// UnmarshalJSON reads what it can; it does not fail.
func (a *PairAttributes) UnmarshalJSON(data []byte) error {
	var raw map[string]map[string]any
	if json.Unmarshal(data, &raw) != nil || raw == nil {
		return nil
	}
	*a = PairAttributes{}
	for side, values := range raw {
		(*a)[side] = map[string]string{}
		for k, v := range values {
			if text, ok := v.(string); ok {
				(*a)[side][k] = text
			}
		}
	}
	return nil
}

// PairScope says when a side's samples begin and how far they are apart.
type PairScope struct {
	StartTimeISO    string `json:"startTimeIso,omitempty"`
	StartTimeMillis int64  `json:"startTimeMillis"`
	StepMillis      int64  `json:"stepMillis"`
}

// Samples are numbers or the strings "NaN", "Infinity", "-Infinity"; null
// is read as NaN.
type Samples []float64

// UnmarshalJSON reads the samples.
func (s *Samples) UnmarshalJSON(data []byte) error {
	v, err := strict.Numbers(data, "values")
	*s = v
	return err
}

// MarshalJSON writes the samples, NaN and the infinities as strings.
func (s Samples) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 8*len(s)+2), '[')
	for i, v := range s {
		if i > 0 {
			b = append(b, ',')
		}
		cell, err := javaDouble(v).MarshalJSON()
		if err != nil {
			return nil, err
		}
		b = append(b, cell...)
	}
	return append(b, ']'), nil
}
