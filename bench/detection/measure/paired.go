package measure

import (
	"math/rand/v2"
	"slices"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
)

// A difference between two detectors is measured on the same series, so the
// series are what is drawn again: with replacement, both detectors together
// (a paired bootstrap). Thresholds stay those of the whole set.

// Interval is a difference and its 95 % percentile interval.
type Interval struct{ Diff, Lo, Hi float64 }

// pairedDraws is the number of resamples behind an interval.
const pairedDraws = 2_000

// pair is what two detectors earned on one series, and out of how much.
type pair struct{ a, b, of float64 }

// paired returns the interval of sum(a-b)/sum(of) over series drawn again.
func paired(x []pair) Interval {
	rng := rand.New(rand.NewPCG(20, uint64(len(x))))
	ratio := func(at func(i int) pair) float64 {
		diff, of := 0.0, 0.0
		for i := range x {
			p := at(i)
			diff, of = diff+p.a-p.b, of+p.of
		}
		if of == 0 {
			return 0
		}
		return diff / of
	}
	got := make([]float64, pairedDraws)
	for i := range got {
		got[i] = ratio(func(int) pair { return x[rng.IntN(len(x))] })
	}
	slices.Sort(got)
	return Interval{ratio(func(i int) pair { return x[i] }), got[pairedDraws*25/1000], got[pairedDraws*975/1000]}
}

// PairedNAB returns the difference of the standard scores of a and b, each at
// its own threshold.
func PairedNAB(set []corpus.Series, a, b [][]float64, atA, atB float64) Interval {
	w := NABStandard.weights()
	x := make([]pair, len(set))
	for i := range set {
		one := set[i : i+1]
		pa, windows := nabPoints(one, a[i:i+1])
		pb, _ := nabPoints(one, b[i:i+1])
		rawA, _, _ := nabRaw(pa, windows, w, atA)
		rawB, _, _ := nabRaw(pb, windows, w, atB)
		x[i] = pair{100 * rawA, 100 * rawB, float64(windows) * (w.tp + w.fn)}
	}
	return paired(x)
}

// PairedRecall returns the difference of the recalls of a and b, each at its own
// threshold.
func PairedRecall(a, b []Alarms, atA, atB float64) Interval {
	x := make([]pair, len(a))
	for i := range a {
		_, hitA := count(a[i:i+1], atA)
		_, hitB := count(b[i:i+1], atB)
		x[i] = pair{float64(hitA), float64(hitB), float64(a[i].Segments)}
	}
	return paired(x)
}
