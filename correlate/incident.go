package correlate

// Who is to blame: the entities of an incident, most suspect first.
//
// Two lists are made and fused by rank. The first asks which entity changed
// most and looks like the symptom while doing so; calls between entities count
// for the callee. The second asks where the symptom's own metric moved like the
// symptom, and passes the blame down the call graph. How much the second list
// weighs is computed, not set: it needs the same metric on many entities, and
// it tells most when the incident is a handful of points long, where the size
// of a change is poorly known.

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/bellwether-ts/bellwether/metric"
)

// Edge says that Caller depends on Callee.
type Edge struct {
	Caller string `json:"caller"`
	Callee string `json:"callee"`
}

// Incident is what RankSuspects works on.
type Incident struct {
	Series      []Candidate // Every series of the file; the baseline is in their windows.
	From        int64       // Start of the incident, Unix ms.
	To          int64       // End, exclusive; 0: unknown, and the first ten minutes (at least 8 points) are looked at.
	Symptom     string      // Series name in Prometheus notation that shows the pain; empty: unknown.
	EntityLabel string      // Label that names the entity; empty: "service". Where it is absent: service_name, app, deployment, pod and the like, then the series name's parts.
	Edges       []Edge      // The call graph, if known; edges found in the series' labels are added.
	Fusion      Fusion      // Constants of the ranking; leave it zero.
}

// Components are the parts of a suspect's place, each in [0,1], 1 most suspect,
// 0 where nothing is known.
type Components struct {
	Shape    float64 `json:"shape"`    // Likeness of its most alike series to the symptom.
	Sibling  float64 `json:"sibling"`  // The same for the symptom's own metric on this entity.
	Change   float64 `json:"change"`   // Change of its most changed series, as a share of the largest of all.
	Edge     float64 `json:"edge"`     // The same for calls to it.
	Onset    float64 `json:"onset"`    // How early it began: 1 at the start of the incident, 0 at its end or never.
	Topology float64 `json:"topology"` // 1 if no callee explains it, 0 if one does; 0 without a call graph.
}

// Suspect is one entity with the reasons for its place.
type Suspect struct {
	Entity     string     `json:"entity"`
	Score      float64    `json:"score"`  // Comparable within one answer only.
	Series     []string   `json:"series"` // Its series and the calls to it, most telling first.
	Onset      int64      `json:"onset"`  // Unix ms of the first clear deviation; 0 if there was none.
	Components Components `json:"components"`
	Why        string     `json:"why"` // One sentence.
}

// Suspects answers RankSuspects.
type Suspects struct {
	Suspects []Suspect `json:"suspects"` // Every entity exactly once, best first.
	Verdict  string    `json:"verdict"`  // RANKED, NO_CHANGE (the order says nothing) or NO_DATA.
	Symptom  string    `json:"symptom"`  // As used; empty if none was.
	Weight   float64   `json:"weight"`   // Of the sibling list against 1 for the change list.
	Warnings []string  `json:"warnings"`
	Trace    Trace     `json:"trace"`
}

// The verdicts of a ranking, beside VerdictNoData.
const (
	VerdictRanked   = "RANKED"
	VerdictNoChange = "NO_CHANGE"
)

// RankSuspects ranks the entities of an incident, most suspect first. It fails
// on an incident without a start or that ends before it starts; everything else
// is answered, with warnings.
func RankSuspects(in Incident) (Suspects, error) {
	if in.From == 0 {
		return Suspects{}, errors.New("cannot rank suspects without a start: give the instant the incident began")
	}
	if in.To != 0 && in.To <= in.From {
		return Suspects{}, fmt.Errorf("cannot rank suspects from %s to %s: the incident ends before it starts", clock(in.From), clock(in.To))
	}
	c := newInquiry(in)
	out := Suspects{Suspects: []Suspect{}, Verdict: VerdictNoData, Symptom: c.symptomName, Warnings: c.warnings}
	c.weigh()
	out.Weight = c.weight
	top := 0.0
	for _, e := range c.entities {
		top = max(top, e.change, e.edge)
	}
	for _, e := range c.rank() {
		out.Suspects = append(out.Suspects, c.suspect(e, top))
	}
	switch {
	case c.judged == 0 || len(out.Suspects) == 0:
		out.Warnings = append(out.Warnings, "no series has points both in the incident and outside it; the order is alphabetical")
	case top < noChange:
		out.Verdict = VerdictNoChange
	default:
		out.Verdict = VerdictRanked
	}
	if out.Warnings == nil {
		out.Warnings = []string{}
	}
	c.explain(&out)
	return out, nil
}

// noChange is the change score under which nothing stood out anywhere: a full
// effect of half a baseline spread.
const noChange = 0.4

// inquiry is the working state of a ranking.
type inquiry struct {
	in          Incident
	entities    []*entity // By name.
	callees     map[string][]string
	symptomName string
	symptom     []float64 // All its points; nil: unknown.
	symptomStep int64
	symptomFrom int64
	symptomOf   owner
	points      int // Points of the incident, the most of any series.
	judged      int // Series with a change.
	after       int // Series whose baseline needed points after the incident.
	nobody      []string
	byName      bool
	weight      float64
	warnings    []string
}

