package pipeline

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/bellwether-ts/bellwether/metric"
)

// bucketRows puts the counts of a classic histogram's buckets, which are series
// of their own, together again, tick by tick.
//
//	le      0.1   0.5   +Inf
//	t=60     4     9     11     complete: judged
//	t=75     5     -     12     waits for le="0.5", a minute at most
//
// Ticks are judged in order of time. A tick is complete when it has the count of
// every bucket that is there by then. Until the first time passes (next with a
// now) nothing is judged, because nothing says how many buckets there will be.
// Buckets of history come one after the other, each for a whole hour: hence rows
// wait, up to maxRows of them. A bucket that has sent nothing over goneRows
// ticks that others had is taken as gone: the bounds have changed.
type bucketRows struct {
	buckets []bucketOf // Ascending by bound.
	refs    map[uint64]float64
	rows    []bucketRow // Ascending by time.
	judged  int64       // Instant of the last tick judged or let go.
	began   bool        // judged is of a tick.
	settled bool        // How many buckets there are is known.
	bounds  []float64   // Of h; a new slice whenever they change.
	h       histogram.FloatHistogram
	spare   []float64
}

// bucketOf is one bucket.
type bucketOf struct {
	le     float64
	refs   int
	first  int64 // Instant of its first sample in this life.
	alive  bool  // It has sent samples, and is not gone.
	missed int   // Ticks in a row let go for want of it.
}

// bucketRow is one tick; a missing count is NaN.
type bucketRow struct {
	t int64
	v []float64 // By the place in buckets.
}

const (
	maxBucketsOf  = 200
	maxRows       = 4096      // An hour of history at a sample a second.
	maxHeldValues = 8_000_000 // Counts waiting over all histograms: 64 MB.
	rowPatience   = 60_000    // Milliseconds an incomplete tick waits.
	goneRows      = 3
)

// join adds a series that is the bucket up to le; false if there are too many.
// A bound that is not a number is left out: it belongs to no histogram.
func (b *bucketRows) join(ref uint64, le float64) bool {
	if math.IsNaN(le) {
		return true
	}
	if b.refs == nil {
		b.refs = map[uint64]float64{}
	}
	b.refs[ref] = le
	i, found := b.find(le)
	if found {
		b.buckets[i].refs++
		return true
	}
	if len(b.buckets) >= maxBucketsOf {
		return false
	}
	b.buckets = slices.Insert(b.buckets, i, bucketOf{le: le, refs: 1})
	for r := range b.rows {
		b.rows[r].v = slices.Insert(b.rows[r].v, i, math.NaN())
	}
	return true
}

// part removes a series.
func (b *bucketRows) part(ref uint64) {
	i, found := b.find(b.refs[ref])
	delete(b.refs, ref)
	if !found {
		return
	}
	if b.buckets[i].refs--; b.buckets[i].refs > 0 {
		return
	}
	b.buckets = slices.Delete(b.buckets, i, i+1)
	for r := range b.rows {
		b.rows[r].v = slices.Delete(b.rows[r].v, i, i+1)
	}
}

func (b *bucketRows) find(le float64) (int, bool) {
	return slices.BinarySearchFunc(b.buckets, le, func(x bucketOf, le float64) int { return compareBounds(x.le, le) })
}

// held is the number of values waiting.
func (b *bucketRows) held() int {
	if b == nil {
		return 0
	}
	return len(b.rows) * len(b.buckets)
}

// clear lets everything go that waits and returns how many ticks that were.
func (b *bucketRows) clear() int {
	n := len(b.rows)
	if n > 0 {
		b.judged, b.began = b.rows[n-1].t, true
	}
	b.rows = nil
	return n
}

// place takes the count v of a bucket at t. The stale marker ends a bucket: it
// is back with its next count.
func (b *bucketRows) place(ref uint64, t int64, v float64) (lost DistributionLosses) {
	le, ok := b.refs[ref]
	if !ok {
		return lost
	}
	i, _ := b.find(le)
	bucket := &b.buckets[i]
	late := b.began && t <= b.judged
	switch {
	case metric.IsStale(v):
		bucket.alive = bucket.alive && late
		return lost
	case !metric.IsFinite(v) || v < 0:
		return lost
	case !bucket.alive: // Late or not: the next tick waits for it.
		bucket.alive, bucket.first, bucket.missed = true, t, 0
		b.settled = false
	}
	if late {
		lost.Late++
		return lost
	}
	bucket.first = min(bucket.first, t)
	b.row(t)[i] = v
	if len(b.rows) > maxRows {
		b.drop()
		lost.Overflow++
	}
	return lost
}

