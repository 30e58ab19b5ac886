package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Tails as logarithms. Deciding over a thousand metrics and many looks needs
// p-values far below what 1-CDF can hold, so every tail here is computed as
// its own small number, and as a logarithm where that would underflow.

// LogNormalTail returns log P(Z > z) for a standard normal Z, for any z; it
// stays finite up to |z| about 1e150.
func LogNormalTail(z float64) float64 {
	if z < 30 {
		return math.Log(0.5 * math.Erfc(z/math.Sqrt2))
	}
	// Asymptotic expansion of Mills' ratio (Abramowitz & Stegun 26.2.12).
	v := 1 / (z * z)
	s := 1 - v*(1-3*v*(1-5*v*(1-7*v)))
	return -z*z/2 - math.Log(z) - 0.5*math.Log(2*math.Pi) + math.Log(s)
}

// NormalTail returns P(Z > z).
func NormalTail(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }

// NormalFromLogTail returns the z with log P(Z > z) = logp, for logp <= 0:
// the inverse of LogNormalTail. It returns -Inf for logp >= 0 and NaN for NaN.
func NormalFromLogTail(logp float64) float64 {
	switch {
	case math.IsNaN(logp):
		return math.NaN()
	case logp >= 0:
		return math.Inf(-1)
	case math.IsInf(logp, -1):
		return math.Inf(1)
	case logp > -600:
		return -mathext.NormalQuantile(math.Exp(logp))
	}
	z := math.Sqrt(-2 * logp)
	for range 20 {
		// Newton on the log tail, whose slope is close to -z far out.
		step := (LogNormalTail(z) - logp) / (z + 1/z)
		z += step
		if math.Abs(step) <= 1e-14*z {
			break
		}
	}
	return z
}

// LogStudentTail returns log P(T > t) for Student's t with df degrees of
// freedom, df > 0; NaN for other df.
func LogStudentTail(t, df float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(t):
		return math.NaN()
	case math.IsInf(df, 1) || df > 1e7:
		return LogNormalTail(t)
	case t < 0:
		return math.Log1p(-math.Exp(LogStudentTail(-t, df)))
	case t == 0:
		return -math.Ln2
	case math.IsInf(t, 1):
		return math.Inf(-1)
	case df < 1e-300:
		return -math.Ln2 // All mass lies infinitely far out, half of it here.
	}
	// P(T > t) = I_x(df/2, 1/2)/2 with x = df/(df+t^2). Near the middle the
	// complement in 1-x is taken instead, so that no digits are lost.
	a := df / 2
	r := t / math.Sqrt(df)
	if t < 0.5 {
		y := r * r / (1 + r*r)
		return math.Log(0.5) + math.Log1p(-mathext.RegIncBeta(0.5, a, y))
	}
	x := 1 / (1 + r*r)
	if p := mathext.RegIncBeta(a, 0.5, x); p > 1e-290 {
		return math.Log(0.5 * p)
	}
	logx := math.Log(df) - 2*math.Log(t) - math.Log1p(1/(r*r)) // r may be infinite.
	return math.Log(0.5) + logIncBetaSmall(a, 0.5, x, logx)
}

// logIncBetaSmall is log I_x(a,b) for small x by the power series of DLMF
// 8.17.7, I_x = x^a/(a B(a,b)) * 2F1(a,1-b;a+1;x).
func logIncBetaSmall(a, b, x, logx float64) float64 {
	term, sum := 1.0, 1.0
	for k := 1.0; k < 2000; k++ {
		term *= (k - b) / k * x
		add := term * a / (a + k)
		sum += add
		if math.Abs(add) < 1e-17*sum {
			break
		}
	}
	return a*logx - math.Log(a) - logBeta(a, b) + math.Log(sum)
}

func logBeta(a, b float64) float64 {
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	return la + lb - lab
}

// NormalFromStudent maps a t statistic with df degrees of freedom to the
// normal score of equal tail probability, keeping its sign.
func NormalFromStudent(t, df float64) float64 {
	if t < 0 {
		return -NormalFromLogTail(LogStudentTail(-t, df))
	}
	return NormalFromLogTail(LogStudentTail(t, df))
}

// StudentFromNormal is the inverse of NormalFromStudent: the t with df degrees
// of freedom whose tail equals that of the normal score z. It returns +-Inf
// where no float64 is large enough.
func StudentFromNormal(z, df float64) float64 {
	if z < 0 {
		return -StudentFromNormal(-z, df)
	}
	if z == 0 || math.IsNaN(z) || !(df > 0) {
		return z
	}
	// Start from the closed form of Wallace (Annals of Mathematical Statistics
	// 1959) and refine by the secant rule on the log tail, which is nearly
	// straight in log t.
	want := LogNormalTail(z)
	u := z * (8*df + 3) / (8*df + 1)
	a := math.Log(df)/2 + math.Log(math.Expm1(min(600, u*u/df)))/2
	fa := LogStudentTail(math.Exp(a), df) - want
	b := a + 1e-3
	fb := LogStudentTail(math.Exp(b), df) - want
	for range 50 {
		if fb == fa || math.Abs(fb) < 1e-13*math.Abs(want) {
			break
		}
		a, fa, b = b, fb, b-fb*(b-a)/(fb-fa)
		if b > 700 {
			return math.Inf(1)
		}
		fb = LogStudentTail(math.Exp(b), df) - want
		if math.Abs(b-a) < 1e-15*math.Abs(b) {
			break
		}
	}
	return math.Exp(b)
}