// entity is what is known of one entity.
type entity struct {
	name     string
	series   []evidence
	change   float64
	edge     float64
	shape    float64
	sibling  float64
	hasSib   bool
	excused  string // The callee that explains it.
	onset    int64
	score    float64
	siblings float64 // As ranked: sibling, less if excused.
	blame    float64 // As ranked: change and edge, times shape if a symptom is known.
}

func newInquiry(in Incident) *inquiry {
	in.Fusion = in.Fusion.withDefaults()
	c := &inquiry{in: in}
	if in.To == 0 {
		c.openEnd()
		in = c.in
	}
	own, byName := owners(in.Series, in.EntityLabel)
	c.byName = byName
	c.findSymptom(own)
	byEntity := map[string]*entity{}
	get := func(name string) *entity {
		e := byEntity[name]
		if e == nil {
			e = &entity{name: name}
			byEntity[name] = e
			c.entities = append(c.entities, e)
		}
		return e
	}
	for i, s := range in.Series {
		o := own[i]
		if o.entity == "" && o.callee == "" {
			c.nobody = append(c.nobody, s.Name())
			continue
		}
		if o.caller != "" {
			get(o.caller)
			in.Edges = append(in.Edges[:len(in.Edges):len(in.Edges)], Edge{o.caller, o.callee})
			o.entity = o.callee
		}
		e := get(o.entity)
		if s.Name() == c.symptomName {
			continue // Its likeness to itself is no evidence.
		}
		e.take(c.witness(s, o))
	}
	slices.SortFunc(c.entities, func(a, b *entity) int { return cmp.Compare(a.name, b.name) })
	for _, e := range c.entities {
		slices.SortFunc(e.series, func(a, b evidence) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.likeness, a.likeness), cmp.Compare(a.name, b.name))
		})
		for _, s := range e.series {
			if s.onset != 0 && e.onset == 0 {
				e.onset = s.onset
			}
		}
	}
	c.callees = descendants(in.Edges)
	return c
}

// An incident without an end is looked at for a while only: what came first
// tells a cause from its consequences, and later incidents are none of it.
const (
	openEndMillis = 10 * 60 * 1000
	openEndPoints = 8
)

// openEnd sets the end of an incident that has none.
func (c *inquiry) openEnd() {
	var end, step int64
	for _, s := range c.in.Series {
		if w := s.Window; w.Step > 0 && w.End() > end {
			end = w.End()
		}
		step = max(step, s.Window.Step)
	}
	c.in.To = max(c.in.From+1, min(end, c.in.From+max(openEndMillis, openEndPoints*step)))
	c.warnings = append(c.warnings, "the incident has no end; it was looked at until "+clock(c.in.To))
}

// findSymptom reads the symptom's points, by full name or, where that is
// unique, by metric name.
func (c *inquiry) findSymptom(own []owner) {
	if c.in.Symptom == "" {
		return
	}
	want := c.in.Symptom
	if ls, err := metric.ParseSeries(want); err == nil {
		want = metric.FormatSeries(ls)
	}
	found, at := 0, -1
	for i, s := range c.in.Series {
		if s.Name() == want {
			found, at = 1, i
			break
		}
		if s.Labels.Get("__name__") == want {
			found, at = found+1, i
		}
	}
	if found != 1 {
		c.warnings = append(c.warnings, fmt.Sprintf("symptom %s matches %d series and is not used; write it as in the file's header", c.in.Symptom, found))
		return
	}
	s := c.in.Series[at]
	c.symptomName, c.symptomOf = s.Name(), own[at]
	w := s.Window
	if w.Step <= 0 {
		return
	}
	c.symptom, c.symptomStep, c.symptomFrom = w.V, w.Step, w.Start
}

// cut returns the indices of the incident in a window.
func (c *inquiry) cut(w metric.Window) (lo, hi int) {
	index := func(t int64) int {
		return int(max(0, min(int64(len(w.V)), (t-w.Start+w.Step-1)/w.Step)))
	}
	lo = index(c.in.From)
	return lo, max(lo, index(c.in.To))
}

// descendants returns, per caller, everything it calls directly or not, but not
// what calls it back.
func descendants(edges []Edge) map[string][]string {
	next := map[string][]string{}
	for _, e := range edges {
		if e.Caller != e.Callee && !slices.Contains(next[e.Caller], e.Callee) {
			next[e.Caller] = append(next[e.Caller], e.Callee)
		}
	}
	reach := map[string]map[string]bool{}
	for a := range next {
		seen, queue := map[string]bool{a: true}, []string{a}
		for len(queue) > 0 {
			for _, b := range next[queue[0]] {
				if !seen[b] {
					seen[b] = true
					queue = append(queue, b)
				}
			}
			queue = queue[1:]
		}
		reach[a] = seen
	}
	out := map[string][]string{}
	for a, seen := range reach {
		for b := range seen {
			if b != a && !reach[b][a] {
				out[a] = append(out[a], b)
			}
		}
		slices.Sort(out[a])
	}
	return out
}
