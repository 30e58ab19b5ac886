package slo

// A ring keeps what happened in each slot of time, for a fixed number of slots,
// so that the sum over any run of slots costs two look-ups:
//
//	blocks   | base 0 | base 1 | base 2 | ...    everything before the block
//	slots    |........|........|........| ...    what the slot itself holds
//	                ^a                ^b
//	sum(a,b] = upTo(b) - upTo(a),  upTo(x) = base of x's block + its slots to x
//
// A slot costs 10 bytes (two uint32 counts and the time covered), a block of 32
// slots one base of 24. Cumulative float64s in every slot would answer without
// the short walk inside a block but need twice the memory. What does not fit a
// slot (a fraction of an event, or more than 4.29e9) is carried into the next
// addition, so that a sum is always within one event of the truth, and exact
// for whole numbers.
//
// Slot k holds the instants (k*step, (k+1)*step]: a sample at the end of a slot
// speaks of the time before it.

import "math"

const blockSlots = 32

// sums is what a run of slots holds.
type sums struct {
	event float64 // Good or bad events, as the objective's shape says.
	total float64
	seen  int64 // Milliseconds in which samples were seen.
}

func (a sums) minus(b sums) sums {
	return sums{a.event - b.event, a.total - b.total, a.seen - b.seen}
}

// ring is sums over time at one resolution.
type ring struct {
	step   int64 // Milliseconds per slot.
	unit   int64 // Milliseconds per count in seen; step/unit <= 10,000.
	newest int64 // The newest slot ever entered; only meaningful if begun.
	begun  bool
	event  []uint32
	total  []uint32
	seen   []uint16
	base   []sums // base[b%len] is the sum of everything before block b.
	restE  float64
	restT  float64
}

// newRing returns a ring that always reaches back at least span milliseconds.
func newRing(step, span int64) *ring {
	blocks := int((span/step+blockSlots-1)/blockSlots) + 1
	return &ring{
		step:  step,
		unit:  max(1, step/10_000),
		event: make([]uint32, blocks*blockSlots),
		total: make([]uint32, blocks*blockSlots),
		seen:  make([]uint16, blocks*blockSlots),
		base:  make([]sums, blocks),
	}
}

// bytes returns the memory of the ring's tables.
func (r *ring) bytes() int { return len(r.event)*10 + len(r.base)*24 }

// span returns how far back the ring always reaches, in milliseconds.
func (r *ring) span() int64 { return int64(len(r.base)-1) * blockSlots * r.step }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// slotOf returns the slot whose span (k*step, (k+1)*step] holds t.
func (r *ring) slotOf(t int64) int64 { return floorDiv(t-1, r.step) }

// blockOf returns the block of a slot; blockSlots is 2^5, and a shift rounds down.
func blockOf(slot int64) int64 { return slot >> 5 }

// blk returns where a block's base stands, at where a slot stands.
func (r *ring) blk(block int64) int {
	i := int(block % int64(len(r.base)))
	if i < 0 {
		i += len(r.base)
	}
	return i
}

func (r *ring) at(slot int64) int { return r.blk(blockOf(slot))*blockSlots + int(slot&(blockSlots-1)) }

// oldest returns the first slot still held.
func (r *ring) oldest() int64 {
	return (blockOf(r.newest) - int64(len(r.base)) + 1) * blockSlots
}

// advance makes slot the newest, forgetting what falls off the far end.
func (r *ring) advance(slot int64) {
	if !r.begun {
		r.newest, r.begun = slot, true
		return
	}
	if slot <= r.newest {
		return
	}
	from, to := blockOf(r.newest), blockOf(slot)
	if to > from {
		all := r.upTo(r.newest)
		for b := max(from+1, to-int64(len(r.base))+1); b <= to; b++ {
			r.base[r.blk(b)] = all
			lo := r.at(b * blockSlots)
			clear(r.event[lo : lo+blockSlots])
			clear(r.total[lo : lo+blockSlots])
			clear(r.seen[lo : lo+blockSlots])
		}
	}
	r.newest = slot
}

// add puts events at t; false if t is older than the ring.
func (r *ring) add(t int64, event, total float64) bool {
	if event == 0 && total == 0 {
		return true
	}
	slot := r.slotOf(t)
	r.advance(slot)
	if slot < r.oldest() {
		return false
	}
	i := r.at(slot)
	e := put(&r.event[i], &r.restE, event)
	n := put(&r.total[i], &r.restT, total)
	r.raise(slot, sums{event: e, total: n})
	return true
}

// put adds x and what was carried to *slot, as far as it fits, and returns what
// was put; the rest stays in *rest.
func put(slot *uint32, rest *float64, x float64) float64 {
	*rest += x
	whole := min(math.Floor(*rest+1e-6), float64(math.MaxUint32-*slot)) // 0.9999999 is one event and a rounding.
	*slot += uint32(whole)
	*rest -= whole
	return whole
}

// raise adds what came late to the bases of all later blocks.
func (r *ring) raise(slot int64, by sums) {
	for b := blockOf(slot) + 1; b <= blockOf(r.newest); b++ {
		p := &r.base[r.blk(b)]
		p.event += by.event
		p.total += by.total
		p.seen += by.seen
	}
}

// cover marks the time (from, to] as seen.
func (r *ring) cover(from, to int64) {
	if to <= from {
		return
	}
	r.advance(r.slotOf(to))
	from = max(from, r.oldest()*r.step)
	for from < to {
		slot := r.slotOf(from + 1)
		end := min(to, (slot+1)*r.step)
		n := (end - from + r.unit/2) / r.unit
		i := r.at(slot)
		n = min(n, r.step/r.unit-int64(r.seen[i]))
		r.seen[i] += uint16(n)
		r.raise(slot, sums{seen: n * r.unit})
		from = end
	}
}

// upTo returns the sum of everything at or before slot, back to the beginning of
// time; a slot older than the ring counts as its oldest edge.
func (r *ring) upTo(slot int64) sums {
	if !r.begun {
		return sums{}
	}
	slot = min(slot, r.newest)
	if slot < r.oldest() {
		return r.base[r.blk(blockOf(r.oldest()))]
	}
	block := blockOf(slot)
	s := r.base[r.blk(block)]
	lo, hi := r.at(block*blockSlots), r.at(slot)+1
	var event, total, seen uint64
	for _, x := range r.event[lo:hi] {
		event += uint64(x)
	}
	for _, x := range r.total[lo:hi] {
		total += uint64(x)
	}
	for _, x := range r.seen[lo:hi] {
		seen += uint64(x)
	}
	s.event += float64(event)
	s.total += float64(total)
	s.seen += int64(seen) * r.unit
	return s
}

// between returns the sum over the slots that overlap (from, to], and the
// instant at which the first of them begins: at most one step before from.
func (r *ring) between(from, to int64) (sums, int64) {
	first := floorDiv(from, r.step)
	return r.upTo(r.slotOf(to)).minus(r.upTo(first - 1)), first * r.step
}
