package slo

// How sure are we? At 60 requests an hour a single failed one is a burn rate of
// 17 at 99.9 %. A healthy service, one that spends exactly its budget, shows k
// or more bad events among n with a probability of at most
//
//	exp(-n KL(k/n || p)),  p = 1 - target,  k/n > p
//
// (Chernoff's bound in Hoeffding's form, J. Amer. Statist. Assoc. 58, 1963,
// theorem 1), where KL is the relative entropy of two coins. A rule fires only
// where that is below the objective's Evidence. The bound supposes that requests
// fail one by one; failures that come in clumps are weaker evidence than it says.

import "math"

// ChernoffBound returns the bound in [0,1] on the probability of bad or more
// failures among total requests that each fail with probability p. It is 1 where
// there is no evidence: bad/total <= p, or total 0.
func ChernoffBound(bad, total, p float64) float64 {
	if !(total > 0) || !(p > 0 && p < 1) {
		return 1
	}
	q := min(1, bad/total)
	if !(q > p) {
		return 1
	}
	kl := q * math.Log(q/p)
	if q < 1 {
		kl += (1 - q) * math.Log((1-q)/(1-p))
	}
	return min(1, math.Exp(-total*kl))
}
