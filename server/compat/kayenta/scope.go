package kayenta

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// The scopes of a request: which resources each side is, and when.

// scope is one side of a scope pair. Times are ISO 8601 on the wire.
type scope struct {
	Scope    string  `json:"scope"`
	Location string  `json:"location,omitempty"`
	Start    instant `json:"start"`
	End      instant `json:"end"`
	Step     int64   `json:"step"` // Seconds.
	Params   params  `json:"extendedScopeParams,omitempty"`
}

// params are extendedScopeParams: text, or what can be written as text.
type params map[string]string

// UnmarshalJSON reads the parameters; a null one is as good as absent.
func (p *params) UnmarshalJSON(data []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("cannot read extendedScopeParams: %w", err)
	}
	*p = params{}
	for k, v := range raw {
		switch v := v.(type) {
		case nil:
		case string:
			(*p)[k] = v
		case bool, float64:
			(*p)[k] = fmt.Sprint(v)
		default:
			return fmt.Errorf("cannot read extendedScopeParams: %.40q is neither text nor a number", k)
		}
	}
	return nil
}

type scopePair struct {
	Control    *scope `json:"controlScope"`
	Experiment *scope `json:"experimentScope"`
}

// executionRequest is the body of POST /canary/{config}.
type executionRequest struct {
	Scopes     map[string]scopePair `json:"scopes"`
	Thresholds *kayenta.Thresholds  `json:"thresholds,omitempty"`
}

// instant is Unix milliseconds; 0 is absent.
type instant int64

// UnmarshalJSON reads ISO 8601, or the epoch seconds with a fraction or
// milliseconds that Java's mappers write when nobody told them otherwise.
func (t *instant) UnmarshalJSON(data []byte) error {
	var text string
	if string(data) == "null" {
		return nil
	}
	if err := json.Unmarshal(data, &text); err != nil {
		var n float64
		if err := json.Unmarshal(data, &n); err != nil || !(n >= 0 && n < 1e14) {
			return fmt.Errorf("cannot read instant %.40s: write ISO 8601, such as 2026-01-02T15:04:05Z", data)
		}
		if n < 1e11 {
			n *= 1000
		}
		*t = instant(n)
		return nil
	}
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return fmt.Errorf("cannot read instant %.40q: write ISO 8601, such as 2026-01-02T15:04:05Z", text)
	}
	*t = instant(at.UnixMilli())
	return nil
}

// MarshalJSON writes ISO 8601.
func (t instant) MarshalJSON() ([]byte, error) { return json.Marshal(iso(int64(t))) }

// check completes a scope and says what is wrong with it.
func (s *scope) check(name string) error {
	switch {
	case s == nil:
		return fmt.Errorf("scope %s is missing", name)
	case s.Start == 0 || s.End == 0:
		return fmt.Errorf("scope %s needs start and end, as ISO 8601", name)
	case s.End <= s.Start:
		return fmt.Errorf("scope %s ends at %s, not after its start %s", name, iso(int64(s.End)), iso(int64(s.Start)))
	case s.Step < 0 || s.Step > 86_400:
		return fmt.Errorf("scope %s has a step of %d seconds: between 1 and 86400, or 60 when left out", name, s.Step)
	}
	if s.Step == 0 {
		s.Step = 60
	}
	if n := (int64(s.End) - int64(s.Start)) / 1000 / s.Step; n > maxPoints {
		return fmt.Errorf("scope %s spans %d steps, at most %d: lengthen its step", name, n, maxPoints)
	}
	return nil
}

// maxPoints bounds the samples of one series in a window.
const maxPoints = 10_000

func (s *scope) side() kayenta.Scope {
	return kayenta.Scope{Scope: s.Scope, Location: s.Location, Params: s.Params}
}

// duration is the length all scopes share, "" if they differ.
func (r executionRequest) duration() string {
	length := int64(-1)
	for _, p := range r.Scopes {
		for _, s := range []*scope{p.Control, p.Experiment} {
			if s == nil {
				return ""
			}
			d := int64(s.End - s.Start)
			if length >= 0 && d != length {
				return ""
			}
			length = d
		}
	}
	if length < 0 {
		return ""
	}
	return isoDuration(length)
}
