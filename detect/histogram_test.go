package detect

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"pgregory.net/rapid"
)

// failer is what testing.TB and rapid.T have in common here.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func newHistogram(t failer, cfg Config) *HistogramSeries {
	t.Helper()
	s, err := NewHistogram(cfg, HistogramMeta{Unit: "s"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// source is a cumulative histogram of lognormal latencies, in any form.
type source struct {
	r      *rand.Rand
	schema int32
	count  map[int]float64
	bounds []float64
	median float64
	spread float64 // Of the natural logarithm.
}

func newSource(seed uint64, schema int32) *source {
	return &source{r: rand.New(rand.NewPCG(seed, 9)), schema: schema, count: map[int]float64{}, median: .1, spread: .4}
}

// observe adds n requests.
func (s *source) observe(n int) {
	for range n {
		s.add(s.median*math.Exp(s.spread*s.r.NormFloat64()), 1)
	}
}

func (s *source) add(x, n float64) {
	i := 0
	if s.bounds != nil {
		for i < len(s.bounds) && x > s.bounds[i] {
			i++
		}
	} else {
		i = int(math.Ceil(math.Ldexp(math.Log2(x), int(s.schema))))
	}
	s.count[i] += n
}

// sample returns the histogram, with one span over all its buckets.
func (s *source) sample() *histogram.FloatHistogram {
	lo, hi := math.MaxInt, math.MinInt
	for i := range s.count {
		lo, hi = min(lo, i), max(hi, i)
	}
	h := &histogram.FloatHistogram{Schema: s.schema, ZeroThreshold: 1e-128}
	if s.bounds != nil {
		h.Schema, h.CustomValues, h.ZeroThreshold, lo, hi = -53, s.bounds, 0, 0, len(s.bounds)
	}
	if lo > hi {
		return h
	}
	h.PositiveSpans = []histogram.Span{{Offset: int32(lo), Length: uint32(hi - lo + 1)}}
	h.PositiveBuckets = make([]float64, hi-lo+1)
	for i, c := range s.count {
		h.PositiveBuckets[i-lo] = c
		h.Count += c
	}
	return h
}

// run feeds n ticks of a minute, of rate requests each, and returns the results.
func (s *source) run(d *HistogramSeries, from, n, rate int) []Result {
	var out []Result
	for i := range n {
		s.observe(rate)
		out = append(out, d.Step(int64(from+i)*minute, s.sample()))
	}
	return out
}

// opened returns the first transition of a kind, and its place; -1 if there is
// none.
func transition(rs []Result, want Transition) int {
	for i, r := range rs {
		if r.Transition == want {
			return i
		}
	}
	return -1
}

// A shift opens as a distribution, says what moved, and is held until the form
// is back.
func TestHistogramOpensHoldsRecovers(t *testing.T) {
	for _, bounds := range [][]float64{nil, {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}} {
		d, src := newHistogram(t, Config{}), newSource(1, 5)
		src.bounds = bounds
		if i := transition(src.run(d, 1, 600, 200), TransitionOpened); i >= 0 {
			t.Fatalf("opened at minute %d of a healthy series", i)
		}
		src.median = .2
		rs := src.run(d, 601, 60, 200)
		at := transition(rs, TransitionOpened)
		if at < 0 || at > 5 {
			t.Fatalf("bounds %v: a doubled latency opened at %d, want within 5", bounds, at)
		}
		if r := rs[at]; r.Kind != KindDistribution || r.Direction != DirectionUp || r.Verdict != VerdictAnomalous {
			t.Errorf("opened as %v %v, %v", r.Kind, r.Direction, r.Verdict)
		}
		if i := transition(rs, TransitionClosed); i >= 0 {
			t.Errorf("closed at %d while it lasted", i)
		}
		a, _ := d.Anomaly()
		if a.Change < 598*minute || a.Change > 603*minute {
			t.Errorf("change at minute %v, want about 600", float64(a.Change)/minute)
		}
		if ratio := a.Observed / a.Expected; ratio < 1.5 || ratio > 3 {
			t.Errorf("observed %v, expected %v: want about twofold", a.Observed, a.Expected)
		}
		if !strings.Contains(a.Trace.Summary, " s -> ") {
			t.Errorf("summary %q", a.Trace.Summary)
		}
		src.median = .1
		rs = src.run(d, 661, 30, 200)
		if i := transition(rs, TransitionClosed); i < 4 || i > 15 {
			t.Errorf("bounds %v: closed %d minutes after recovery, want 4 to 15", bounds, i)
		}
		if i := transition(src.run(d, 691, 120, 200), TransitionOpened); i >= 0 {
			t.Errorf("opened again %d minutes after recovery", i)
		}
	}
}

// What lasts for the adaptation time is accepted, once, saying so.
func TestHistogramAdapts(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(2, 3)
	src.run(d, 1, 600, 300)
	src.median = .25
	rs := src.run(d, 601, 700, 300)
	at := transition(rs, TransitionClosed)
	if at < 470 || at > 490 {
		t.Fatalf("closed after %d minutes, want about 480", at)
	}
	if a, _ := d.Anomaly(); !a.Adapted || a.Open {
		t.Errorf("anomaly %+v, want adapted and closed", a)
	}
	if i := transition(rs[at:], TransitionOpened); i >= 0 {
		t.Errorf("opened again %d minutes after it was accepted", i)
	}
}

// A hundredth or so of slow requests moves neither the median nor the mean
// much; the slowest twentieth shows it.
func TestHistogramSeesTheTail(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(3, 3)
	src.run(d, 1, 600, 2000)
	var rs []Result
	for i := range 30 {
		src.observe(1960)
		src.median *= 10
		src.observe(40)
		src.median /= 10
		rs = append(rs, d.Step(int64(601+i)*minute, src.sample()))
	}
	at := transition(rs, TransitionOpened)
	if at < 0 {
		t.Fatal("2 % of requests ten times slower went unseen")
	}
	if s := d.Explain().Summary; !strings.HasPrefix(s, "p99 ") {
		t.Errorf("summary %q, want the p99 named", s)
	}
}

// Two modes with the mean unchanged are named.
func TestHistogramNamesTwoModes(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(4, 3)
	src.spread = .2
	src.run(d, 1, 600, 500)
	for i := range 20 {
		src.median = .04
		src.observe(350)
		src.median = .3
		src.observe(150)
		d.Step(int64(601+i)*minute, src.sample())
	}
	text := d.Explain().String()
	if !strings.Contains(text, "2 modes, usually 1") {
		t.Errorf("the trace does not name two modes:\n%s", text)
	}
}

// Sparse traffic is "not enough data", never a pass.
func TestSparseHistogramIsNotEnoughData(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(5, 3)
	src.run(d, 1, 600, 100)
	if v := d.Explain().Verdict; v != VerdictHealthy {
		t.Fatalf("verdict %v after ten busy hours", v)
	}
	for i := range 300 {
		if i%10 == 0 {
			src.observe(1)
		}
		d.Step(int64(601+i)*minute, src.sample())
	}
	tr := d.Explain()
	if tr.Verdict != VerdictNotEnoughData || len(tr.Notes) == 0 || !strings.Contains(tr.Notes[0], "of the 50 observations within an hour") {
		t.Errorf("verdict %v, notes %q", tr.Verdict, tr.Notes)
	}
	if d.s.Intake.Sparse == 0 {
		t.Error("no batch was counted as let go")
	}
}

// Restarts, stale markers, gaps, gauges: no increase where none is known.
func TestHistogramIntake(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(6, 3)
	src.run(d, 1, 200, 100)
	n := d.s.Judge.N
	step := func(m int, h *histogram.FloatHistogram) { t.Helper(); d.Step(int64(m)*minute, h) }
	src.count = map[int]float64{} // A restart.
	src.observe(90)
	step(201, src.sample())
	if d.s.Intake.Resets != 1 || d.s.Judge.N != n {
		t.Errorf("%d resets, %d batches more, want 1 and 0", d.s.Intake.Resets, d.s.Judge.N-n)
	}
	src.observe(90)
	h := src.sample()
	h.CounterResetHint = histogram.CounterReset
	step(202, h)
	if d.s.Intake.Resets != 2 || d.s.Judge.N != n {
		t.Errorf("the hint of a reset was not heeded: %d", d.s.Intake.Resets)
	}
	src.observe(90)
	step(202, src.sample())
	step(150, src.sample())
	if d.s.Intake.Refused != 2 {
		t.Errorf("%d refused, want 2", d.s.Intake.Refused)
	}
	step(400, src.sample())
	if d.s.Intake.Gaps != 1 || d.s.Judge.N != n {
		t.Errorf("%d gaps, want 1", d.s.Intake.Gaps)
	}
	step(401, &histogram.FloatHistogram{Sum: math.Float64frombits(value.StaleNaN)})
	src.observe(90)
	step(402, src.sample())
	if d.s.Judge.N != n {
		t.Error("an increase across a stale marker was judged")
	}
	src.observe(90)
	step(403, src.sample())
	if d.s.Judge.N != n+1 {
		t.Errorf("%d batches, want %d: the first increase after it all", d.s.Judge.N, n+1)
	}
	g := newSource(7, 3)
	g.observe(90)
	h = g.sample()
	h.CounterResetHint = histogram.GaugeType
	step(404, h)
	step(405, h)
	if d.s.Judge.N != n+3 {
		t.Errorf("%d batches, want %d: gauges are judged as they stand", d.s.Judge.N, n+3)
	}
}

// Other bounds begin anew, and the trace says why.
func TestChangedBoundsBeginAnew(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(8, 3)
	src.bounds = []float64{.05, .1, .2, .5}
	src.run(d, 1, 200, 100)
	src.bounds = []float64{.05, .1, .2, .5, 1}
	src.observe(100)
	d.Step(201*minute, src.sample())
	tr := d.Explain()
	if tr.Verdict != VerdictNotEnoughData || !strings.Contains(tr.String(), "its bounds changed") || d.s.Intake.Rebuilt != 1 {
		t.Errorf("verdict %v, rebuilt %d:\n%s", tr.Verdict, d.s.Intake.Rebuilt, tr)
	}
	src.run(d, 202, 5, 100)
	if d.s.Judge.N != 5 {
		t.Errorf("%d batches on the new bounds, want 5", d.s.Judge.N)
	}
}

// A finer schema says the same as schema 3; a coarser one, or a wider zero
// bucket, in the middle of things goes unnoticed.
func TestSchemaAndZeroThresholdChangesGoUnnoticed(t *testing.T) {
	for seed := range uint64(6) {
		fine := newSource(seed, 8)
		a, b, c := newHistogram(t, Config{}), newHistogram(t, Config{}), newHistogram(t, Config{})
		var ra, rb Result
		for i := range 60 {
			fine.observe(120)
			h := fine.sample()
			ra = a.Step(int64(i)*minute, h)
			rb = b.Step(int64(i)*minute, h.CopyToSchema(3))
			if ra != rb {
				t.Fatalf("tick %d: schema 8 gives %+v, schema 3 %+v", i, ra, rb)
			}
			if i >= 30 {
				h = h.CopyToSchema(2)
			}
			rc := c.Step(int64(i)*minute, h)
			if rc.Transition != TransitionNone || rc.Score > 3 {
				t.Fatalf("tick %d: a coarser schema is news: %+v", i, rc)
			}
		}
		if c.s.Intake.Resets != 0 || c.s.Judge.N != a.s.Judge.N {
			t.Fatalf("a coarser schema cost ticks: %d of %d batches, %d resets", c.s.Judge.N, a.s.Judge.N, c.s.Intake.Resets)
		}
	}
}

func TestWiderZeroBucketGoesUnnoticed(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(11, 3)
	src.run(d, 1, 300, 200)
	for i := range 100 {
		src.observe(200)
		h := src.sample()
		// Everything up to 2^-4 is hidden by the zero bucket from here on.
		h.ZeroThreshold = 1. / 16
		k := 0
		for j, sp := range h.PositiveSpans {
			for idx := int(sp.Offset); idx <= -32 && k < len(h.PositiveBuckets); idx++ {
				h.ZeroCount += h.PositiveBuckets[k]
				k++
			}
			h.PositiveSpans[j].Offset += int32(k)
			h.PositiveSpans[j].Length -= uint32(k)
		}
		h.PositiveBuckets = h.PositiveBuckets[k:]
		if r := d.Step(int64(301+i)*minute, h); r.Transition != TransitionNone || r.Score > 3 {
			t.Fatalf("tick %d: a wider zero bucket is news: %+v", i, r)
		}
	}
	if d.s.Judge.N != 399 || d.s.Intake.Resets != 0 {
		t.Errorf("%d batches, %d resets, want 399 and 0", d.s.Judge.N, d.s.Intake.Resets)
	}
}

// Twice the requests have the same form.
func TestScalingCountsKeepsDistances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s HistogramSeries
		var x, x2 cells
		var y [histogramCells]float32
		k := float32(rapid.IntRange(1, 64).Draw(t, "k"))
		x[0], y[0] = 1, 1
		for i := range x {
			x[i] += float32(rapid.IntRange(0, 9).Draw(t, "x"))
			y[i] += float32(rapid.IntRange(0, 9).Draw(t, "y"))
			s.gap[i] = 1
		}
		sum, sum0 := 0.0, 0.0
		for i := range x {
			x2[i] = k * x[i]
			sum, sum0 = sum+float64(x[i]), sum0+float64(y[i])
		}
		var form histogramForm
		s.form(&form, &y, sum0, sum0)
		a, b := s.compare(&x, sum, sum, &form), s.compare(&x2, sum*float64(k), sum*float64(k), &form)
		if math.Abs(a.w1-b.w1) > 1e-9*(1+a.w1) || math.Abs(a.tail-b.tail) > 1e-9*(1+a.tail) || math.Abs(a.ks-b.ks) > 1e-12 {
			t.Fatalf("%+v against %+v", a, b)
		}
		if b.usual > a.usual+1e-12 {
			t.Fatalf("more observations made the usual distance larger: %v, %v", a.usual, b.usual)
		}
	})
}

