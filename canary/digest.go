package canary

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// Digests: 16 hex digits that stand for what was judged, so that a verdict can
// be replayed and nobody has to wonder whether on the same samples. SHA-256 over
// the settings and the bits of every sample in a fixed order, lengths included;
// every NaN is the same, since all of them mean "no sample". The digest of the
// request also holds the judge's name, the policy, the gates and a version of
// the rules: the same digest, the same verdict.

// rulesVersion changes whenever the same request may be judged differently.
const rulesVersion = 2

// digester writes values to a hash through a buffer.
type digester struct {
	h   hash.Hash
	buf [2048]byte
	n   int
}

func newDigester() *digester { return &digester{h: sha256.New()} }

func (d *digester) word(v uint64) {
	if d.n+8 > len(d.buf) {
		d.flush()
	}
	binary.LittleEndian.PutUint64(d.buf[d.n:], v)
	d.n += 8
}

func (d *digester) flush() {
	d.h.Write(d.buf[:d.n]) //nolint:errcheck // A hash never fails.
	d.n = 0
}

// nanBits stands for every NaN.
const nanBits = 0x7ff8000000000001

func (d *digester) number(vs ...float64) { d.numbers(vs) }

func (d *digester) numbers(vs []float64) {
	for _, v := range vs {
		if v != v {
			d.word(nanBits)
		} else {
			d.word(math.Float64bits(v))
		}
	}
}

// samples writes a list and its length; nil differs from empty nowhere in the
// judges, so they are the same.
func (d *digester) samples(vs []float64) {
	d.word(uint64(len(vs)))
	d.numbers(vs)
}

func (d *digester) lists(vs [][]float64) {
	d.word(uint64(len(vs)))
	for _, v := range vs {
		d.samples(v)
	}
}

func (d *digester) text(ss ...string) {
	for _, s := range ss {
		d.word(uint64(len(s)))
		d.flush()
		d.h.Write([]byte(s)) //nolint:errcheck // A hash never fails.
	}
}

func (d *digester) flag(b bool) {
	if b {
		d.word(1)
	} else {
		d.word(0)
	}
}

// sum is the first 16 hex digits.
func (d *digester) sum() string {
	d.flush()
	return hex.EncodeToString(d.h.Sum(nil)[:8])
}

func (d *digester) reset() {
	d.h.Reset()
	d.n = 0
}

// metric is the digest of one metric.
func (d *digester) metric(m *Metric) string {
	d.reset()
	d.text(m.Name, string(m.Direction), string(m.Kind), m.Err)
	d.number(m.StepSeconds, m.MinEffect, m.Exposure)
	d.flag(m.Critical)
	d.word(uint64(len(m.Doubts)))
	d.text(m.Doubts...)
	d.word(uint64(len(m.Notes)))
	d.text(m.Notes...)
	d.samples(m.Baseline)
	d.samples(m.Canary)
	if d.flag(m.History != nil); m.History != nil {
		d.flag(m.History.SameInstances)
		d.samples(m.History.Baseline)
		d.samples(m.History.Canary)
	}
	d.shards(m.Shards)
	d.distribution(m.Distribution)
	return d.sum()
}

func (d *digester) shards(s *Shards) {
	if d.flag(s != nil); s == nil {
		return
	}
	d.lists(s.Baseline)
	d.lists(s.Canary)
	d.word(uint64(len(s.BaselineNames)))
	d.text(s.BaselineNames...)
	d.word(uint64(len(s.CanaryNames)))
	d.text(s.CanaryNames...)
}

func (d *digester) distribution(x *Distribution) {
	if d.flag(x != nil); x == nil {
		return
	}
	d.samples(x.Bounds)
	d.lists(x.Baseline)
	d.lists(x.Canary)
	d.lists(x.HistoryBaseline)
	d.lists(x.HistoryCanary)
}

// whole is the digest of the request, given those of its metrics in order.
func (d *digester) whole(judge string, p Policy, req *Request, metrics []MetricVerdict) string {
	d.reset()
	d.word(rulesVersion)
	d.text(judge)
	d.number(p.FalseFail, p.FalsePass, req.Policy.Exposure) // A share that was stated is read differently from the default.
	d.word(uint64(p.Look))
	d.word(uint64(p.Looks))
	d.word(uint64(p.PlannedSamples))
	o := p.Named
	d.number(o.Tolerance, o.ConfidenceLevel, o.MaxPercentile, o.ToleranceFactor, o.MinSimilarShardsPercent)
	d.word(uint64(len(req.Warnings)))
	d.text(req.Warnings...)
	d.word(uint64(len(req.Gates)))
	for _, g := range req.Gates {
		d.text(g.Objective, g.Detail)
		d.number(g.Burn, g.Limit)
	}
	d.word(uint64(len(metrics)))
	for _, m := range metrics {
		d.text(m.Digest)
	}
	return d.sum()
}
