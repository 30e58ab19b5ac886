package detect

// persistence joins the members that gather evidence over many samples: what no
// single value shows, because each of them is possible.

// reading is what these members see of one sample.
type reading struct {
	t        int64
	n        uint32  // Number of the sample, from 1.
	x        float64 // The value, offset by the origin.
	expected float64 // What the baseline expects, offset by the origin.
	hour     float64 // Mean at this hour, offset by the origin; NaN while the hour is new.
	reach    float64 // The .998 quantile of the usual distance from the baseline; 0 while unknown.
	far      bool    // The value is beyond the guard: an incident, or the first sample of one.
	open     bool    // An anomaly is open.
}

// claim is what they say: evidence (-log10 p), what sort of departure it is,
// and when it began.
type claim struct {
	evidence float64
	kind     Kind
	change   int64
	dir      Direction
}

type persistence struct{}

// observe takes a reading and returns the strongest claim.
func (p *persistence) observe(*reading) claim { return claim{} }