// A batch is what was observed, however it came in ticks.
func TestSplitTicksGiveTheSameBatch(t *testing.T) {
	whole, split, src := newHistogram(t, Config{}), newHistogram(t, Config{}), newSource(12, 3)
	for i := range 150 {
		src.observe(30)
		if i > 0 {
			split.Step(int64(2*i)*minute-minute, src.sample())
		}
		src.observe(30)
		h := src.sample()
		a, b := whole.Step(int64(2*i)*minute, h), split.Step(int64(2*i)*minute, h)
		if a != b {
			t.Fatalf("tick %d: whole %+v, split %+v", i, a, b)
		}
	}
	if whole.s.Judge.N != 149 || split.s.Judge.N != whole.s.Judge.N {
		t.Errorf("%d and %d batches", whole.s.Judge.N, split.s.Judge.N)
	}
}

func TestHistogramCheckpointContinuesTheUninterruptedRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(0, 400).Draw(t, "cut")
		src := newSource(rapid.Uint64().Draw(t, "seed"), 4)
		if rapid.Bool().Draw(t, "classic") {
			src.bounds = []float64{.02, .05, .1, .2, .5}
		}
		whole := newHistogram(t, Config{Open: 1000})
		disturb := func(i int) {
			src.median = .1
			if i%150 > 120 {
				src.median = .3
			}
			src.observe(60)
		}
		for i := range cut {
			disturb(i)
			whole.Step(int64(i)*minute, src.sample())
		}
		part, err := RestoreHistogram(Config{Open: 1000}, HistogramMeta{Unit: "s"}, whole.AppendState(nil))
		if err != nil {
			t.Fatal(err)
		}
		for i := cut; i < cut+60; i++ {
			disturb(i)
			h := src.sample()
			if a, b := whole.Step(int64(i)*minute, h), part.Step(int64(i)*minute, h); a != b {
				t.Fatalf("step %d: restored gives %+v, uninterrupted %+v", i, b, a)
			}
		}
		if d := cmp.Diff(whole.Explain(), part.Explain()); d != "" {
			t.Fatalf("explanations differ:\n%s", d)
		}
		if !bytes.Equal(whole.AppendState(nil), part.AppendState(nil)) {
			t.Fatal("checkpoints differ")
		}
	})
}

