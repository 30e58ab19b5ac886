package slo

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"pgregory.net/rapid"

	"github.com/bellwether-ts/bellwether/metric"
)

// testObjective is 99.9 % of requests over 30 days, with the standard rules.
func testObjective() Objective {
	o := Objective{
		Name: "checkout", Target: .999, Evidence: DefaultEvidence,
		Window:    Window{Rolling: true, Length: 30 * day},
		Indicator: Indicator{Shape: ShapeGoodTotal, Counter: true},
	}
	o.Rules, _ = StandardRules(o.Target, o.Window.Length)
	return o
}

func mustEvaluator(t testing.TB, o Objective) *Evaluator {
	t.Helper()
	e, err := NewEvaluator(o, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// raw is one series' raw samples, for the brute force.
type raw []metric.Sample

// increase sums the positive differences that end in (from, to], a fall
// counting from zero: the definition, on raw samples.
func (s raw) increase(from, to int64) float64 {
	sum := 0.0
	for i := 1; i < len(s); i++ {
		if s[i].T > from && s[i].T <= to {
			d := s[i].V - s[i-1].V
			if d < 0 {
				d = s[i].V
			}
			sum += d
		}
	}
	return sum
}

// TestWindowsEqualBruteForce feeds random counters with resets, gaps and late
// arrival, and compares every window with the sum over the raw samples: equal,
// not close.
func TestWindowsEqualBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := mustEvaluator(&testing.T{}, testObjective())
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.IntRange(1, 5).Draw(t, "series")
		good, total := make([]raw, n), make([]raw, n)
		at, g, all := make([]int64, n), make([]float64, n), make([]float64, n)
		step := rapid.SampledFrom([]int64{5 * second, 15 * second, 30 * second, 10 * minute}).Draw(t, "step")
		start := int64(1_767_571_200_000) + rapid.Int64Range(0, hour).Draw(t, "offset")
		for i := range at {
			at[i] = start + rng.Int64N(step)
		}
		newest := start
		for range 400 {
			i := rng.IntN(n) // A series that is behind arrives late, relative to the others.
			at[i] += step + rng.Int64N(step/2)
			switch rng.IntN(40) {
			case 0: // A reset.
				g[i], all[i] = float64(rng.IntN(5)), 0
				all[i] = g[i] + float64(rng.IntN(5))
			case 1: // A gap.
				at[i] += rng.Int64N(3 * hour)
			case 2: // Out of order: refused, and refused by the brute force.
				if len(total[i]) > 0 {
					e.ObserveTotal(uint64(i), at[i]-2*step, all[i])
				}
			}
			x := float64(rng.IntN(100))
			all[i] += x
			g[i] += math.Floor(x * rng.Float64())
			if len(total[i]) > 0 && at[i] <= total[i][len(total[i])-1].T {
				continue
			}
			e.ObserveGood(uint64(i), at[i], g[i])
			e.ObserveTotal(uint64(i), at[i], all[i])
			good[i] = append(good[i], metric.Sample{T: at[i], V: g[i]})
			total[i] = append(total[i], metric.Sample{T: at[i], V: all[i]})
			newest = max(newest, at[i])
		}
		for _, length := range []int64{5 * minute, 30 * minute, hour, 2 * hour, 6 * hour, day, 3 * day, 30 * day} {
			b := e.window(length, newest)
			wantGood, wantTotal := 0.0, 0.0
			for i := range n {
				wantGood += good[i].increase(b.From, newest)
				wantTotal += total[i].increase(b.From, newest)
			}
			wantBad := min(wantTotal, max(0, wantTotal-wantGood))
			if b.Total != wantTotal || b.Bad != wantBad {
				t.Fatalf("%s: %v bad of %v, raw samples say %v of %v", FormatDuration(length), b.Bad, b.Total, wantBad, wantTotal)
			}
		}
		if e.counts.TooOld != 0 && e.counts.TooOld != e.counts.OutOfOrder {
			t.Logf("late beyond the rings: %d", e.counts.TooOld)
		}
	})
}

