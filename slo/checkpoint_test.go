package slo

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// busy returns an evaluator with some history: every kind of state is in it.
func busy(t testing.TB, o Objective, seed uint64, n int) (*Evaluator, int64) {
	e := mustEvaluator(t, o)
	rng := rand.New(rand.NewPCG(seed, 0))
	now := int64(1_767_571_200_000)
	var good, total float64
	counts := map[int32]int64{}
	for i := range n {
		now += 30 * second
		total += float64(rng.IntN(100))
		good = min(total, good+float64(rng.IntN(100)))
		e.ObserveGood(uint64(i%7), now, good)
		e.ObserveTotal(uint64(i%7), now, total)
		counts[int32(rng.IntN(10))]++
		e.ObserveHistogram(3, now, nativeOf(2, counts, float64(i+1)))
		e.ObserveBucket(9, .7, now, total)
		if i%10 == 0 {
			e.Evaluate(now)
		}
	}
	return e, now
}

// TestRestoreIsTheSame: a restored evaluator has the same bytes, and goes on to
// say the same as one that never stopped.
func TestRestoreIsTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := testObjective()
		o.Method = rapid.SampledFrom([]Method{Occurrences, Timeslices, RatioTimeslices}).Draw(rt, "method")
		o.SliceTarget, o.SliceWindow = .9, 5*minute
		o.Rules[1].For = 20 * minute // So that "holds since" and "fires since" differ.
		if rapid.Bool().Draw(rt, "threshold") {
			o.Indicator = Indicator{Shape: ShapeThreshold, Op: OpLTE, Threshold: .25}
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		e, now := busy(t, o, seed, rapid.IntRange(0, 400).Draw(rt, "n"))
		data := e.Checkpoint()
		again, err := Restore(o, Options{}, data)
		if err != nil {
			rt.Fatal(err)
		}
		if string(again.Checkpoint()) != string(data) {
			rt.Fatal("the restored state gives other bytes")
		}
		for i := range int64(20) {
			for _, x := range []*Evaluator{e, again} {
				x.ObserveGood(1, now+i*minute, float64(i))
				x.ObserveTotal(1, now+i*minute, float64(2*i))
				x.ObserveValue(4, now+i*minute, float64(i))
			}
			a, b := e.Evaluate(now+i*minute), again.Evaluate(now+i*minute)
			a.Objective, b.Objective = nil, nil
			if d := cmp.Diff(a, b); d != "" {
				rt.Fatal(d)
			}
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	o := testObjective()
	e, _ := busy(t, o, 1, 100)
	data := e.Checkpoint()
	f := func(o Objective, data []byte, want string) {
		t.Helper()
		_, err := Restore(o, Options{}, data)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	damaged := append([]byte(nil), data...)
	damaged[len(damaged)/2] ^= 1
	f(o, damaged, "damaged")
	f(o, data[:len(data)-1], "damaged")
	f(o, nil, "not a checkpoint")
	other := o
	other.Target = .99
	other.Rules, _ = StandardRules(.99, o.Window.Length)
	f(other, data, "another objective")
}

func FuzzRestore(f *testing.F) {
	o := testObjective()
	o.Window.Length = 3 * hour
	o.Rules = nil
	e, _ := busy(f, o, 1, 20)
	f.Add(e.Checkpoint())
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := Restore(o, Options{}, data); err == nil {
			r.Evaluate(math.MaxInt64)
		}
		// The checksum keeps the fuzzer out; go in behind it.
		x := mustEvaluator(t, o)
		(&reader{b: data}).state(x)
	})
}