func TestHistogramCheckpointRefusesForeign(t *testing.T) {
	d := newHistogram(t, Config{})
	state := d.AppendState(nil)
	for i := range 3 {
		bad := bytes.Clone(state)
		cfg := Config{}
		switch i {
		case 0:
			bad[40] ^= 1
		case 1:
			bad = bad[:len(bad)-1]
		case 2:
			cfg.Budget = 3
		}
		if _, err := RestoreHistogram(cfg, HistogramMeta{}, bad); err == nil {
			t.Errorf("case %d was restored", i)
		}
	}
	if len(state) > 7000 {
		t.Errorf("a checkpoint takes %d bytes, want at most 7000", len(state))
	}
}

// Each of these is a lie; each is counted and judged as nothing.
func TestHostileHistogramsAreRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	sp := func(o int32, l uint32) []histogram.Span { return []histogram.Span{{Offset: o, Length: l}} }
	for name, h := range map[string]*histogram.FloatHistogram{
		"nil":                   nil,
		"fewer buckets":         {Schema: 3, PositiveSpans: sp(0, 9), PositiveBuckets: make([]float64, 3)},
		"more buckets":          {Schema: 3, PositiveSpans: sp(0, 1), PositiveBuckets: make([]float64, 3)},
		"backward span":         {Schema: 3, PositiveSpans: []histogram.Span{{Offset: 0, Length: 1}, {Offset: -9, Length: 1}}, PositiveBuckets: make([]float64, 2)},
		"negative count":        {Schema: 3, PositiveSpans: sp(0, 1), PositiveBuckets: []float64{-1}},
		"NaN count":             {Schema: 3, PositiveSpans: sp(0, 1), PositiveBuckets: []float64{nan}},
		"infinite zero count":   {Schema: 3, ZeroCount: inf},
		"NaN zero threshold":    {Schema: 3, ZeroThreshold: nan},
		"schema of no such":     {Schema: -9},
		"bounds that fall":      {Schema: -53, CustomValues: []float64{2, 1}, PositiveSpans: sp(0, 1), PositiveBuckets: []float64{1}},
		"NaN bound":             {Schema: -53, CustomValues: []float64{nan}},
		"bucket past bounds":    {Schema: -53, CustomValues: []float64{1, 2}, PositiveSpans: sp(7, 1), PositiveBuckets: []float64{1}},
		"negative custom":       {Schema: -53, CustomValues: []float64{1}, NegativeSpans: sp(0, 1), NegativeBuckets: []float64{1}},
		"buckets without limit": {Schema: 3, PositiveSpans: sp(0, 50_000), PositiveBuckets: make([]float64, 50_000)},
	} {
		d := newHistogram(t, Config{})
		if r := d.Step(minute, h); r.Verdict != VerdictUnusable || d.s.Intake.Unusable != 1 {
			t.Errorf("%s: verdict %v, %d unusable", name, r.Verdict, d.s.Intake.Unusable)
		}
	}
}

