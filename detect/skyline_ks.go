package detect

import (
	"math"
	"slices"
)

// The ninth algorithm, ks_test: the last ten minutes against the fifty before,
// each of at least 20 points. It fires if the two-sample Kolmogorov-Smirnov
// test gives p < .05 with D > .5 and the reference is stationary by the
// augmented Dickey-Fuller test (constant, at most 10 lags, p < .05). At a step
// of 60 s ten minutes hold 11 points, so as published it can never fire.
//
// Of two samples of at least 20 that are D > .5 apart p is below .01, whatever
// formula computes it, so p decides nothing and is not computed.

const ksMin = 20

// ksPair holds the two samples in order of size. from, mid and end number the
// points of the series: the reference is [from, mid), the probe [mid, end).
type ksPair struct {
	reference, probe []float64
	from, mid, end   int
	head             int // Number of the oldest point of the window.
	live             bool
}

// forget is told that v, the oldest point of the window, leaves it.
func (p *ksPair) forget(v float64) {
	switch {
	case !p.live || p.from > p.head:
	case p.from < p.mid:
		p.reference = ksWithout(p.reference, v)
		p.from++
	default: // Many points went by since the samples were last moved.
		p.live = false
	}
	p.head++
}

// follow moves the samples along after points were pushed. They are kept only
// while both are long enough to be compared.
func (p *ksPair) follow(k *skyline) {
	now, n := k.time.last(), k.time.n
	mid := k.time.before(now - hourMS/6)
	from := 0
	if k.cfg.CorrectedKS && n-mid < ksMin {
		mid = max(0, n-ksMin)
		from = max(0, mid-5*ksMin)
	} else if n-mid >= ksMin {
		from = k.time.before(now - hourMS)
	}
	if mid-from < ksMin || n-mid < ksMin {
		p.live = false
		return
	}
	p.move(k.window(), p.head+from, p.head+mid, p.head+n)
}

// move changes the samples to other bounds, point by point if it is not far.
func (p *ksPair) move(w []float64, from, mid, end int) {
	at := func(i int) float64 { return w[i-p.head] }
	far := !p.live || mid < p.mid || from < p.from || mid >= p.end || from >= p.mid
	if far || (mid-p.mid)+(from-p.from) > 16 {
		p.reference = append(p.reference[:0], w[from-p.head:mid-p.head]...)
		p.probe = append(p.probe[:0], w[mid-p.head:end-p.head]...)
		slices.Sort(p.reference)
		slices.Sort(p.probe)
		p.from, p.mid, p.end, p.live = from, mid, end, true
		return
	}
	for ; p.end < end; p.end++ {
		p.probe = ksWith(p.probe, at(p.end))
	}
	for ; p.mid < mid; p.mid++ {
		v := at(p.mid)
		p.probe = ksWithout(p.probe, v)
		p.reference = ksWith(p.reference, v)
	}
	for ; p.from < from; p.from++ {
		p.reference = ksWithout(p.reference, at(p.from))
	}
}

// ksWith and ksWithout enter and remove a value of a slice in order.
func ksWith(x []float64, v float64) []float64 {
	at, _ := slices.BinarySearch(x, v)
	return slices.Insert(x, at, v)
}

func ksWithout(x []float64, v float64) []float64 {
	at, _ := slices.BinarySearch(x, v)
	return slices.Delete(x, at, at+1)
}

// ksTest decides the ninth vote.
func (k *skyline) ksTest() bool {
	p := &k.ks
	if !p.live || !ksApart(p.reference, p.probe) {
		return false
	}
	w := k.window()
	return stationary(w[p.from-p.head : p.mid-p.head])
}

// ksApart reports whether the distributions of two samples in order, the
// reference and a shorter probe, are more than half apart somewhere: D > .5.
// D is taken on at a value of the probe, or just below one, so its few values
// are enough.
func ksApart(a, b []float64) bool {
	n, m := float64(len(a)), float64(len(b))
	per := n / m
	for j, x := range b {
		// Just below x, j of the probe are smaller: D > .5 if enough of the
		// reference are smaller too.
		if need := ksBeyond(float64(j)*per+n/2, float64(j)/m, n); need <= len(a) && a[need-1] < x {
			return true
		}
		// At x, j+1 of the probe are not larger: D > .5 if enough of the
		// reference are.
		k := m - float64(j+1)
		if need := ksBeyond(k*per+n/2, k/m, n); need <= len(a) && a[len(a)-need] > x {
			return true
		}
	}
	return false
}

// ksBeyond returns the least i with i/n > share + .5, about being n times
// that. Where it is a whole number rounding decides, as it does in scipy.
func ksBeyond(about, share, n float64) int {
	i := math.Floor(about + .5)
	if math.Abs(about-i) > 1e-9 {
		return int(about) + 1
	}
	if i/n-share > .5 {
		return int(i)
	}
	return int(i) + 1
}
