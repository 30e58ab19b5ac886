package canary

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/strict"
)

// The JSON of the offline command. Reading is strict: a misspelt field that is
// silently ignored judges a different canary than the one that was meant, so an
// unknown field is an error that names the nearest known one, and all errors
// come at once.

// Limits of a request.
const (
	MaxMetrics = 10_000    // Metrics in a request.
	MaxSamples = 1_000_000 // Samples a side of a metric, history included.
)

// ParseRequest reads the request JSON of the offline command. Unknown fields
// are refused with the nearest known name, and every error is reported at once,
// joined by newlines.
func ParseRequest(data []byte) (Request, error) {
	d := &decoder{}
	var req Request
	top := d.Object("request", data, "metrics", "policy", "gates", "warnings")
	if raw, ok := top["metrics"]; ok {
		req.Metrics = d.metrics(raw)
	} else if d.Failures() == 0 {
		d.Failf("cannot read request: the field \"metrics\" is missing; write {\"metrics\":[...]}")
	}
	if raw, ok := top["policy"]; ok {
		req.Policy = d.policy(raw)
	}
	if raw, ok := top["gates"]; ok && string(raw) != "null" {
		req.Gates = d.gates(raw)
	}
	d.texts(top, "request", "warnings", &req.Warnings)
	if d.Failures() > 0 {
		return Request{}, d.Err()
	}
	return req, nil
}

// decoder reads the parts of a request.
type decoder struct{ strict.Reader }

func (d *decoder) metrics(raw json.RawMessage) []Metric {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		d.Failf("cannot read metrics: %w; expected an array", err)
		return nil
	}
	if len(items) > MaxMetrics {
		d.Failf("cannot judge %d metrics: the limit is %d; split the request", len(items), MaxMetrics)
		return nil
	}
	out := make([]Metric, 0, len(items))
	seen := map[string]int{}
	for i, item := range items {
		at := fmt.Sprintf("metrics[%d]", i)
		m := d.metric(at, item)
		if first, ok := seen[m.Name]; ok && m.Name != "" {
			d.Failf("cannot read %s: the name %s is already that of metrics[%d]; names must differ", at, strict.Clip(m.Name), first)
		}
		seen[m.Name] = i
		out = append(out, m)
	}
	return out
}

func (d *decoder) metric(at string, raw json.RawMessage) Metric {
	f := d.Object(at, raw, "name", "baseline", "canary", "step_seconds", "direction", "kind", "min_effect", "critical", "history", "shards",
		"distribution", "exposure", "error", "doubts", "notes")
	var m Metric
	if f == nil {
		return m
	}
	d.text(f, at, "name", &m.Name)
	if m.Name == "" {
		d.Failf("cannot read %s: the field \"name\" is missing or empty", at)
	}
	// A histogram's samples are its distribution, an unread metric has none.
	needed := f["distribution"] == nil && f["error"] == nil
	m.Baseline = d.samples(f, at, "baseline", needed)
	m.Canary = d.samples(f, at, "canary", needed)
	d.text(f, at, "error", &m.Err)
	d.texts(f, at, "doubts", &m.Doubts)
	d.texts(f, at, "notes", &m.Notes)
	d.positive(f, at, "step_seconds", &m.StepSeconds)
	d.positive(f, at, "min_effect", &m.MinEffect)
	if raw, ok := f["critical"]; ok {
		if err := json.Unmarshal(raw, &m.Critical); err != nil {
			d.Failf("cannot read %s.critical %s: write true or false", at, strict.Clip(string(raw)))
		}
	}
	var direction, kind string
	d.text(f, at, "direction", &direction)
	d.text(f, at, "kind", &kind)
	m.Direction, m.Kind = Direction(direction), Kind(kind)
	d.oneOf(at+".direction", direction, string(Increase), string(Decrease), string(Either))
	d.oneOf(at+".kind", kind, string(Gauge), string(Count), string(Ratio), string(Latency), string(Histogram))
	if d.positive(f, at, "exposure", &m.Exposure); m.Exposure >= 1 {
		d.Failf("cannot use %s.exposure %v: it is the canary's share of the traffic, between 0 and 1", at, m.Exposure)
	}
	if raw, ok := f["distribution"]; ok && string(raw) != "null" {
		m.Distribution = d.distribution(at+".distribution", raw)
	}
	if m.Kind == Histogram && m.Distribution == nil && m.Err == "" {
		d.Failf("cannot judge %s: kind histogram needs the field \"distribution\"", at)
	}
	if raw, ok := f["history"]; ok && string(raw) != "null" {
		m.History = d.history(at+".history", raw, m.Distribution == nil)
	} else if x := m.Distribution; x != nil && len(x.HistoryBaseline) > 0 {
		m.History = &History{SameInstances: true} // As in every history of a file.
	}
	if raw, ok := f["shards"]; ok && string(raw) != "null" {
		m.Shards = d.shards(at+".shards", raw)
	}
	return m
}

func (d *decoder) samples(f map[string]json.RawMessage, at, name string, required bool) []float64 {
	raw, ok := f[name]
	if !ok {
		if required {
			d.Failf("cannot read %s: the field %q is missing; write [] if there are no samples", at, name)
		}
		return nil
	}
	v, err := strict.Numbers(raw, at+"."+name)
	if err != nil {
		d.Failf("%w", err)
		return nil
	}
	if len(v) > MaxSamples {
		d.Failf("cannot judge %d samples of %s.%s: the limit is %d; use a longer step", len(v), at, name, MaxSamples)
		return nil
	}
	return v
}

func (d *decoder) text(f map[string]json.RawMessage, at, name string, into *string) {
	if raw, ok := f[name]; ok {
		if err := json.Unmarshal(raw, into); err != nil {
			d.Failf("cannot read %s.%s %s: expected text", at, name, strict.Clip(string(raw)))
		}
	}
}

func (d *decoder) texts(f map[string]json.RawMessage, at, name string, into *[]string) {
	if raw, ok := f[name]; ok {
		if err := json.Unmarshal(raw, into); err != nil {
			d.Failf("cannot read %s.%s %s: expected an array of texts", at, name, strict.Clip(string(raw)))
		}
	}
}

// number reads an optional finite number.
func (d *decoder) number(f map[string]json.RawMessage, at, name string, into *float64) bool {
	raw, ok := f[name]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		d.Failf("cannot read %s.%s %s: expected a number", at, name, strict.Clip(string(raw)))
		return false
	}
	return true
}

func (d *decoder) positive(f map[string]json.RawMessage, at, name string, into *float64) {
	if d.number(f, at, name, into) && !(*into > 0) {
		d.Failf("cannot use %s.%s %v: it must be above 0; leave it out for the default", at, name, *into)
	}
}

func (d *decoder) oneOf(what, got string, known ...string) {
	if got == "" {
		return
	}
	for _, k := range known {
		if k == got {
			return
		}
	}
	d.Failf("cannot use %s %s%s; known are %s", what, strict.Clip(got), strict.Suggest(got, known), strings.Join(known, ", "))
}