// TestDetectionTimes are the textbook's: from a clean hour, a total outage at
// 99.9 % pages after 3600 s * 14.4 / 1000 = 52 s of bad time, at 99 % after
// 8.6 min (SRE workbook ch. 5; long window * factor / burn).
func TestDetectionTimes(t *testing.T) {
	clean := 7 * hour // The 6 h window is full.
	f := func(target, errors float64, want int64) {
		t.Helper()
		o := testObjective()
		o.Target = target
		o.Rules, _ = StandardRules(target, o.Window.Length)
		e := mustEvaluator(t, o)
		var good, total float64
		start := int64(1_767_571_200_000)
		outage := start + clean
		for now, step := start, 10*second; now < outage+hour; now += step {
			n := 100 * float64(step/second)
			total += n
			if now <= outage {
				good += n
			} else {
				good += n * (1 - errors)
			}
			if now >= outage {
				step = second
			}
			e.ObserveGood(1, now, good)
			e.ObserveTotal(1, now, total)
			if s := e.Evaluate(now); s.Severity == Page {
				if got := (now - outage) / second; got < want || got > want+2+want/100 {
					t.Errorf("target %v, %v errors: pages after %d s of bad time, want %d", target, errors, got, want)
				}
				return
			}
		}
		t.Errorf("target %v, %v errors: never pages", target, errors)
	}
	f(.999, 1, 52)
	f(.99, 1, 518)
	f(.999, .2, 259)
	f(.999, .05, 1036)
	clean = minute // Right after the start: no sooner, no later.
	f(.999, 1, 52)
	f(.99, 1, 518)
}

func TestResetTimeIsTheShortWindow(t *testing.T) {
	e := mustEvaluator(t, testObjective())
	var good, total float64
	start := int64(1_767_571_200_000)
	var ended int64
	for now := start; now < start+3*hour; now += 10 * second {
		total += 1000
		if now < start+hour || now > start+hour+5*minute {
			good += 1000
		}
		e.ObserveGood(1, now, good)
		e.ObserveTotal(1, now, total)
		s := e.Evaluate(now)
		if s.Transition != nil && s.Transition.FromSeverity == Page {
			ended = now
			break
		}
	}
	if d := ended - (start + hour + 5*minute); d < 0 || d > 31*minute {
		t.Errorf("the page ends %s after the outage, want at most the 6 h rule's 30 m", FormatDuration(d))
	}
}

func TestForecast(t *testing.T) {
	start := int64(1_767_571_200_000)
	f := func(w Window, errors float64, want int64) {
		t.Helper()
		o := testObjective()
		o.Window = w
		e := mustEvaluator(t, o)
		var good, total float64
		now := start
		for ; now <= start+4*day; now += 5 * minute {
			total += 1e6
			good += 1e6 * (1 - errors)
			e.ObserveGood(1, now, good)
			e.ObserveTotal(1, now, total)
		}
		s := e.Evaluate(now - 5*minute)
		if d := s.ExhaustedIn - want; d > hour || d < -hour {
			t.Errorf("%v errors: gone in %s, want %s", errors, FormatDuration(s.ExhaustedIn), FormatDuration(want))
		}
	}
	rolling := Window{Rolling: true, Length: 30 * day}
	f(rolling, .0009, -1)   // Burn 0.9: lasts for ever.
	f(rolling, .003, 6*day) // Burn 3 for 4 d has spent 40 %; the rest lasts 60 % of 10 d.
	month := Window{Length: 30 * day, Count: 1, Unit: Month, Start: time.UnixMilli(start).UTC()}
	f(month, .0011, (31*day*10/11 - 4*day)) // January has 31 days, and the budget is gone before its end.
	f(month, .00095, -1)                    // The month ends first.
}

func TestGapPolicies(t *testing.T) {
	f := func(policy GapPolicy, wantVerdict Verdict, wantSeverity Severity) {
		t.Helper()
		o := testObjective()
		o.Gap = policy
		e := mustEvaluator(t, o)
		start := int64(1_767_571_200_000)
		now, v := start, 0.0
		for ; now < start+6*hour; now += 30 * second {
			v += 100
			e.ObserveGood(1, now, v)
			e.ObserveTotal(1, now, v)
		}
		if s := e.Evaluate(now); s.Verdict != OK || s.Left != 1 {
			t.Errorf("%v: before the gap %v, left %v", policy, s.Verdict, s.Left)
		}
		s := e.Evaluate(now + 20*minute)
		if s.Verdict != wantVerdict || s.Severity != wantSeverity {
			t.Errorf("%v: 20 minutes into the gap %v %v, want %v %v", policy, s.Verdict, s.Severity, wantVerdict, wantSeverity)
		}
		share := float64(20*minute+30*second) / float64(30*day) / .001
		wantLow := 1.0
		if policy != GapIgnore {
			wantLow = 1 - share
		}
		if math.Abs(s.LeftLow-wantLow) > .02*share {
			t.Errorf("%v: at worst %v left, want %v", policy, s.LeftLow, wantLow)
		}
		// The counter went on: its increase tells all, and the gap closes.
		now += 21 * minute
		e.ObserveGood(1, now, v+100)
		e.ObserveTotal(1, now, v+100)
		if s := e.Evaluate(now); s.Gap != 0 || s.Verdict != OK {
			t.Errorf("%v: after the gap %v, gap %d ms", policy, s.Verdict, s.Gap)
		}
	}
	f(GapUnknown, NoData, None)
	f(GapBad, Burning, Page)
	f(GapIgnore, OK, None)
}

