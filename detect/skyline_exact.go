package detect

import (
	"math"
	"slices"
)

// The algorithms on the whole window, value by value: what a vote is decided
// by where rolling sums and keys cannot say. A series that is one value most of
// the time has deviations that are nothing but rounding, and Etsy's code
// compares them all the same; so sums are made in the order numpy makes them,
// and the moving average in the steps of pandas.

// pairwise sums f(0..n-1) as numpy does: eight lanes in blocks of up to 128,
// blocks added in pairs (Higham 1993; numpy since 1.9), and these over at most
// 8192 values at a time.
func pairwise(n int, f func(i int) float64) float64 {
	const buffer = 8192
	s := 0.0
	for at := 0; at < n; at += buffer {
		s += pairwiseFrom(at, min(buffer, n-at), f)
	}
	return s
}

func pairwiseFrom(at, n int, f func(i int) float64) float64 {
	if n > 128 {
		half := n / 2
		half -= half % 8
		return pairwiseFrom(at, half, f) + pairwiseFrom(at+half, n-half, f)
	}
	if n < 8 {
		s := 0.0
		for i := at; i < at+n; i++ {
			s += f(i)
		}
		return s
	}
	var l [8]float64
	for j := range l {
		l[j] = f(at + j)
	}
	i := 8
	for ; i < n-n%8; i += 8 {
		for j := range l {
			l[j] += f(at + i + j)
		}
	}
	s := ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]))
	for ; i < n; i++ {
		s += f(at + i)
	}
	return s
}

// meanStd returns the mean and the standard deviation with n-free in the
// denominator; NaN where that is 0, which makes every comparison with it false.
func meanStd(x []float64, free int) (mean, std float64) {
	mean = pairwise(len(x), func(i int) float64 { return x[i] }) / float64(len(x))
	ss := pairwise(len(x), func(i int) float64 { return float64((x[i] - mean) * (x[i] - mean)) })
	if len(x) <= free {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(ss / float64(len(x)-free))
}

// tailMean returns the mean of the last three values, or the last value of a
// shorter series.
func tailMean(x []float64) float64 {
	n := len(x)
	if n < 3 {
		return x[n-1]
	}
	return (x[n-1] + x[n-2] + x[n-3]) / 3
}

func (k *skyline) exactFirstHour(hour []float64) bool {
	mean, std := meanStd(hour, 1)
	return math.Abs(k.tail-mean) > 3*std
}

func (k *skyline) exactStddev() bool {
	mean, std := meanStd(k.window(), 1)
	return math.Abs(k.tail-mean) > 3*std
}

func (k *skyline) exactMeanSubtraction() bool {
	w := k.window()
	n := len(w) - 1
	mean, _ := meanStd(w[:n], 1)
	rest := func(i int) float64 { return w[i] - mean }
	m := pairwise(n, rest) / float64(n)
	ss := pairwise(n, func(i int) float64 { return float64((m - rest(i)) * (m - rest(i))) })
	return n > 1 && math.Abs(rest(n)) > 3*math.Sqrt(ss/float64(n-1))
}

// exactMovingAverage: the weighted mean and covariance of pandas' ewm,
// adjusted and unbiased, from the oldest value on.
func (k *skyline) exactMovingAverage() bool {
	w := k.window()
	mean, cov, old, sum, sum2 := w[0], 0., 1., 1., 1.
	for _, x := range w[1:] {
		sum, sum2, old = sum*decay, sum2*decay*decay, old*decay
		was := mean
		if mean != x {
			mean = (float64(old*mean) + x) / (old + 1)
		}
		cov = (float64(old*(cov+float64((was-mean)*(was-mean)))) + float64((x-mean)*(x-mean))) / (old + 1)
		sum, sum2, old = sum+1, sum2+1, old+1
	}
	free := sum*sum - sum2
	return free > 0 && math.Abs(w[len(w)-1]-mean) > 3*math.Sqrt(sum*sum/free*cov)
}

func (k *skyline) exactGrubbs() bool {
	w := k.window()
	mean, std := meanStd(w, 0)
	z := (k.tail - mean) / std
	if k.cfg.CorrectedGrubbs {
		z = math.Abs(z)
	}
	return z > k.grubbsCritical(len(w))
}

func (k *skyline) exactLeastSquares() bool {
	w := k.window()
	n := len(w)
	f := line{middle: float64(k.roll.X) / float64(n)}
	f.mean, _ = meanStd(w, 0)
	for i, v := range w {
		x := float64(k.time.at(i)-k.roll.Epoch) - f.middle
		f.xx += x * x
		f.xy += x * (v - f.mean)
	}
	k.solve(&f)
	e := func(i int) float64 { return f.residual(w[i], k.time.at(i)-k.roll.Epoch) }
	m := pairwise(n, e) / float64(n)
	sigma := math.Sqrt(pairwise(n, func(i int) float64 { return float64((e(i) - m) * (e(i) - m)) }) / float64(n))
	t := (e(n-1) + e(n-2) + e(n-3)) / 3
	if k.cfg.CorrectedLeastSquares {
		return math.Abs(t) > 3*sigma && sigma > k.grain()
	}
	return math.Abs(t) > 3*sigma && math.RoundToEven(sigma) != 0 && math.RoundToEven(t) != 0
}

// exactHistogram counts the values of each bin as numpy does: an index by
// division, put right by at most one against the edges. Where the range is a
// few units in the last place edges coincide, and it matters which of them a
// value is given.
func (k *skyline) exactHistogram(b bins) bool {
	var count [binCount]int
	norm := binCount / (b.hi - b.lo)
	for _, v := range k.window() {
		i := min(binCount-1, int((v-b.lo)*norm))
		switch {
		case v < b.edge(i):
			i--
		case i < binCount-1 && v >= b.edge(i+1):
			i++
		}
		count[max(0, i)]++
	}
	for i, n := range count {
		if n <= binFew && (b.holds(i, k.tail) || k.cfg.CorrectedHistogram && i == binCount-1 && k.tail == b.hi) {
			return true
		}
	}
	return false
}

func (k *skyline) exactMAD() (fired, quiet bool) {
	d := slices.Clone(k.window())
	x := d[len(d)-1]
	slices.Sort(d)
	median := inOrderMedian(d)
	for i, v := range d {
		d[i] = math.Abs(v - median)
	}
	slices.Sort(d)
	mad := inOrderMedian(d)
	if mad == 0 {
		return false, false
	}
	fired = math.Abs(x-median)/mad > 6
	return fired, !fired
}

// inOrderMedian returns the median of what is in order: the mean of the middle two if
// the length is even.
func inOrderMedian(x []float64) float64 { return (x[(len(x)-1)/2] + x[len(x)/2]) / 2 }
