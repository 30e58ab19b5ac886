package correlate

// What can be asked of a search: the options shared by the live index and the
// offline command, and the query that picks target and window from an index.

import (
	"github.com/prometheus/prometheus/model/labels"
)

// Mode selects how candidates are compared with the target.
type Mode uint8

// The modes of a search.
const (
	Exact  Mode = iota // Exact top-k under banded DTW.
	Fast               // Coarse DTW on segment means, then exact DTW on the best 1 %.
	Lag                // Normalised cross-correlation over lags up to MaxLag.
	Change             // No target: rank by change between baseline and window.
)

// String returns the mode as it is written in flags and traces.
func (m Mode) String() string {
	return [...]string{"exact", "fast", "lag", "change"}[min(m, Change)]
}

// Sign says which direction of movement counts as a match.
type Sign uint8

// The signs of a search.
const (
	Both     Sign = iota // The better of the two.
	Same                 // Moves with the target.
	Opposite             // Moves against the target.
)

// String returns "both", "same" or "opposite".
func (s Sign) String() string { return [...]string{"both", "same", "opposite"}[min(s, Opposite)] }

// Options tune a search; the zero value is the default of every field.
type Options struct {
	Mode   Mode
	Sign   Sign
	From   int64   // First instant of the window, Unix ms; 0: the target's start.
	To     int64   // End of the window, exclusive, Unix ms; 0: the target's end.
	K      int     // Matches wanted, 1..MaxK; 0: 20.
	Band   float64 // Sakoe-Chiba half-width as a share of the window, (0,1]; 0: 0.05.
	MaxLag int     // Largest lag tried, in points; 0: the band's half-width, at least 1. Negative: no lag.
	MaxQ   float64 // Matches above this q-value go to Near; (0,1]; 0: 0.05. 1 keeps all.
	Budget int64   // Work units (DTW cells) the search may spend; 0: no limit.
	// GroupLabel names the label whose value defines the target's own group,
	// which is kept out of the null. Empty: series sharing the target's value
	// of "service", or the metric name where there is none.
	GroupLabel string
}

// Limits on a search.
const (
	MaxK      = 500     // Largest K.
	MaxPoints = 1 << 14 // Longest window, in points.
	MinPoints = 8       // Shortest window a shape search accepts.
)

// Query picks a target and a window from an Index. Exactly one of Ref, Target
// and Samples names the target, except in mode Change, which has none.
type Query struct {
	Ref     uint64            // A series of the index by reference.
	Target  []*labels.Matcher // A series of the index; must match exactly one.
	Samples []float64         // A drawn curve, stretched over From..To.
	Step    int64             // Tier to search, ms; 0: the finest tier that covers From.
	Scope   []*labels.Matcher // Only candidates that match; empty: all.
	Options                   // From and To default to the whole ring of the tier.
}
