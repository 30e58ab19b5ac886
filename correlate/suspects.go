package correlate

// From testimonies to an order: the two lists, their weights, the fusion, and
// the text.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fusion holds the constants of the ranking. They are settings for measurement,
// not for users: one value serves every system, and the bench shows what fitting
// them to other systems would change. A zero field takes its default.
type Fusion struct {
	SiblingWeight float64 // Of the sibling list when every entity has the metric and the incident is short; 4.
	ShortIncident float64 // Points up to which an incident is short; beyond, the weight falls as 1/points; 8.
	ExcuseWithin  float64 // A callee explains its caller if it is at most this much less alike; 0.02.
	ChangeFloor   float64 // Added to a change before likeness weighs it, so that likeness alone still orders the unchanged; 0.2.
}

func (f Fusion) withDefaults() Fusion {
	set := func(v *float64, to float64) {
		if !(*v > 0) {
			*v = to
		}
	}
	set(&f.SiblingWeight, 4)
	set(&f.ShortIncident, 8)
	set(&f.ExcuseWithin, 0.02)
	set(&f.ChangeFloor, 0.2)
	return f
}

const (
	fusionK      = 1   // Of reciprocal rank fusion: small, so that the heads of the lists decide.
	excuseFactor = 0.9 // What is left of an explained caller's likeness.
)

// weigh fills in what each list ranks by and the weight between them.
func (c *inquiry) weigh() {
	siblings := 0
	by := map[string]*entity{}
	for _, e := range c.entities {
		by[e.name] = e
		if e.hasSib {
			siblings++
		}
	}
	for _, e := range c.entities {
		e.blame = max(e.change, e.edge)
		if c.symptom != nil {
			e.blame = (c.in.Fusion.ChangeFloor + e.blame) * e.shape
		}
		e.siblings = e.sibling
		for _, name := range c.callees[e.name] {
			if d := by[name]; d != nil && e.excused == "" && d.sibling > 0 && d.sibling >= e.sibling-c.in.Fusion.ExcuseWithin {
				e.siblings, e.excused = e.sibling*excuseFactor, name
			}
		}
	}
	if siblings >= 2 && c.points > 0 {
		coverage := float64(siblings) / float64(len(c.entities))
		c.weight = c.in.Fusion.SiblingWeight * coverage * min(1, c.in.Fusion.ShortIncident/float64(c.points))
	}
}

// rank orders the entities by weighted reciprocal rank fusion (Cormack, Clarke,
// Buettcher, SIGIR 2009). Equal values share the mean of their ranks; entities
// that end equal go by the change list, then by name.
func (c *inquiry) rank() []*entity {
	add := func(weight float64, value func(*entity) float64) {
		order := slices.Clone(c.entities)
		slices.SortStableFunc(order, func(a, b *entity) int { return cmp.Compare(value(b), value(a)) })
		for i := 0; i < len(order); {
			j := i
			for j < len(order) && value(order[j]) == value(order[i]) {
				j++
			}
			for _, e := range order[i:j] {
				e.score += weight / (fusionK + float64(i+j+1)/2)
			}
			i = j
		}
	}
	add(1, func(e *entity) float64 { return e.blame })
	if c.weight > 0 {
		add(c.weight, func(e *entity) float64 { return e.siblings })
	}
	out := slices.Clone(c.entities)
	slices.SortStableFunc(out, func(a, b *entity) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.blame, a.blame), cmp.Compare(a.name, b.name))
	})
	return out
}

// suspect puts one entity into words. top is the largest change of all.
func (c *inquiry) suspect(e *entity, top float64) Suspect {
	s := Suspect{Entity: e.name, Score: e.score, Series: []string{}, Onset: e.onset}
	for _, v := range e.series {
		s.Series = append(s.Series, v.name)
	}
	s.Components = Components{Shape: e.shape, Sibling: e.sibling}
	if top > 0 {
		s.Components.Change, s.Components.Edge = e.change/top, e.edge/top
	}
	if e.onset != 0 {
		s.Components.Onset = float64(c.in.To-e.onset) / float64(c.in.To-c.in.From)
	}
	if len(c.callees) > 0 && e.excused == "" {
		s.Components.Topology = 1
	}
	s.Why = c.why(e)
	return s
}

func (c *inquiry) why(e *entity) string {
	if len(e.series) == 0 {
		return "known only as a caller; no series of its own"
	}
	v := e.series[0]
	var parts []string
	switch {
	case !v.change.ok:
		parts = append(parts, v.name+" has too few points to judge")
	default:
		way := "up"
		if v.change.shift < 0 {
			way = "down"
		}
		parts = append(parts, fmt.Sprintf("%s went %s by %.1f baseline spreads (effect %.2f)", v.name, way, max(v.change.shift, -v.change.shift), v.change.effect))
	}
	if c.symptom != nil {
		parts = append(parts, fmt.Sprintf("likeness to the symptom %.2f", e.shape))
		if e.hasSib {
			parts = append(parts, fmt.Sprintf("of the same metric %.2f", e.sibling))
		}
	}
	if e.onset != 0 {
		parts = append(parts, "from "+clock(e.onset))
	}
	if e.excused != "" {
		parts = append(parts, "explained by its callee "+e.excused)
	}
	return strings.Join(parts, ", ")
}

// shown is how many suspects the trace spells out.
const shown = 10

func (c *inquiry) explain(out *Suspects) {
	tr := &out.Trace
	lines := []string{fmt.Sprintf("%s to %s, up to %d points; %d series of %d entities, %d judged", clock(c.in.From), clock(c.in.To), c.points, len(c.in.Series), len(c.entities), c.judged)}
	if c.symptomName != "" {
		lines = append(lines, "symptom "+c.symptomName)
	} else {
		lines = append(lines, "no symptom: ranked by change alone")
	}
	if c.byName {
		lines = append(lines, "no entity label found: entities are read from the series names")
	}
	if c.after > 0 {
		lines = append(lines, fmt.Sprintf("%d series have under %d points before the incident; points after it were added to their baseline", c.after, baselineEnough))
	}
	if len(c.nobody) > 0 {
		lines = append(lines, fmt.Sprintf("%d series belong to no entity and were not ranked, among them %s", len(c.nobody), c.nobody[0]))
	}
	tr.add("incident", lines...)
	tr.add("lists",
		"change (calls count for the callee) times likeness to the symptom: weight 1",
		fmt.Sprintf("the symptom's own metric on other entities: weight %.2f", c.weight))
	lines = nil
	for i, s := range out.Suspects {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(out.Suspects)-shown))
			break
		}
		lines = append(lines, fmt.Sprintf("%d. %s (%.3f)", i+1, s.Entity, s.Score), "   "+s.Why)
	}
	tr.add("suspects", lines...)
	lines = []string{out.Verdict}
	switch out.Verdict {
	case VerdictNoData:
		lines = append(lines, "nothing could be judged; give a file that reaches from before the incident into it")
	case VerdictNoChange:
		lines = append(lines, "no entity changed clearly: the culprit may not be measured here, or the instant is off; the order says little")
	case VerdictRanked:
		if c.symptom == nil {
			lines = append(lines, "a symptom series would tell the culprit from bystanders that merely changed")
		}
		if len(c.callees) == 0 {
			lines = append(lines, "a call graph would tell callers that suffer from callees that cause")
		}
	}
	for _, w := range out.Warnings {
		lines = append(lines, "warning: "+w)
	}
	tr.add("verdict", lines...)
}