func TestNoData(t *testing.T) {
	e := mustEvaluator(t, testObjective())
	now := int64(1_767_571_200_000)
	if s := e.Evaluate(now); s.Verdict != NoData || s.Quiet == "" || s.Transition != nil {
		t.Errorf("empty: %v %q", s.Verdict, s.Quiet)
	}
	e.ObserveTotal(1, now, 0)
	e.ObserveTotal(1, now+minute, 100)
	if s := e.Evaluate(now + minute); s.Verdict != NoData {
		t.Errorf("a good query that matches nothing gives %v, want NO_DATA and not a total outage", s.Verdict)
	}
}

func TestTimeslices(t *testing.T) {
	f := func(m Method, wantBad float64) {
		t.Helper()
		o := testObjective()
		o.Method, o.SliceTarget, o.SliceWindow = m, .95, minute
		e := mustEvaluator(t, o)
		start := int64(1_767_571_200_000)
		var good, total float64
		e.ObserveGood(1, start, 0)
		e.ObserveTotal(1, start, 0)
		for now := start + 30*second; now <= start+hour; now += 30 * second {
			total += 100
			good += 100
			switch {
			case now > start+10*minute && now <= start+12*minute:
				good -= 50 // Two bad minutes.
			case now > start+20*minute && now <= start+21*minute:
				good -= 4 // A minute at 96 %: good by its target.
			}
			e.ObserveGood(1, now, good)
			e.ObserveTotal(1, now, total)
		}
		s := e.Evaluate(start + hour + 2*minute)
		if s.Period.Total != 61 || math.Abs(s.Period.Bad-wantBad) > 1e-6 {
			t.Errorf("%v: %v bad of %v slices, want %v of 61 (the first sample opens one)", m, s.Period.Bad, s.Period.Total, wantBad)
		}
	}
	f(Timeslices, 2)
	f(RatioTimeslices, 1.04)
}

// TestSliceGrace: a sample that comes late by less than the grace still counts
// in its slice; later, the slice is judged and the sample is counted as too old.
func TestSliceGrace(t *testing.T) {
	o := testObjective()
	o.Method, o.SliceTarget, o.SliceWindow = Timeslices, .95, minute
	e := mustEvaluator(t, o)
	start := int64(1_767_571_200_000)
	for _, id := range []uint64{1, 2} {
		e.ObserveGood(id, start, 0)
		e.ObserveTotal(id, start, 0)
	}
	e.ObserveGood(1, start+30*second, 100)
	e.ObserveTotal(1, start+30*second, 100)
	if s := e.Evaluate(start + 2*minute); s.Period.Total != 1 {
		t.Errorf("%v slices judged, want only the one that ended at the start", s.Period.Total)
	}
	e.ObserveTotal(2, start+40*second, 100) // All bad, and within the grace.
	if s := e.Evaluate(start + 2*minute + 1); s.Period.Total != 2 || s.Period.Bad != 1 {
		t.Errorf("%v bad of %v slices, want 1 of 2", s.Period.Bad, s.Period.Total)
	}
	e.ObserveTotal(2, start+50*second, 200)
	if s := e.Evaluate(start + 3*minute); s.Counts.TooOld != 1 || s.Period.Total != 2 {
		t.Errorf("%d samples too old, %v slices; want 1 and 2", s.Counts.TooOld, s.Period.Total)
	}
}