// row returns the counts of tick t, all missing if it is new.
func (b *bucketRows) row(t int64) []float64 {
	n := len(b.rows)
	if n > 0 && b.rows[n-1].t == t {
		return b.rows[n-1].v
	}
	at := n
	if n > 0 && t < b.rows[n-1].t {
		found := false
		at, found = slices.BinarySearchFunc(b.rows, t, func(r bucketRow, t int64) int { return int(max(-1, min(1, r.t-t))) })
		if found {
			return b.rows[at].v
		}
	}
	v := b.spare
	b.spare = nil
	if cap(v) < len(b.buckets) {
		v = make([]float64, len(b.buckets))
	}
	v = v[:len(b.buckets)]
	for i := range v {
		v[i] = math.NaN()
	}
	b.rows = slices.Insert(b.rows, at, bucketRow{t, v})
	return v
}

// drop lets the first row go.
func (b *bucketRows) drop() {
	b.judged, b.began = b.rows[0].t, true
	b.spare = b.rows[0].v
	b.rows = slices.Delete(b.rows, 0, 1)
}

// next hands on the complete ticks in order of time. now is the time, if it has
// passed; then ticks that wait too long are let go. Otherwise it is 0.
func (b *bucketRows) next(now int64, judge func(t int64, h *histogram.FloatHistogram)) (lost DistributionLosses) {
	if now > 0 {
		b.settled = true
	}
	for b.settled && len(b.rows) > 0 {
		r := b.rows[0]
		switch {
		case now > 0 && r.t >= now:
			return lost // It may be in the middle of coming.
		case b.complete(r):
			if b.fill(r) {
				judge(r.t, &b.h)
			} else {
				lost.Incomplete++
			}
		case now > 0 && now-r.t > rowPatience:
			b.miss(r)
			lost.Incomplete++
		default:
			return lost
		}
		b.drop()
	}
	return lost
}

// complete reports whether a tick has every count it can have.
func (b *bucketRows) complete(r bucketRow) bool {
	for i := range b.buckets {
		if b.buckets[i].alive && b.buckets[i].first <= r.t && math.IsNaN(r.v[i]) {
			return false
		}
	}
	return true
}

// miss notes which buckets a tick lacked; those that lack too often are gone.
func (b *bucketRows) miss(r bucketRow) {
	for i := range b.buckets {
		x := &b.buckets[i]
		if !math.IsNaN(r.v[i]) {
			x.missed = 0
		} else if x.missed++; x.missed >= goneRows {
			x.alive = false
		}
	}
}

// fill makes a histogram of a complete tick, with the bounds it has counts for;
// false without a count of all observations. Where a count is less than the one
// before it, which a scrape in the middle of an update can cause, the bucket is
// taken as empty.
func (b *bucketRows) fill(r bucketRow) bool {
	last := len(b.buckets) - 1
	if last < 0 || !math.IsInf(b.buckets[last].le, 1) || math.IsNaN(r.v[last]) {
		return false
	}
	n, same := 0, true
	for i := range b.buckets[:last] {
		if !math.IsNaN(r.v[i]) {
			same = same && n < len(b.bounds) && b.bounds[n] == b.buckets[i].le
			n++
		}
	}
	if !same || n != len(b.bounds) || len(b.h.PositiveBuckets) != n+1 {
		b.bounds = make([]float64, 0, n)
		for i := range b.buckets[:last] {
			if !math.IsNaN(r.v[i]) {
				b.bounds = append(b.bounds, b.buckets[i].le)
			}
		}
		b.h = histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: b.bounds,
			PositiveSpans: []histogram.Span{{Length: uint32(n + 1)}}, PositiveBuckets: make([]float64, n+1)}
	}
	k, below := 0, 0.0
	for i := range b.buckets {
		if v := r.v[i]; !math.IsNaN(v) {
			b.h.PositiveBuckets[k] = max(0, v-below)
			below = max(below, v)
			k++
		}
	}
	b.h.Count = below
	return true
}
