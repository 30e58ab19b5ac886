package canary

import (
	"encoding/json"
	"math"
	"strings"
)

// policy reads the policy object; every field is optional.
func (d *decoder) policy(raw json.RawMessage) Policy {
	var p Policy
	if string(raw) == "null" {
		return p
	}
	const at = "policy"
	f := d.object(at, raw, "false_fail", "false_pass", "look", "looks", "planned_samples", "exposure",
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
			d.fail("cannot use %s.%s %v: it must be a whole number of at least 1; leave it out for the default", at, name, v)
			return
		}
		*into = int(v)
	}
	whole("look", &p.Look)
	whole("looks", &p.Looks)
	whole("planned_samples", &p.PlannedSamples)
	if p.Look > 0 && p.Looks == 0 {
		d.fail("cannot use policy.look %d without policy.looks: say how many looks are planned", p.Look)
	}
	if len(d.errs) == 0 {
		if _, err := p.filled(); err != nil {
			d.fail("%w", err)
		} else if _, err := p.Named.filled(); err != nil {
			d.fail("%w", err)
		}
	}
	return p
}

// suggest names the known word nearest to what was written, if one is near.
func suggest(got string, known []string) string {
	best, name := len(got)/2+2, ""
	for _, k := range known {
		if d := editDistance(strings.ToLower(got), k); d < best {
			best, name = d, k
		}
	}
	if name == "" {
		return "; known fields are " + strings.Join(known, ", ")
	}
	return "; did you mean \"" + name + "\"?"
}

// editDistance is Levenshtein's, over bytes; text past 64 bytes is cut.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
