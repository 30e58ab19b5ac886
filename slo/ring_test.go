package slo

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// event is one addition to a ring, kept for the brute force.
type event struct {
	t            int64
	event, total float64
}

func TestRingEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.SampledFrom([]int64{10 * second, minute, 5 * minute}).Draw(t, "step")
		r := newRing(step, 100*step)
		var kept []event
		now := rapid.Int64Range(-1e6, 1e12).Draw(t, "start")
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			now += rapid.Int64Range(0, 40*step/10).Draw(t, "dt")
			at := now
			if rapid.IntRange(0, 4).Draw(t, "late") == 0 {
				at -= rapid.Int64Range(0, 120*step).Draw(t, "lateness")
			}
			e := event{at, float64(rapid.IntRange(0, 1000).Draw(t, "event")), float64(rapid.IntRange(0, 5000).Draw(t, "total"))}
			if r.add(e.t, e.event, e.total) {
				kept = append(kept, e)
			} else if now-at < r.span() {
				t.Fatalf("refused an event %d ms old, span %d", now-at, r.span())
			}
		}
		length := rapid.Int64Range(0, r.span()).Draw(t, "length")
		got, from := r.between(now-length, now)
		if from > now-length || now-length-from >= step {
			t.Fatalf("window of %d begins %d before", length, now-length-from)
		}
		var want sums
		for _, e := range kept {
			if e.t > from && e.t <= now {
				want.event += e.event
				want.total += e.total
			}
		}
		if got.event != want.event || got.total != want.total {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestRingCovers(t *testing.T) {
	r := newRing(minute, hour)
	r.cover(0, 30*second)
	r.cover(30*second, 90*second)
	r.cover(5*minute, 7*minute+30*second)
	f := func(from, to, want int64) {
		t.Helper()
		if got, _ := r.between(from, to); got.seen != want {
			t.Errorf("(%d, %d] seen %d, want %d", from, to, got.seen, want)
		}
	}
	f(0, 10*minute, 4*minute)
	f(0, minute, minute)
	f(minute, 2*minute, 30*second)
	f(2*minute, 5*minute, 0)
	f(6*minute, 8*minute, 90*second)
}

func TestRingCarriesFractions(t *testing.T) {
	r := newRing(10*second, hour)
	rng := rand.New(rand.NewPCG(1, 2))
	sum := 0.0
	for i := range 1000 {
		x := rng.Float64() * 3
		sum += x
		r.add(int64(i)*second+1, x, 5e9) // Also more than a slot holds.
	}
	got, _ := r.between(-10*second, 1001*second)
	if math.Abs(got.event-sum) > 1 {
		t.Errorf("events %v, want %v within one", got.event, sum)
	}
	if got.total > 5e12 || got.total < 100*math.MaxUint32*.99 {
		t.Errorf("total %v, want what the slots hold", got.total)
	}
}
