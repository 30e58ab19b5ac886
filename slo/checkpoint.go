package slo

// A checkpoint is the whole state as bytes, so that a restart does not forget
// what was counted. Equal states give equal bytes: series are written in the
// order of their ids.
//
//	"BWSLO1\n" | fingerprint of objective and options | body | CRC-32C of all before
//
// All numbers are little-endian, 8 bytes, except the slots. A checkpoint of
// another objective (target, window, method, indicator, rules) is refused: its
// sums would mean something else.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"maps"
	"math"
	"slices"
)

const magic = "BWSLO1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fingerprint tells states apart that must not be mixed.
func (e *Evaluator) fingerprint() uint64 {
	h := fnv.New64a()
	o := &e.o
	fmt.Fprintf(h, "%s|%v|%v|%v|%v|%v|%+v|%+v|%+v", o.Name, o.Target, o.Method, o.SliceTarget, o.SliceWindow, e.opts.Stale,
		o.Indicator, o.Rules, []any{o.Window.Rolling, o.Window.Length, o.Window.Count, o.Window.Unit, o.Window.Start.UnixMilli()})
	return h.Sum64()
}

// Checkpoint returns the state as bytes; equal states give equal bytes. It
// allocates about Bytes() plus 24 bytes a series.
func (e *Evaluator) Checkpoint() []byte {
	w := &writer{b: make([]byte, 0, e.Bytes()+4096)}
	w.b = append(w.b, magic...)
	w.u64(e.fingerprint())
	for _, c := range []*counters{&e.event, &e.total} {
		w.u64(uint64(len(c.last)))
		for _, id := range slices.Sorted(maps.Keys(c.last)) {
			w.u64(id)
			w.i64(c.last[id].t)
			w.f64(c.last[id].v)
		}
	}
	w.u64(uint64(len(e.hist.last)))
	for _, id := range slices.Sorted(maps.Keys(e.hist.last)) {
		r := e.hist.last[id]
		w.u64(id)
		w.i64(r.t)
		w.f64(r.count, r.below, r.straddle)
	}
	w.u64(uint64(len(e.les)))
	w.f64(e.les...)
	for _, r := range e.rings {
		w.ring(r)
	}
	if e.slices != nil {
		w.i64(e.slices.closed)
		w.flag(e.slices.begun)
		w.u64(uint64(len(e.slices.open)))
		for _, s := range e.slices.open {
			w.i64(s.index)
			w.f64(s.event, s.total)
		}
	}
	w.i64(e.first, e.last, e.coveredTo, e.clock, e.since)
	w.flag(e.begun, e.eventSeen, e.valueSeen, e.judged)
	w.f64(e.straddle, e.observed)
	c := &e.counts
	for _, n := range []uint64{c.Accepted, c.Resets, c.OutOfOrder, c.TooOld, c.TooFar, c.NotANumber, c.NoRoom, c.Misfit, uint64(e.verdict), uint64(e.severity)} {
		w.u64(n)
	}
	for _, m := range e.rules {
		w.i64(m.since, m.firedAt)
		w.flag(m.firing)
	}
	return binary.LittleEndian.AppendUint32(w.b, crc32.Checksum(w.b, castagnoli))
}

// Restore rebuilds the evaluator of an objective from Checkpoint's bytes. It
// refuses bytes that are damaged or belong to another objective; the caller then
// starts anew from the store's history.
func Restore(o Objective, opts Options, data []byte) (*Evaluator, error) {
	e, err := NewEvaluator(o, opts)
	if err != nil {
		return nil, err
	}
	fail := func(why string) (*Evaluator, error) {
		return nil, fmt.Errorf("cannot restore objective %q: %s; start it anew from history", o.Name, why)
	}
	if len(data) < len(magic)+12 || string(data[:len(magic)]) != magic {
		return fail("this is not a checkpoint")
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return fail("the checkpoint is damaged (checksum)")
	}
	r := &reader{b: body[len(magic):]}
	if r.u64() != e.fingerprint() {
		return fail("the checkpoint is of another objective or of an earlier version of it")
	}
	r.state(e)
	if r.err != nil {
		return fail(r.err.Error())
	}
	if len(r.b) != 0 {
		return fail("the checkpoint is longer than its state")
	}
	return e, nil
}