// One far observation does not make the grid coarse; many do, and then what
// lies out there is told apart again.
func TestGridWidensWhereTheMassGoes(t *testing.T) {
	d, src := newHistogram(t, Config{}), newSource(13, 3)
	src.run(d, 1, 300, 200)
	src.add(1e9, 1)
	src.run(d, 301, 5, 200)
	if d.s.Grid.Schema != 3 || d.s.Intake.Wider != 0 {
		t.Fatalf("one stray observation made the grid schema %d", d.s.Grid.Schema)
	}
	src.median = 1e4
	src.run(d, 306, 20, 200)
	if d.s.Intake.Wider == 0 {
		t.Fatal("the grid did not widen")
	}
	if p50 := float64(d.s.Last.Moved.After[0]); p50 < 5e3 || p50 > 2e4 {
		t.Errorf("p50 %v on the wider grid, want about 1e4", p50)
	}
	if a, ok := d.Anomaly(); !ok || !a.Open {
		t.Error("a latency 10^5 times larger is no anomaly")
	}
}

// No input makes a NaN, a panic or a grid larger than it is.
func FuzzHistogram(f *testing.F) {
	f.Add([]byte{0, 3, 10, 200, 0, 1, 2, 3, 4, 5, 6, 7})
	f.Add([]byte{1, 255, 0, 0, 128, 9, 9, 9, 1, 200, 77, 3, 250, 251, 252})
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newHistogram(t, Config{Open: 1e6})
		at := 0
		next := func() byte {
			if at >= len(data) {
				at++
				return byte(at * 37)
			}
			at++
			return data[at-1]
		}
		odd := []float64{0, 1, 60, 1e3, 1e9, 1e15, 1e29, math.NaN(), math.Inf(1), -1, 5e-324, 1e300}
		cum := make([]float64, 8)
		now := int64(0)
		for i := 0; i < 150 && at <= len(data)+300; i++ {
			n := int(next()) % 8
			h := &histogram.FloatHistogram{Schema: []int32{3, 8, -4, 0, -53, 52, 1, 5}[next()%8], CounterResetHint: histogram.CounterResetHint(next() % 8 / 2)}
			if h.Schema == -53 {
				h.CustomValues = [][]float64{{1, 2, 3, 4, 5, 6, 7}, {-5, 0, 1}, {}, {1e-300, 1, 1e300}}[next()%4]
			}
			offset := []int32{0, -40, math.MaxInt32, math.MinInt32, 1 << 20, 5, 1, 2}[next()%8]
			h.PositiveSpans = []histogram.Span{{Offset: offset, Length: uint32(n)}}
			if next()%16 == 0 {
				h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: int32(next()) << 24, Length: uint32(next())})
			}
			for k := range n {
				if next()%32 == 0 {
					cum[k] = odd[int(next())%len(odd)]
				} else {
					cum[k] += float64(next())
				}
				h.PositiveBuckets = append(h.PositiveBuckets, cum[k])
			}
			if next()%8 == 0 {
				h.ZeroThreshold, h.ZeroCount = odd[int(next())%len(odd)], odd[int(next())%len(odd)]
			}
			if next()%8 == 0 {
				h.Sum = math.NaN()
			}
			now += int64(next()) * 1000
			checkResult(t, i, d.Step(now, h))
			if i%16 == 0 {
				checkResult(t, i, d.Tick(now+1))
				for _, x := range []float64{d.Explain().Observed, d.Explain().Effect, d.Explain().Upper} {
					if math.IsNaN(x) || math.IsInf(x, 0) {
						t.Fatalf("step %d: explanation %+v", i, d.Explain())
					}
				}
			}
		}
		again, err := RestoreHistogram(Config{Open: 1e6}, HistogramMeta{Unit: "s"}, d.AppendState(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.AppendState(nil), d.AppendState(nil)) {
			t.Fatal("a checkpoint changes when it is restored")
		}
	})
}

