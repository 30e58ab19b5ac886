package change

import "slices"

// This file takes a season off a series: a form that repeats with a fixed
// period would otherwise be described as changes, again and again.

// minSeason is the shortest series looked at for a season, minEcho the
// autocorrelation at the period from which on it is one.
const (
	minSeason = 24
	minEcho   = 0.5
)

// withoutSeason returns y less its seasonal form: at each phase of the period,
// the median distance from the mean of the period around. Without a period it
// returns y.
func withoutSeason(y []float64) []float64 {
	period := season(y)
	if period == 0 {
		return y
	}
	n, before, after := len(y), period/2, period-period/2
	sum := make([]float64, n+1)
	for i, v := range y {
		sum[i+1] = sum[i] + v
	}
	byPhase := make([][]float64, period)
	for i := after; i+after+1 <= n; i++ {
		// A mean around i; of an even period, of the two that lie half off.
		mean := (sum[i+after] - sum[i-before] + sum[i+before+1] - sum[i-after+1]) / float64(2*period)
		byPhase[i%period] = append(byPhase[i%period], y[i]-mean)
	}
	form, middle := make([]float64, period), 0.0
	for i, v := range byPhase {
		if len(v) == 0 {
			return y
		}
		slices.Sort(v)
		form[i] = (v[len(v)/2] + v[(len(v)-1)/2]) / 2
		middle += form[i] / float64(period)
	}
	out := make([]float64, n)
	for i, v := range y {
		out[i] = v - form[i%period] + middle
	}
	return out
}

// season returns the period of y in samples, or 0. It is looked for in the
// steps from sample to sample, where no trend and no level hides it, and then
// in the distance from a line, where noise hides a slow one less.
func season(y []float64) int {
	n := len(y)
	if n < minSeason {
		return 0
	}
	steps := make([]float64, n-1)
	for i := range steps {
		steps[i] = y[i+1] - y[i] - (y[n-1]-y[0])/float64(n-1)
	}
	if p := echo(steps); p != 0 {
		return p
	}
	return echo(offLine(y))
}

// offLine returns the residuals of the least-squares line through y.
func offLine(y []float64) []float64 {
	middle, mean, xy, xx := float64(len(y)-1)/2, 0.0, 0.0, 0.0
	for i, v := range y {
		d := float64(i) - middle
		mean += v / float64(len(y))
		xy += d * v
		xx += d * d
	}
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = v - mean - xy/xx*(float64(i)-middle)
	}
	return out
}

// echo returns the lag, at least 3 and with four periods in d, at which d is
// most like itself: the first peak of the autocorrelation, after it was
// negative once, that is at least 0.8 of the highest and has a peak of its own
// kind at twice the lag. 0 if the highest is below minEcho.
func echo(d []float64) int {
	longest := len(d) / 4
	r := autocorrelation(d, 2*longest+1)
	if r == nil {
		return 0
	}
	fell, top := false, 0.0
	for p := 2; p <= longest; p++ {
		if fell = fell || r[p] < 0; fell {
			top = max(top, r[p])
		}
	}
	if top < minEcho {
		return 0
	}
	fell = false
	for p := 2; p <= longest; p++ {
		fell = fell || r[p] < 0
		if fell && r[p] >= 0.8*top && r[p] >= r[p-1] && r[p] >= r[p+1] && r[2*p] > 0.6*minEcho {
			if p < 3 {
				return 0
			}
			return p
		}
	}
	return 0
}

// autocorrelation returns that of d, of mean 0, at the lags up to longest, or
// nil if d does not vary.
func autocorrelation(d []float64, longest int) []float64 {
	square := 0.0
	for _, v := range d {
		square += v * v
	}
	if square == 0 {
		return nil
	}
	out := make([]float64, longest+1)
	for lag := range out {
		for i := lag; i < len(d); i++ {
			out[lag] += d[i] * d[i-lag]
		}
		out[lag] *= float64(len(d)) / float64(len(d)-lag) / square
	}
	return out
}
