package canary

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/strict"
)

// The parts of a metric in the JSON of the offline command: its history, its
// instances, its histograms; and the gates beside the metrics.

// history reads both sides from before the deploy. In a file they are the same
// two groups as those compared, unless it says otherwise.
func (d *decoder) history(at string, raw json.RawMessage, needed bool) *History {
	f := d.Object(at, raw, "baseline", "canary", "same_instances")
	if f == nil {
		return nil
	}
	h := &History{Baseline: d.samples(f, at, "baseline", needed), Canary: d.samples(f, at, "canary", needed), SameInstances: true}
	if len(h.Baseline) != len(h.Canary) {
		d.Failf("cannot read %s: %d baseline and %d canary samples; history must line up instant by instant, with \"NaN\" where there is none", at, len(h.Baseline), len(h.Canary))
	}
	if raw, ok := f["same_instances"]; ok {
		if err := json.Unmarshal(raw, &h.SameInstances); err != nil {
			d.Failf("cannot read %s.same_instances %s: write true or false", at, strict.Clip(string(raw)))
		}
	}
	return h
}

func (d *decoder) shards(at string, raw json.RawMessage) *Shards {
	f := d.Object(at, raw, "baseline", "canary", "baseline_names", "canary_names")
	if f == nil {
		return nil
	}
	out := &Shards{Baseline: d.lists(f, at, "baseline", "shard"), Canary: d.lists(f, at, "canary", "shard")}
	names := func(field string, n int) []string {
		var v []string
		if raw, ok := f[field]; !ok || json.Unmarshal(raw, &v) == nil && (v == nil || len(v) == n) {
			return v
		}
		d.Failf("cannot read %s.%s: expected as many names as there are shards, %d", at, field, n)
		return nil
	}
	out.BaselineNames, out.CanaryNames = names("baseline_names", len(out.Baseline)), names("canary_names", len(out.Canary))
	return out
}

// distribution reads histograms: an array of counts for every instant, null
// where there is none.
func (d *decoder) distribution(at string, raw json.RawMessage) *Distribution {
	f := d.Object(at, raw, "bounds", "baseline", "canary", "history_baseline", "history_canary")
	if f == nil {
		return nil
	}
	before := d.Failures()
	x := &Distribution{Bounds: d.samples(f, at, "bounds", true), Baseline: d.lists(f, at, "baseline", "instant"), Canary: d.lists(f, at, "canary", "instant")}
	if f["history_baseline"] != nil || f["history_canary"] != nil {
		x.HistoryBaseline, x.HistoryCanary = d.lists(f, at, "history_baseline", "instant"), d.lists(f, at, "history_canary", "instant")
		if len(x.HistoryBaseline) != len(x.HistoryCanary) {
			d.Failf("cannot read %s: %d baseline and %d canary histograms of history; they must line up instant by instant, with null where there is none", at, len(x.HistoryBaseline), len(x.HistoryCanary))
		}
	}
	if d.Failures() > before {
		return x
	}
	if err := checkBounds(x.Bounds); err != nil {
		d.Failf("cannot use %s: %w", at, err)
	}
	return x
}

// lists reads an array of arrays of numbers.
func (d *decoder) lists(f map[string]json.RawMessage, at, name, each string) [][]float64 {
	var items []json.RawMessage
	if err := json.Unmarshal(f[name], &items); err != nil {
		d.Failf("cannot read %s.%s: expected an array with one array of numbers per %s", at, name, each)
		return nil
	}
	if len(items) > MaxSamples {
		d.Failf("cannot judge %d entries of %s.%s: the limit is %d", len(items), at, name, MaxSamples)
		return nil
	}
	out := make([][]float64, 0, len(items))
	for i, item := range items {
		v, err := strict.Numbers(item, fmt.Sprintf("%s.%s[%d]", at, name, i))
		if err != nil {
			d.Failf("%w", err)
		}
		out = append(out, v)
	}
	return out
}

// maxGates bounds the gates of a request.
const maxGates = 1000

// gates reads the objectives that must not burn.
func (d *decoder) gates(raw json.RawMessage) []Gate {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		d.Failf("cannot read gates: %w; expected an array", err)
		return nil
	}
	if len(items) > maxGates {
		d.Failf("cannot judge %d gates: the limit is %d", len(items), maxGates)
		return nil
	}
	out := make([]Gate, 0, len(items))
	for i, item := range items {
		at := fmt.Sprintf("gates[%d]", i)
		f := d.Object(at, item, "objective", "burn", "limit", "detail")
		if f == nil {
			continue
		}
		g := Gate{Burn: math.NaN()}
		d.text(f, at, "objective", &g.Objective)
		d.text(f, at, "detail", &g.Detail)
		if g.Objective == "" {
			d.Failf("cannot read %s: the field \"objective\" is missing or empty", at)
		}
		if f["limit"] == nil {
			d.Failf("cannot read %s: the field \"limit\" is missing; it is the burn rate that fails the canary, such as 14.4", at)
		}
		d.positive(f, at, "limit", &g.Limit)
		if raw, ok := f["burn"]; ok {
			if v, ok := strict.Number(string(raw)); ok && !(v < 0) {
				g.Burn = v
			} else {
				d.Failf("cannot read %s.burn %s: write a burn rate of at least 0, or \"NaN\" if nobody knows it", at, strict.Clip(string(raw)))
			}
		}
		out = append(out, g)
	}
	return out
}
