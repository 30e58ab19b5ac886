package kayenta

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// From what was fetched for each side to the pairs that are judged. A query may
// return many series; sides meet by their tags, and a side that lacks a series
// the other has is padded with NaN to the length it should have had.

// MetricSet is one fetched series.
type MetricSet struct {
	Name            string            `json:"name"` // Of the metric in the canaryConfig.
	Tags            map[string]string `json:"tags"`
	StartTimeMillis int64             `json:"startTimeMillis"`
	StartTimeISO    string            `json:"startTimeIso,omitempty"`
	EndTimeMillis   int64             `json:"endTimeMillis"` // Exclusive.
	EndTimeISO      string            `json:"endTimeIso,omitempty"`
	StepMillis      int64             `json:"stepMillis"`
	Values          Samples           `json:"values"`
	Attributes      map[string]string `json:"attributes,omitempty"`
}

// maxKayentaPoints bounds what padding may add to one side of a pair.
const maxKayentaPoints = 1_000_000

// expected is the number of samples the window has room for.
func (s MetricSet) expected() int {
	if s.StepMillis <= 0 || s.EndTimeMillis <= s.StartTimeMillis {
		return 0
	}
	return int(min((s.EndTimeMillis-s.StartTimeMillis)/s.StepMillis, maxKayentaPoints))
}

func (s MetricSet) scope() PairScope {
	return PairScope{StartTimeISO: s.StartTimeISO, StartTimeMillis: s.StartTimeMillis, StepMillis: s.StepMillis}
}

// Mix pairs the fetched series of both sides, metric by metric in the
// order of names. It fails where a side has no series at all of a metric, not
// even an empty one, and where the sides have different tag names.
func Mix(names []string, control, experiment []MetricSet) ([]Pair, error) {
	var out []Pair
	var errs []error
	for _, name := range names {
		c, e := setsOf(name, control), setsOf(name, experiment)
		for _, side := range []struct {
			name string
			sets []MetricSet
		}{{"control", c}, {"experiment", e}} {
			if len(side.sets) == 0 {
				errs = append(errs, fmt.Errorf("cannot pair metric %q: No %s metrics found, not even an empty series", name, side.name))
			}
		}
		if len(c) == 0 || len(e) == 0 {
			continue
		}
		if ck, ek := tagKeys(c), tagKeys(e); len(ck) > 0 && len(ek) > 0 && !slices.Equal(ck, ek) {
			errs = append(errs, fmt.Errorf("cannot pair metric %q: control is tagged by %v, experiment by %v; group both sides by the same fields", name, ck, ek))
			continue
		}
		pairs, err := mixMetric(c, e)
		errs = append(errs, err)
		out = append(out, pairs...)
	}
	return out, errors.Join(errs...)
}

func setsOf(name string, sets []MetricSet) []MetricSet {
	var out []MetricSet
	for _, s := range sets {
		if s.Name == name {
			out = append(out, s)
		}
	}
	return out
}

func tagKeys(sets []MetricSet) []string {
	keys := map[string]bool{}
	for _, s := range sets {
		for k := range s.Tags {
			keys[k] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// mixMetric pairs the series of one metric. A side whose only series has no
// tags (an empty placeholder) stands against every series of the other.
func mixMetric(control, experiment []MetricSet) ([]Pair, error) {
	bare := func(sets []MetricSet) bool {
		return slices.ContainsFunc(sets, func(s MetricSet) bool { return len(s.Tags) == 0 })
	}
	cBare, eBare := bare(control), bare(experiment)
	var tags []map[string]string
	seen := func(t map[string]string) bool {
		return slices.ContainsFunc(tags, func(o map[string]string) bool { return maps.Equal(t, o) })
	}
	add := func(sets []MetricSet) {
		for _, s := range sets {
			if !seen(s.Tags) {
				tags = append(tags, s.Tags)
			}
		}
	}
	if !cBare || eBare {
		add(control)
	}
	if !eBare || cBare {
		add(experiment)
	}
	pick := func(sets []MetricSet, t map[string]string) MetricSet {
		for _, s := range sets {
			if maps.Equal(s.Tags, t) {
				return s
			}
		}
		return sets[0].blank(t)
	}
	var out []Pair
	for _, t := range tags {
		p, err := MixPair(pick(control, t), pick(experiment, t))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// blank is a series of the same window with no samples.
func (s MetricSet) blank(tags map[string]string) MetricSet {
	s.Tags, s.Values = tags, nil
	s.Values = s.padded()
	return s
}

// padded is the samples with NaN appended up to the expected number.
func (s MetricSet) padded() Samples {
	out := slices.Clone(s.Values)
	if out == nil {
		out = Samples{}
	}
	for n := s.expected(); len(out) < n; {
		out = append(out, math.NaN())
	}
	return out
}

// MixPair pairs two series of one name and the same tags. Its id is a
// hash of what it holds, written as a UUID, so that the same samples give the
// same id.
func MixPair(control, experiment MetricSet) (Pair, error) {
	switch {
	case control.Name == "":
		return Pair{}, errors.New("cannot pair series: Control metric set name was not set")
	case experiment.Name == "":
		return Pair{}, errors.New("cannot pair series: Experiment metric set name was not set")
	case control.Name != experiment.Name:
		return Pair{}, fmt.Errorf("cannot pair series: control %q does not match experiment metric set name %q", control.Name, experiment.Name)
	case !maps.Equal(control.Tags, experiment.Tags):
		return Pair{}, fmt.Errorf("cannot pair series of %q: tags %v and %v differ", control.Name, control.Tags, experiment.Tags)
	}
	p := Pair{Name: control.Name, Tags: control.Tags}
	if p.Tags == nil {
		p.Tags = map[string]string{}
	}
	p.Values.Control, p.Values.Experiment = control.padded(), experiment.padded()
	p.Scopes = PairScopes{"control": control.scope(), "experiment": experiment.scope()}
	for side, a := range map[string]map[string]string{"control": control.Attributes, "experiment": experiment.Attributes} {
		if a != nil {
			if p.Attributes == nil {
				p.Attributes = PairAttributes{}
			}
			p.Attributes[side] = a
		}
	}
	p.ID = p.hash()
	return p, nil
}

// hash names the pair after its content.
func (p Pair) hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "pair/1\x00%s\x00%d %d", p.Name, p.Scopes["control"].StartTimeMillis, p.Scopes["experiment"].StartTimeMillis)
	for _, k := range slices.Sorted(maps.Keys(p.Tags)) {
		fmt.Fprintf(h, "\x00%s\x00%s", k, p.Tags[k])
	}
	for _, side := range []Samples{p.Values.Control, p.Values.Experiment} {
		fmt.Fprintf(h, "\x00%d", len(side))
		for _, v := range side {
			fmt.Fprintf(h, " %x", math.Float64bits(v))
		}
	}
	s := h.Sum(nil)
	return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
}
