package correlate

// The live rings: the recent windows of every series, ready to be searched.

import (
	"errors"

	"github.com/prometheus/prometheus/model/labels"
)

// Tier is one resolution of the rings.
type Tier struct {
	Step  int64 // Milliseconds per slot, > 0.
	Slots int   // Slots kept, MinPoints..MaxPoints.
}

// IndexConfig sizes an Index.
type IndexConfig struct {
	Tiers     []Tier // Finest first; empty: 15 s x 240 and 1 min x 240.
	MaxSeries int    // Series held; 0: 1,000,000.
}

// IndexStats states what an Index holds and what it refused.
type IndexStats struct {
	Series         int   // Held now.
	BytesPerSeries int   // Of the rings, without labels.
	RefusedSeries  int64 // Adds beyond MaxSeries.
	UnknownSamples int64 // Appends for a reference never added.
	LateSamples    int64 // Appends older than the ring.
	BadSamples     int64 // NaN or infinite values, read as gaps.
	Resets         int64 // Counter resets seen.
}

// ErrSeriesLimit is returned by Add when the index is full.
var ErrSeriesLimit = errors.New("series limit reached")

var errNotBuilt = errors.New("not built yet")

// Index holds the rings. It does no locking; its owner does.
type Index struct{}

// NewIndex returns an empty index or every fault of the configuration.
func NewIndex(cfg IndexConfig) (*Index, error) { return nil, errNotBuilt }

// Add starts a ring for a series. Adding a known reference again replaces its
// labels and keeps its points. It fails with ErrSeriesLimit when full.
func (x *Index) Add(ref uint64, ls labels.Labels, kind Kind) error { return errNotBuilt }

// Remove forgets a series; an unknown reference is ignored.
func (x *Index) Remove(ref uint64) {}

// Append places a value in the slot of t (Unix ms) in every tier; a slot holds
// the mean of its values. It never fails: what cannot be kept is counted.
func (x *Index) Append(ref uint64, t int64, v float64) {}

// Stats returns counts and memory.
func (x *Index) Stats() IndexStats { return IndexStats{} }

// Candidates returns copies of the windows from..to of every series that
// matches the scope, on the finest tier that covers from, in order of labels.
func (x *Index) Candidates(scope []*labels.Matcher, from, to int64) []Candidate { return nil }

// Search answers a query over every series of the index.
func (x *Index) Search(q Query) (Result, error) { return Result{}, errNotBuilt }

// SearchWindows answers a search of target over candidates: the kernel of
// Index.Search and of the offline command. In mode Change the target is not
// read. The order of the candidates does not matter.
func SearchWindows(target Candidate, candidates []Candidate, opts Options) (Result, error) {
	return Result{}, errNotBuilt
}

// RankSuspects ranks the entities of an incident, most suspect first.
func RankSuspects(in Incident) (Suspects, error) { return Suspects{}, errNotBuilt }