func TestHistogramStepAllocatesNothing(t *testing.T) {
	for _, bounds := range [][]float64{nil, {.05, .1, .2, .5}} {
		d, src := newHistogram(t, Config{}), newSource(14, 4)
		src.bounds = bounds
		src.run(d, 1, 300, 100)
		hs := make([]*histogram.FloatHistogram, 110)
		for i := range hs {
			src.observe(100)
			hs[i] = src.sample()
		}
		i := 0
		if n := testing.AllocsPerRun(100, func() { d.Step(int64(301+i)*minute, hs[i]); i++ }); n > 0 {
			t.Errorf("%v allocations a step", n)
		}
	}
}

// A step with 160 buckets that fills a batch: what the pipeline pays.
func BenchmarkHistogramStep(b *testing.B) {
	d, src := newHistogram(b, Config{}), newSource(15, 5)
	src.spread = 1
	hs := make([]*histogram.FloatHistogram, 256)
	for i := range hs {
		src.observe(200)
		h := src.sample()
		buckets := make([]float64, 160)
		for k, c := range h.PositiveBuckets {
			buckets[min(159, max(0, int(h.PositiveSpans[0].Offset)+k+190))] += c
		}
		hs[i] = &histogram.FloatHistogram{Schema: 5, PositiveSpans: []histogram.Span{{Offset: -190, Length: 160}}, PositiveBuckets: buckets}
	}
	for i := range b.N {
		if i%256 == 0 {
			d.s.Intake.Begun = false
		}
		b.ReportAllocs()
		d.Step(int64(i+1)*minute, hs[i%256])
	}
}