// TestBelow: exact at a boundary, logarithmic inside a bucket (Prometheus's
// interpolation for exponential buckets, docs/querying/functions, histogram_fraction).
func TestBelow(t *testing.T) {
	h := nativeOf(0, map[int32]int64{1: 8, 2: 4, 3: 2}, 14) // (1,2], (2,4], (4,8].
	f := func(threshold, want, wantStraddle float64) {
		t.Helper()
		got, straddle := below(h, threshold)
		if math.Abs(got-want) > 1e-9 || straddle != wantStraddle {
			t.Errorf("below(%v) = %v, %v; want %v, %v", threshold, got, straddle, want, wantStraddle)
		}
	}
	f(1, 0, 0)
	f(2, 8, 0)
	f(4, 12, 0)
	f(100, 14, 0)
	f(math.Sqrt(8), 10, 4) // Halfway from 2 to 4 in the logarithm.
	f(math.Exp2(.25), 2, 8)
	n := &histogram.FloatHistogram{Schema: 0, ZeroThreshold: .5, ZeroCount: 4, Count: 7, NegativeSpans: []histogram.Span{{Offset: 1, Length: 1}}, NegativeBuckets: []float64{3}}
	h = n
	f(-math.Sqrt2, 1.5, 3) // Halfway in [-2,-1).
	f(.25, 6, 4)           // The zero bucket is even in the value.
}

func TestClassicBuckets(t *testing.T) {
	o := testObjective()
	o.Indicator = Indicator{Shape: ShapeThreshold, Op: OpLTE, Threshold: .3}
	e := mustEvaluator(t, o)
	start := int64(1_767_571_200_000)
	for i := range int64(10) {
		now := start + i*30*second
		for k, le := range []float64{.1, .3, 1, math.Inf(1)} {
			e.ObserveBucket(uint64(k), le, now, float64(i)*[]float64{50, 90, 99, 100}[k])
		}
	}
	s := e.Evaluate(start + 5*minute)
	if s.Period.Bad != 90 || s.Period.Total != 900 {
		t.Errorf("%v bad of %v, want 90 of 900", s.Period.Bad, s.Period.Total)
	}
	o.Indicator.Threshold = .25
	e = mustEvaluator(t, o)
	e.ObserveBucket(1, .3, start, 1)
	e.ObserveBucket(2, math.Inf(1), start, 1)
	if s := e.Evaluate(start); s.Verdict != NoData || s.Quiet != "no histogram bucket ends at the threshold 0.25; boundaries seen: [0.3]" {
		t.Errorf("threshold between boundaries: %v %q", s.Verdict, s.Quiet)
	}
}

// TestNativeHistogramBound draws lognormal latencies and wants the estimated bad
// share within the stated bound of the exact one, whatever the threshold.
func TestNativeHistogramBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threshold := rapid.Float64Range(.02, 2).Draw(t, "threshold")
		schema := int32(rapid.IntRange(-1, 5).Draw(t, "schema"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		o := testObjective()
		o.Indicator = Indicator{Shape: ShapeThreshold, Op: OpLTE, Threshold: threshold}
		e := mustEvaluator(&testing.T{}, o)
		counts := map[int32]int64{}
		start := int64(1_767_571_200_000)
		slow, n := 0.0, 0.0
		e.ObserveHistogram(1, start, nativeOf(schema, counts, 0))
		for i := range int64(20) {
			for range 200 {
				x := .2 * math.Exp(.7*rng.NormFloat64())
				counts[int32(math.Ceil(math.Log2(x)*math.Exp2(float64(schema))))]++
				n++
				if x > threshold {
					slow++
				}
			}
			e.ObserveHistogram(1, start+(i+1)*30*second, nativeOf(schema, counts, n))
		}
		s := e.Evaluate(start + 10*minute)
		if s.Period.Total != n {
			t.Fatalf("%v observations, want %v", s.Period.Total, n)
		}
		if diff := math.Abs(s.Period.Bad-slow) / n; diff > s.Straddle+1/n {
			t.Fatalf("bad share off by %v, stated bound %v", diff, s.Straddle)
		}
	})
}

// nativeOf builds a native histogram from bucket counts.
func nativeOf(schema int32, counts map[int32]int64, n float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: schema, ZeroThreshold: 1e-128, Count: n, Sum: n}
	lo, hi := int32(math.MaxInt32), int32(math.MinInt32)
	for i := range counts {
		lo, hi = min(lo, i), max(hi, i)
	}
	if lo > hi {
		return h
	}
	h.PositiveSpans = []histogram.Span{{Offset: lo, Length: uint32(hi - lo + 1)}}
	for i := lo; i <= hi; i++ {
		h.PositiveBuckets = append(h.PositiveBuckets, float64(counts[i]))
	}
	return h
}

