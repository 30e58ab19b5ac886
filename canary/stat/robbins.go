package stat

import "math"

// A bet on a mean that may be read at any time. Let S be a sum of increments
// with mean zero under the null and v the variance it has gathered. For every
// slope m, exp(m S - m^2 v/2) is a fair game's capital; mixing the slopes over a
// normal with variance tau2 gives Robbins' capital (Annals of Mathematical
// Statistics 1970), which wins against any slope.
//
// It never stops holding, and pays for that: for a window of planned length the
// bands of sequential.go see more under dependence. It is for what has no plan.

// LogRobbinsE is the log of that capital,
//
//	E = (1 + v tau2)^(-1/2) exp(S^2 tau2 / (2 (1 + v tau2)))
//
// for TwoSided; for Greater and Less the slopes are of one sign (a half-normal
// mixture), which multiplies it by 2 Phi(+-S sqrt(tau2/(1 + v tau2))). Under the
// null its running maximum exceeds 1/alpha with probability at most alpha
// (Ville), when S is Gaussian or v bounds its variance as a sub-Gaussian one. v
// is in squared units of S, tau2 in their inverse: RobbinsTau2 chooses it. NaN
// for v < 0, tau2 <= 0 or NaN.
func LogRobbinsE(s, v, tau2 float64, alt Alternative) float64 {
	if s != s || !(v >= 0) || !(tau2 > 0) || math.IsInf(v+tau2, 1) || math.IsInf(s, 0) {
		return math.NaN()
	}
	grown := 1 + v*tau2
	z := s * math.Sqrt(tau2/grown)
	e := z*z/2 - math.Log1p(v*tau2)/2
	switch alt {
	case Greater:
		e += math.Ln2 + LogNormalTail(-z)
	case Less:
		e += math.Ln2 + LogNormalTail(z)
	}
	return e
}

// RobbinsRadius is how far S may lie from its mean, at every v at once with
// chance 1-alpha: where the two-sided capital reaches 1/alpha. In units of S;
// NaN for input LogRobbinsE refuses or alpha outside (0,1).
func RobbinsRadius(v, tau2, alpha float64) float64 {
	if !(v >= 0) || !(tau2 > 0) || math.IsInf(v+tau2, 1) || !(alpha > 0 && alpha < 1) {
		return math.NaN()
	}
	return math.Sqrt((1 + v*tau2) / tau2 * (math.Log1p(v*tau2) - 2*math.Log(alpha)))
}

// RobbinsTau2 is about the tau2 that makes the radius least at variance v (Howard,
// Ramdas, McAuliffe & Sekhon, Annals of Statistics 2021, section 3.5): choose v
// as gathered when a decision is wanted. NaN for v <= 0 or alpha outside (0,1).
func RobbinsTau2(v, alpha float64) float64 {
	if !(v > 0) || !(alpha > 0 && alpha < 1) {
		return math.NaN()
	}
	l := -2 * math.Log(alpha)
	return (l + math.Log(l+1)) / v
}
