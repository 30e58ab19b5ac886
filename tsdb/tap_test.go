package tsdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// listener is a tap that keeps what it hears and checks that every series
// ascends.
type listener struct {
	last   map[uint64]int64
	heard  int
	values map[uint64][]metric.Sample
	err    error
}

func listen(s *Store) *listener {
	l := &listener{last: map[uint64]int64{}, values: map[uint64][]metric.Sample{}}
	s.SetTap(func(b *metric.Batch) {
		for i, ref := range b.Refs {
			if last, seen := l.last[ref]; seen && b.T[i] <= last {
				l.err = errors.Join(l.err, fmt.Errorf("series %d went from %d to %d", ref, last, b.T[i]))
			}
			if b.H[i] != nil && !math.IsNaN(b.V[i]) {
				l.err = errors.Join(l.err, fmt.Errorf("series %d has a histogram and the value %v", ref, b.V[i]))
			}
			l.last[ref] = b.T[i]
			l.values[ref] = append(l.values[ref], metric.Sample{T: b.T[i], V: b.V[i]})
		}
		l.heard += b.Len()
	})
	return l
}

// Whatever is appended in whatever order, in commits that succeed or are given
// up: every sample given is counted exactly once, the tap hears exactly the
// new ones, and every series ascends.
func TestTapIdentity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, Options{})
		defer s.Close()
		l := listen(s)
		given := 0
		var sum Stats
		sum.Refused = map[Reason]uint64{}
		for range rapid.IntRange(1, 8).Draw(rt, "transactions") {
			tx := s.Begin(context.Background())
			in := rapid.SliceOfN(rapid.Custom(drawSample), 0, 20).Draw(rt, "samples")
			for _, x := range in {
				_, err := tx.Add(0, x.ls, x.t, x.v, nil, nil)
				var refused *RefusedError
				if err != nil && !errors.As(err, &refused) {
					rt.Fatal(err)
				}
			}
			given += len(in)
			heard := l.heard
			if rapid.Bool().Draw(rt, "give up") {
				if err := tx.Rollback(); err != nil {
					rt.Fatal(err)
				}
				if l.heard != heard {
					rt.Fatal("the tap heard of a rollback")
				}
				continue
			}
			r, err := tx.Commit()
			if err != nil {
				rt.Fatal(err)
			}
			if got := r.Accepted() + r.Refused.Total(); got != len(in) {
				rt.Fatalf("%d given, %d accounted for: %+v", len(in), got, r)
			}
			if r.Tapped != r.New || l.heard-heard != r.New {
				rt.Fatalf("new %d, tapped %d, heard %d", r.New, r.Tapped, l.heard-heard)
			}
		}
		if l.err != nil {
			rt.Fatal(l.err)
		}
		sum = s.Stats()
		total := sum.New + sum.Late + sum.Duplicate + sum.RolledBack
		for _, n := range sum.Refused {
			total += n
		}
		if total != uint64(given) || sum.Tapped != sum.New || sum.New != uint64(l.heard) {
			rt.Fatalf("given %d, heard %d, stats %+v", given, l.heard, sum)
		}
	})
}

type drawn struct {
	ls labels.Labels
	t  int64
	v  float64
}

func drawSample(rt *rapid.T) drawn {
	return drawn{
		ls: rapid.SampledFrom([]labels.Labels{named("a"), named("b"), labels.FromStrings("no", "name")}).Draw(rt, "series"),
		t: rapid.OneOf(rapid.Int64Range(t0, t0+10), rapid.Int64Range(t0-300_000, t0),
			rapid.SampledFrom([]int64{t0 - 7_200_000, t0 + 3_600_000, math.MinInt64, math.MaxInt64})).Draw(rt, "t"),
		v: rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(-1), metric.StaleNaN()}).Draw(rt, "v"),
	}
}

func TestTapPassesStaleMarkersAndCounterResets(t *testing.T) {
	s := temp(t, Options{})
	l := listen(s)
	mustAppend(t, s, Series{Labels: named("a"), Samples: ramp(t0, 1000, 5, 2, metric.StaleNaN(), 7)})
	ref, _ := s.Ref(named("a"))
	got := l.values[ref]
	if len(got) != 4 || got[1].V != 2 || !metric.IsStale(got[2].V) || got[3].V != 7 {
		t.Errorf("heard %v", got)
	}
}

func TestTapPanicCostsNothing(t *testing.T) {
	s := temp(t, Options{})
	s.SetTap(func(*metric.Batch) { panic("a bug in an analysis") })
	if r := mustAppend(t, s, Series{Labels: named("a"), Samples: ramp(t0, 1, 1, 2)}); r.New != 2 {
		t.Errorf("%+v", r)
	}
	if st := s.Stats(); st.TapPanics != 1 || st.New != 2 {
		t.Errorf("%+v", st)
	}
	if got := all(t, s); len(got) != 1 || len(got[0].Samples) != 2 {
		t.Errorf("stored %v", got)
	}
}

// The histogram handed on is the tap's own: neither the sender's nor the store's.
func TestTapOwnsHistograms(t *testing.T) {
	s := temp(t, Options{})
	s.SetTap(func(b *metric.Batch) { b.H[0].PositiveBuckets[0] = 99 })
	in := customBuckets(3)
	mustAppend(t, s, Series{Labels: named("h"), Histograms: []HistogramSample{{t0, in}}})
	if in.PositiveBuckets[0] != 3 || all(t, s)[0].Histograms[0].H.PositiveBuckets[0] != 3 {
		t.Error("the tap's change is seen elsewhere")
	}
}

// Many senders at once: the books balance and every series ascends.
func TestConcurrentSenders(t *testing.T) {
	s := temp(t, Options{})
	l := listen(s)
	var wg sync.WaitGroup
	const senders, rounds = 8, 50
	for range senders {
		wg.Go(func() {
			for i := range int64(rounds) {
				mustAppend(t, s, Series{Labels: named("shared"), Samples: ramp(t0+i, 1, float64(i))})
			}
		})
	}
	wg.Wait()
	if l.err != nil {
		t.Error(l.err)
	}
	st := s.Stats()
	if st.New+st.Late+st.Duplicate != senders*rounds || st.New != uint64(l.heard) || len(st.Refused) != 0 {
		t.Errorf("%+v, heard %d", st, l.heard)
	}
}
