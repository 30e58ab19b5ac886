package canary

import (
	"encoding/json"
	"math"
)

// policy reads the policy object; every field is optional.
func (d *decoder) policy(raw json.RawMessage) Policy {
	var p Policy
	if string(raw) == "null" {
		return p
	}
	const at = "policy"
	f := d.Object(at, raw, "false_fail", "false_pass", "look", "looks", "planned_samples", "exposure",
		"tolerance", "confidence_level", "max_percentile", "tolerance_factor", "min_similar_shards_percent")
	number := func(name string, into *float64) { d.positive(f, at, name, into) }
	number("false_fail", &p.FalseFail)
	number("false_pass", &p.FalsePass)
	number("exposure", &p.Exposure)
	number("tolerance", &p.Named.Tolerance)
	number("confidence_level", &p.Named.ConfidenceLevel)
	number("max_percentile", &p.Named.MaxPercentile)
	number("tolerance_factor", &p.Named.ToleranceFactor)
	number("min_similar_shards_percent", &p.Named.MinSimilarShardsPercent)
	whole := func(name string, into *int) {
		var v float64
		if !d.number(f, at, name, &v) {
			return
		}
		if v != math.Trunc(v) || v < 1 || v > 1e9 {
			d.Failf("cannot use %s.%s %v: it must be a whole number of at least 1; leave it out for the default", at, name, v)
			return
		}
		*into = int(v)
	}
	whole("look", &p.Look)
	whole("looks", &p.Looks)
	whole("planned_samples", &p.PlannedSamples)
	if p.Look > 0 && p.Looks == 0 {
		d.Failf("cannot use policy.look %d without policy.looks: say how many looks are planned", p.Look)
	}
	if d.Failures() == 0 {
		if _, err := p.filled(); err != nil {
			d.Failf("%w", err)
		} else if _, err := p.Named.filled(); err != nil {
			d.Failf("%w", err)
		}
	}
	return p
}