func TestThresholdAndRaw(t *testing.T) {
	start := int64(1_767_571_200_000)
	f := func(in Indicator, values []float64, wantBad float64) {
		t.Helper()
		o := testObjective()
		o.Indicator = in
		e := mustEvaluator(t, o)
		for i, v := range values {
			e.ObserveValue(1, start+int64(i)*30*second, v)
		}
		s := e.Evaluate(start + int64(len(values))*30*second)
		if math.Abs(s.Period.Bad-wantBad) > 1 || s.Period.Total != float64(len(values)) {
			t.Errorf("%+v: %v bad of %v, want %v of %d", in, s.Period.Bad, s.Period.Total, wantBad, len(values))
		}
	}
	f(Indicator{Shape: ShapeThreshold, Op: OpLTE, Threshold: 5}, []float64{1, 5, 6, -3, 9}, 2)
	f(Indicator{Shape: ShapeThreshold, Op: OpLT, Threshold: 5}, []float64{1, 5, 6, -3, 9}, 3)
	f(Indicator{Shape: ShapeThreshold, Op: OpGTE, Threshold: 5}, []float64{1, 5, 6, -3, 9}, 2)
	f(Indicator{Shape: ShapeThreshold, Op: OpGT, Threshold: 5}, []float64{1, 5, 6, -3, 9}, 3)
	f(Indicator{Shape: ShapeRaw}, []float64{1, 1, 0, 1}, 1)
	f(Indicator{Shape: ShapeRaw, RawBad: true}, []float64{0, 1, 1, 0}, 2)
}

// TestAmounts: without counter, each sample is an amount to add.
func TestAmounts(t *testing.T) {
	o := testObjective()
	o.Indicator.Counter = false
	e := mustEvaluator(t, o)
	start := int64(1_767_571_200_000)
	for i, total := range []float64{10, 30, 5} {
		at := start + int64(i)*minute
		e.ObserveGood(1, at, total-2)
		e.ObserveTotal(1, at, total)
	}
	e.ObserveTotal(1, start+3*minute, -4) // An amount cannot be negative.
	s := e.Evaluate(start + 3*minute)
	if s.Period.Total != 45 || s.Period.Bad != 6 || s.Counts.NotANumber != 1 {
		t.Errorf("%v bad of %v, %d refused; want 6 of 45, 1 refused", s.Period.Bad, s.Period.Total, s.Counts.NotANumber)
	}
}

func TestNewEvaluatorSaysEveryReason(t *testing.T) {
	_, err := NewEvaluator(Objective{Method: Timeslices, SliceTarget: 2, Indicator: Indicator{Shape: ShapeThreshold}, Rules: []Rule{{Name: "r"}}}, Options{})
	if err == nil {
		t.Fatal("an empty objective is watched")
	}
	for _, want := range []string{"without a name", "target 0", "no length", "evidence 0", "timeSliceWindow", "timeSliceTarget 2", "op (lte", `rule "r"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestCountsAccountForEverySample(t *testing.T) {
	o := testObjective()
	e, err := NewEvaluator(o, Options{MaxSeries: 2})
	if err != nil {
		t.Fatal(err)
	}
	start := int64(1_767_571_200_000)
	e.ObserveTotal(1, start, 5)
	e.ObserveTotal(1, start, 5)                 // Out of order.
	e.ObserveTotal(1, start+second, math.NaN()) // Not a number.
	e.ObserveTotal(1, start+second, -1)         // Not a number.
	e.ObserveTotal(1, start+second, metric.StaleNaN())
	e.ObserveTotal(1, start+32*day, 7) // Too far.
	e.ObserveTotal(2, start, 1)
	e.ObserveTotal(3, start, 1)         // No room.
	e.ObserveBad(1, start, 1)           // Misfit.
	e.ObserveTotal(1, start+minute, 2)  // A reset.
	e.ObserveTotal(1, math.MaxInt64, 9) // Too far.
	got := e.Evaluate(start + minute).Counts
	want := Counts{Accepted: 3, Resets: 1, OutOfOrder: 1, TooFar: 2, NotANumber: 2, NoRoom: 1, Misfit: 1, Series: 2}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMemory(t *testing.T) {
	if n := mustEvaluator(t, testObjective()).Bytes(); n >= 200_000 {
		t.Errorf("sums of a 30-day objective take %d bytes, promised below 200,000", n)
	} else {
		t.Logf("%d bytes", n)
	}
	o := testObjective()
	o.Window = Window{Length: unitMillis(Year), Count: 1, Unit: Year}
	if n := mustEvaluator(t, o).Bytes(); n >= 200_000 {
		t.Errorf("sums of a yearly objective take %d bytes", n)
	}
}
