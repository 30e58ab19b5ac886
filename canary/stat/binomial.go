package stat

import "math"

// Binomial probabilities by the saddle point (Loader, "Fast and accurate
// computation of binomial probabilities", 2000), which keep their digits where
// differences of log gammas have none left: at a billion trials those are wrong
// in the sixth place.

// logBinomial is log P(K = k) for K ~ Binomial(n, p), 0 <= k <= n whole numbers.
func logBinomial(k, n, p float64) float64 {
	switch {
	case p == 0 && k == 0 || p == 1 && k == n:
		return 0
	case p == 0 || p == 1:
		return math.Inf(-1)
	case k == 0:
		return n * math.Log1p(-p)
	case k == n:
		return n * math.Log(p)
	}
	lc := stirlingError(n) - stirlingError(k) - stirlingError(n-k) - deviance(k, n*p) - deviance(n-k, n*(1-p))
	return lc + 0.5*math.Log(n/(2*math.Pi*k)/(n-k))
}

// logChoose is the log of the number of ways to choose k of n.
func logChoose(n, k float64) float64 {
	if k == 0 || k == n {
		return 0
	}
	if k > n/2 {
		k = n - k
	}
	if k <= 60 { // A product is shorter, and exact to its last digits.
		v := 1.0
		log := 0.0
		for i := 1.0; i <= k; i++ {
			v *= (n - k + i) / i
			if v > 1e250 {
				log, v = log+math.Log(v), 1
			}
		}
		return log + math.Log(v)
	}
	p := k / n
	return logBinomial(k, n, p) - k*math.Log(p) - (n-k)*math.Log1p(-p)
}

// stirlingError is log n! less Stirling's approximation of it,
// (n+1/2) log n - n + log(2 pi)/2.
func stirlingError(n float64) float64 {
	if n < 16 {
		lg, _ := math.Lgamma(n + 1)
		return lg - (n+0.5)*math.Log(n) + n - 0.5*math.Log(2*math.Pi)
	}
	v := 1 / (n * n)
	return (1./12 - (1./360-(1./1260-(1./1680-1./1188*v)*v)*v)*v) / n
}

// deviance is x log(x/m) + m - x, without the cancellation near x = m.
func deviance(x, m float64) float64 {
	d := x - m
	if math.Abs(d) >= 0.1*(x+m) {
		return x*math.Log(x/m) + m - x
	}
	v := d / (x + m)
	sum, term := d*v, 2*x*v
	for j := 3.0; j < 1000; j += 2 {
		term *= v * v
		next := sum + term/j
		if next == sum {
			break
		}
		sum = next
	}
	return sum
}