// state reads what Checkpoint wrote after the fingerprint.
func (r *reader) state(e *Evaluator) {
	for _, c := range []*counters{&e.event, &e.total} {
		n := r.length(24)
		c.last = make(map[uint64]reading, n)
		for range n {
			id := r.u64()
			c.last[id] = reading{r.i64(), r.f64()}
		}
	}
	n := r.length(40)
	e.hist.last = make(map[uint64]histReading, n)
	for range n {
		id := r.u64()
		e.hist.last[id] = histReading{r.i64(), r.f64(), r.f64(), r.f64()}
	}
	for range r.length(8) {
		e.les = append(e.les, r.f64())
	}
	for _, g := range e.rings {
		r.ring(g)
	}
	if e.slices != nil {
		e.slices.closed, e.slices.begun = r.i64(), r.flag()
		for range r.length(24) {
			e.slices.open = append(e.slices.open, openSlice{r.i64(), r.f64(), r.f64()})
		}
	}
	e.first, e.last, e.coveredTo, e.clock, e.since = r.i64(), r.i64(), r.i64(), r.i64(), r.i64()
	e.begun, e.eventSeen, e.valueSeen, e.judged = r.flag(), r.flag(), r.flag(), r.flag()
	e.straddle, e.observed = r.f64(), r.f64()
	c := &e.counts
	for _, p := range []*uint64{&c.Accepted, &c.Resets, &c.OutOfOrder, &c.TooOld, &c.TooFar, &c.NotANumber, &c.NoRoom, &c.Misfit} {
		*p = r.u64()
	}
	e.verdict, e.severity = Verdict(r.u64()), Severity(r.u64())
	for i := range e.rules {
		e.rules[i] = ruleMemory{since: r.i64(), firedAt: r.i64(), firing: r.flag()}
	}
}

// writer appends numbers.
type writer struct{ b []byte }

func (w *writer) u64(x uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, x) }
func (w *writer) i64(xs ...int64) {
	for _, x := range xs {
		w.u64(uint64(x))
	}
}
func (w *writer) f64(xs ...float64) {
	for _, x := range xs {
		w.u64(math.Float64bits(x))
	}
}
func (w *writer) flag(xs ...bool) {
	for _, x := range xs {
		var n byte
		if x {
			n = 1
		}
		w.b = append(w.b, n)
	}
}

func (w *writer) ring(r *ring) {
	w.i64(r.newest)
	w.flag(r.begun)
	w.f64(r.restE, r.restT)
	for i := range r.event {
		w.b = binary.LittleEndian.AppendUint32(w.b, r.event[i])
		w.b = binary.LittleEndian.AppendUint32(w.b, r.total[i])
		w.b = binary.LittleEndian.AppendUint16(w.b, r.seen[i])
	}
	for _, s := range r.base {
		w.f64(s.event, s.total)
		w.i64(s.seen)
	}
}

// reader takes numbers off the front; after the first error it returns zeros.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("the checkpoint ends early")

func (r *reader) take(n int) []byte {
	if r.err != nil || len(r.b) < n {
		r.err = errShort
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
func (r *reader) i64() int64   { return int64(r.u64()) }
func (r *reader) f64() float64 { return math.Float64frombits(r.u64()) }
func (r *reader) flag() bool {
	b := r.take(1)
	return b != nil && b[0] == 1
}

// length reads a count of entries of size bytes and checks that they are there.
func (r *reader) length(size int) int {
	n := r.u64()
	if n > uint64(len(r.b)/size) {
		r.err = errShort
		return 0
	}
	return int(n)
}

func (r *reader) ring(g *ring) {
	g.newest, g.begun = r.i64(), r.flag()
	g.restE, g.restT = r.f64(), r.f64()
	b := r.take(len(g.event) * 10)
	if b == nil {
		return
	}
	for i := range g.event {
		g.event[i] = binary.LittleEndian.Uint32(b[10*i:])
		g.total[i] = binary.LittleEndian.Uint32(b[10*i+4:])
		g.seen[i] = binary.LittleEndian.Uint16(b[10*i+8:])
	}
	for i := range g.base {
		g.base[i] = sums{r.f64(), r.f64(), r.i64()}
	}
}
