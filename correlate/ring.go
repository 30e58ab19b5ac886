package correlate

// One series' rings: per tier a circle of float32 slots, addressed by slot
// number modulo the circle's length.
//
//	slot s holds the mean of the values in (step*(s-1), step*s]
//	head is the newest slot; slots head-Slots+1 .. head are kept
//
// Values are stored relative to the series' first value, so that float32 keeps
// seven digits of the movement and not of the level. An empty slot is NaN.

import (
	"math"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

type ring struct {
	ref    uint64
	labels labels.Labels
	kind   Kind
	begun  bool
	base   float64 // First value; slots are relative to it.
	lastT  int64   // Counters: the sample before.
	lastV  float64
	primed bool
	head   []int64   // Per tier.
	sum    []float64 // Of the head slot, per tier.
	count  []int32   // Of the head slot, per tier.
	slots  [][]float32
}

// ringOverhead is the bookkeeping of a ring and of one tier, in bytes.
const (
	ringOverhead = 200
	tierOverhead = 8 + 8 + 4 + 24
)

func ringBytes(tiers []Tier) int {
	n := ringOverhead
	for _, t := range tiers {
		n += t.Slots*4 + tierOverhead
	}
	return n
}

func newRing(ref uint64, ls labels.Labels, kind Kind, tiers []Tier) *ring {
	r := &ring{ref: ref, labels: ls, kind: kind, head: make([]int64, len(tiers)), sum: make([]float64, len(tiers)),
		count: make([]int32, len(tiers)), slots: make([][]float32, len(tiers))}
	nan := float32(math.NaN())
	for k, t := range tiers {
		r.slots[k] = make([]float32, t.Slots)
		for i := range r.slots[k] {
			r.slots[k][i] = nan
		}
	}
	return r
}

// append takes one sample; see Index.Append.
func (r *ring) append(t int64, v float64, tiers []Tier, st *IndexStats) {
	if !metric.IsFinite(v) {
		st.BadSamples++
		return
	}
	if r.kind == Counter {
		var ok bool
		if v, ok = r.rate(t, v, st); !ok {
			return
		}
	}
	if !r.begun {
		r.begun, r.base = true, v
		for k, tier := range tiers {
			r.head[k] = ceilTo(t, tier.Step)/tier.Step - int64(tier.Slots)
		}
	}
	v -= r.base
	if math.Abs(v) > math.MaxFloat32 {
		st.BadSamples++
		return
	}
	late := false
	for k, tier := range tiers {
		late = r.place(k, ceilTo(t, tier.Step)/tier.Step, v) || late
	}
	if late {
		st.LateSamples++
	}
}

// rate turns a counter's value into its increase per second. After a reset the
// whole value is the increase, as in Prometheus.
func (r *ring) rate(t int64, v float64, st *IndexStats) (float64, bool) {
	if r.primed && t <= r.lastT {
		st.LateSamples++
		return 0, false
	}
	dv, dt, ok := v-r.lastV, float64(t-r.lastT)/1000, r.primed
	if v < r.lastV && ok {
		st.Resets++
		dv = v
	}
	r.primed, r.lastT, r.lastV = true, t, v
	return dv / dt, ok
}

// place writes v in slot s and reports whether the slot had passed.
func (r *ring) place(k int, s int64, v float64) (late bool) {
	ring := r.slots[k]
	n := int64(len(ring))
	at := func(s int64) int64 { return ((s % n) + n) % n }
	if s <= r.head[k]-n {
		return true
	}
	if s < r.head[k] {
		if p := &ring[at(s)]; math.IsNaN(float64(*p)) {
			*p = float32(v)
		}
		return true
	}
	if s > r.head[k] {
		for e := max(r.head[k]+1, s-n+1); e <= s; e++ {
			ring[at(e)] = float32(math.NaN())
		}
		r.head[k], r.sum[k], r.count[k] = s, 0, 0
	}
	r.sum[k] += v
	r.count[k]++
	ring[at(s)] = float32(r.sum[k] / float64(r.count[k]))
	return false
}

// read copies the slots from.. of tier k; NaN outside the ring.
func (r *ring) read(dst []float64, k int, tiers []Tier, from int64) {
	ring := r.slots[k]
	n, s := int64(len(ring)), from/tiers[k].Step
	at := ((s % n) + n) % n
	for i := range dst {
		dst[i] = math.NaN()
		if e := s + int64(i); e > r.head[k]-n && e <= r.head[k] {
			dst[i] = float64(ring[at]) + r.base
		}
		if at++; at == n {
			at = 0
		}
	}
}
