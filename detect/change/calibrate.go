package change

import "math"

// This file turns the p-value of the best of all splits, taken as if it were
// the only one, into the probability that noise has a split as clear.
//
// In Gaussian noise the difference of the means, standardised, is along the
// splits an Ornstein-Uhlenbeck process in u = log(l/(n-l)), and the probability
// that it leaves [-z, z] between l = m and l = n-m is about
//
//	p + z phi(z) * integral over u of nu(2 z cosh(u/2) / sqrt(n)),  p = P(|Z| > z)
//
// where nu(x), about exp(-0.583 x), is for the splits being discrete (James,
// James and Siegmund 1987, "Tests for a change-point", Biometrika 74; Siegmund
// 1985, Sequential Analysis, IV). Student's t is not normal and the variances
// are estimated, so what is left of an error, below a factor of 2.5, is taken
// off by a table of simulated ratios, calibrate_table.go.

// calibrate returns the probability of a p-value as small as p at the best
// split of n samples of noise with at least m on either side. It is never below
// p: where there is but one split of a few samples, Welch's test is timid, and
// that is left as it is.
func calibrate(p float64, n, m int) float64 {
	if !(p > 0) {
		return 0
	}
	raw := crossing(p, n, m)
	return max(p, min(1, raw*math.Exp(-excess(raw, n, m))))
}

// crossing is the formula above, as 1 - exp(-rate) so that it ends at 1.
func crossing(p float64, n, m int) float64 {
	if p >= 1 {
		return 1
	}
	z := math.Sqrt2 * math.Erfcinv(p)
	if math.IsInf(z, 1) || p < 1e-300 {
		return p
	}
	half := math.Log(float64(n-m) / float64(m))
	turn := max(1, z) // Below 1 the density of crossings would fall again.
	along := 0.0
	for _, g := range gauss16 {
		along += 2 * g.weight * half * math.Exp(-0.583*2*turn*math.Cosh(half*g.at/2)/math.Sqrt(float64(n)))
	}
	density := math.Exp(-turn*turn/2) / math.Sqrt(2*math.Pi)
	return -math.Expm1(-(p + turn*density*along))
}

// gauss16 is the positive half of Gauss-Legendre quadrature with 16 points
// (Abramowitz and Stegun, table 25.4).
var gauss16 = [8]struct{ at, weight float64 }{
	{0.0950125098376374, 0.1894506104550685}, {0.2816035507792589, 0.1826034150449236},
	{0.4580167776572274, 0.1691565193950025}, {0.6178762444026438, 0.1495959888165767},
	{0.7554044083550030, 0.1246289712555339}, {0.8656312023878318, 0.0951585116824928},
	{0.9445750230732326, 0.0622535239386479}, {0.9894009349916499, 0.0271524594117541},
}

// ratioLevels are the probabilities the table is of: at the quantile of noise
// that is passed with such a probability, a row has the log of how many times
// too large crossing is.
var ratioLevels = [ratioPoints]float64{0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001, 0.0003}

const ratioPoints = 9

// ratioRow is one row of the table: n samples, at least m on either side.
type ratioRow struct {
	n, m int
	log  [ratioPoints]float64
}

// ratioPlace returns where between 0 and 1 on the way from the shortest
// stretch possible, 2, to the longest, n/2, the shortest allowed, m, is.
func ratioPlace(n, m int) float64 {
	return math.Log(float64(m)/2) / math.Log(max(float64(n)/4, 2))
}

// excess returns the log of how many times too large raw, a result of
// crossing, is: the table, linear in log n, ratioPlace and log raw, and
// constant beyond its ends.
func excess(raw float64, n, m int) float64 {
	place, at := ratioPlace(n, m), math.Log(float64(n))
	var last float64
	var lastN float64
	for i := 0; i < len(ratioTable); i += ratioPlaces {
		rows := ratioTable[i : i+ratioPlaces]
		here, hereN := excessIn(rows, raw, place), math.Log(float64(rows[0].n))
		if at <= hereN {
			if i == 0 {
				return here
			}
			return last + (here-last)*(at-lastN)/(hereN-lastN)
		}
		last, lastN = here, hereN
	}
	return last
}

// excessIn is excess among the rows of one n, which lie in order of m.
func excessIn(rows []ratioRow, raw, place float64) float64 {
	var last, lastPlace float64
	for i := range rows {
		p := ratioPlace(rows[i].n, rows[i].m)
		if i > 0 && p <= lastPlace {
			continue // Small n have fewer different m than there are rows.
		}
		here := rows[i].at(raw)
		if place <= p {
			if i == 0 {
				return here
			}
			return last + (here-last)*(place-lastPlace)/(p-lastPlace)
		}
		last, lastPlace = here, p
	}
	return last
}

// at returns the row's value where crossing says raw. The abscissa of point i
// is what crossing says there: the level times the ratio.
func (r *ratioRow) at(raw float64) float64 {
	x := math.Log(raw)
	var lastX float64
	for i, y := range r.log {
		here := math.Log(ratioLevels[i]) + y
		if x >= here {
			if i == 0 {
				return y * max(0, math.Min(1, x/here)) // Certain is certain.
			}
			return y + (r.log[i-1]-y)*(x-here)/(lastX-here)
		}
		lastX = here
	}
	return r.log[ratioPoints-1]
}
