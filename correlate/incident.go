package correlate

// Who is to blame: the entities of an incident, most suspect first.

import (
	"errors"
	"github.com/bellwether-ts/bellwether/metric"
)

// Edge says that Caller depends on Callee.
type Edge struct {
	Caller string `json:"caller"`
	Callee string `json:"callee"`
}

// Incident is what RankSuspects works on.
type Incident struct {
	Series      []Candidate // Every series of the file, on one grid per series; the baseline is in their windows.
	From        int64       // Start of the incident, Unix ms.
	To          int64       // End, exclusive; 0: until the end of the data.
	Symptom     string      // Series name in Prometheus notation that shows the pain; empty: unknown.
	EntityLabel string      // Label that names the entity; empty: "service". See Entity for the fallbacks.
	Edges       []Edge      // The call graph, if known; edges found in the series' labels are added.
}

// Components are the parts of a suspect's score: its place in each list as a
// share in [0,1], 1 best, 0 where the list says nothing about the entity.
type Components struct {
	Shape    float64 `json:"shape"`    // Likeness of its best series to the symptom.
	Change   float64 `json:"change"`   // Change of its best series, effect times size.
	Edge     float64 `json:"edge"`     // Change of the calls it makes or serves.
	Onset    float64 `json:"onset"`    // How early it began.
	Topology float64 `json:"topology"` // Changed while what it calls did not.
}

// Suspect is one entity with the reasons for its place.
type Suspect struct {
	Entity     string     `json:"entity"`
	Score      float64    `json:"score"`  // Comparable within one answer only.
	Series     []string   `json:"series"` // Its series, most telling first.
	Onset      int64      `json:"onset"`  // Unix ms; 0 if no change was seen.
	Components Components `json:"components"`
	Why        string     `json:"why"` // One sentence.
}

// Suspects answers RankSuspects.
type Suspects struct {
	Suspects []Suspect          `json:"suspects"` // Every entity exactly once, best first.
	Weights  map[string]float64 `json:"weights"`  // Of each list in the fusion.
	Symptom  string             `json:"symptom"`  // As used; empty if none was.
	Baseline metric.Window      `json:"-"`        // Start and Step of the baseline grid; V is empty.
	Warnings []string           `json:"warnings"`
	Trace    Trace              `json:"trace"`
}

var errNotBuilt = errors.New("not built yet")

// RankSuspects ranks the entities of an incident, most suspect first.
func RankSuspects(in Incident) (Suspects, error) { return Suspects{}, errNotBuilt }
