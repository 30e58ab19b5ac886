package detect

import "math"

// eprocess is evidence over time as one running bet. Each sample's p-value is
// turned into an e-value (EValue), and the process multiplies them,
//
//	M = max(1, M_before) * e(p),
//
// which starts again from 1 whenever the past speaks for "as usual" (an
// e-detector: Shin, Ramdas and Rinaldo, "E-detectors", 2023, definition 2.2).
// If each p is valid given the past, M reaches x on average once in x samples at
// most, whatever the rule by which somebody stops to look.
//
// That condition does not hold within an excursion: the samples of one excursion
// are one event, not many. So openings do not rest on M; it is told beside them
// (Trace.EValue), as a number that grows while a departure lasts and can be
// compared and averaged over series.
type eprocess struct {
	Log float32 // log10 M, in [0, eMost].
}

const (
	eMost = 12 // What is told at most: beyond, the dependence of the samples says more than they do.
	eGrid = 8  // Grid points per unit of evidence.
	eRows = 24 * eGrid
)

// eLog holds log10 EValue(10^-x) at x = i/eGrid: five exponentials are too many
// for every sample.
var eLog = func() (out [eRows + 1]float64) {
	for i := range out {
		out[i] = math.Log10(EValue(math.Pow(10, -float64(i)/eGrid)))
	}
	return out
}()

// observe takes the evidence (-log10 p, >= 0) of one sample.
func (e *eprocess) observe(evidence float64) {
	at := min(evidence*eGrid, eRows-1)
	i := int(at)
	step := eLog[i] + (at-float64(i))*(eLog[i+1]-eLog[i])
	e.Log = float32(max(0, min(eMost, max(0, float64(e.Log))+step)))
}

// value returns M, at least 1.
func (e *eprocess) value() float64 { return math.Pow(10, float64(e.Log)) }
