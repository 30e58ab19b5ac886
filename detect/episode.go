package detect

import "math"

// episode is the anomaly of a series as a state machine.
//
//	        evidence >= bar, and novel while history is short
//	closed ---------------------------------------------------> open
//	  ^                                                        |  | evidence
//	  |   calmToClose calm samples in a row: recovered         |  | above all
//	  +--------------------------------------------------------+  | told:
//	  |   held for the adaptation time: accepted, "adapted"    |  v escalated
//	  +--------------------------------------------------------+--+
//
// What was told is remembered toldMemory samples beyond the last alarming one:
// a weaker repeat within that time is the same news.
type episode struct {
	Open      bool
	Adapted   bool
	Kind      uint8
	Direction uint8
	Slow      uint8 // The member of persistence that led at the peak, of slowNames.
	Gated     bool  // Evidence reached the bar but was not novel enough to open.
	Calm      uint16
	Quietness uint16 // Samples since evidence last reached the bar.
	Held      uint32 // Samples since it opened.
	Count     uint32 // Episodes opened so far.
	Told      float64
	Start     int64
	Change    int64
	End       int64
	Peak      float64
	Expected  float64
	Observed  float64
	Ratio     [memberCount]float32 // At the peak.
	Fused     float32
	Novel     float32
	PeakT     int64
	PeakN     uint32
}

const (
	calmToClose = 5
	toldMemory  = 10
	escalateBy  = 0.3 // Evidence above what was told that counts as worse.
	levelAfter  = 10  // Samples an excursion lasts to be a level and not a spike.
)

// moment is what an episode is told about one sample.
type moment struct {
	t        int64
	score    float64
	bar      float64
	kind     Kind
	dir      Direction
	expected float64
	observed float64
	change   int64
	calm     bool // The value is where the series usually is.
	allowed  bool // History is long enough, or the value is novel.
	adapted  bool // The baseline just accepted a new level.
	ratio    [memberCount]float64
	fused    float64
	novel    float64
	n        uint32
	slow     uint8 // The member of persistence that led, of slowNames.
}

// step moves the machine by one sample and returns what changed and the
// evidence told, 0 if nothing was.
func (e *episode) step(m *moment) (Transition, float64) {
	loud := m.score >= m.bar
	e.Gated = loud && !m.allowed && !e.Open
	news := loud && m.allowed
	if news {
		e.Quietness = 0
	} else if e.Quietness < math.MaxUint16 {
		e.Quietness++
	}
	if e.Quietness > toldMemory {
		e.Told = 0
	}
	if !e.Open {
		if !news || m.score <= e.Told {
			return TransitionNone, 0
		}
		*e = episode{Open: true, Count: e.Count + 1, Start: m.t, Change: m.change, Told: m.score}
		e.summit(m)
		return TransitionOpened, m.score
	}
	e.Held++
	if m.adapted {
		return e.close(m.t, true), 0
	}
	if m.calm && !loud {
		e.Calm++
	} else {
		e.Calm = 0
	}
	if e.Calm >= calmToClose {
		return e.close(m.t, false), 0
	}
	if Kind(e.Kind) == KindSpike && e.Held-uint32(e.Calm) > levelAfter {
		e.Kind = uint8(KindLevel)
	}
	if news && m.score > e.Told+escalateBy {
		e.Told = m.score
		e.summit(m)
		return TransitionEscalated, m.score
	}
	return TransitionNone, 0
}

// summit keeps the strongest moment.
func (e *episode) summit(m *moment) {
	if m.score < e.Peak {
		return
	}
	e.Peak, e.PeakT, e.PeakN = m.score, m.t, m.n
	e.Expected, e.Observed = m.expected, m.observed
	e.Direction = uint8(m.dir)
	if Kind(e.Kind) != KindLevel {
		e.Kind = uint8(m.kind)
	}
	e.Fused, e.Novel, e.Slow = float32(m.fused), float32(m.novel), m.slow
	for i, r := range m.ratio {
		e.Ratio[i] = float32(r)
	}
}

func (e *episode) close(t int64, adapted bool) Transition {
	e.Open, e.End, e.Adapted = false, t, adapted
	return TransitionClosed
}

// anomaly returns what the episode knows of itself, without members and trace;
// last is the instant of the last step. ok is false if there has been none.
func (e *episode) anomaly(last int64) (a Anomaly, ok bool) {
	if e.Count == 0 {
		return Anomaly{}, false
	}
	a = Anomaly{
		Start: e.Start, Change: e.Change, End: e.End, Open: e.Open, Adapted: e.Adapted,
		Peak: e.Peak, Kind: Kind(e.Kind), Direction: Direction(e.Direction),
		Expected: e.Expected, Observed: e.Observed,
	}
	if e.Open {
		a.End = last
	}
	return a, true
}
