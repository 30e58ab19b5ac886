package stat

import "math"

// The normal quantile to the last bit of R's qnorm, which a search that walks
// R's points needs: one unit in the last place of the quantile moves where it
// stops. It is algorithm AS 241 (Wichura, Applied Statistics 1988), whose only
// platform-dependent step is the logarithm; here that is rounded correctly, as
// the C library that R stands on does in all but a few cases.

// normalQuantile returns the z with P(Z <= z) = p, for 0 < p < 1.
func normalQuantile(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		return q * horner(&as241Middle[0], r) / horner(&as241Middle[1], r)
	}
	r := p
	if q > 0 {
		r = 1 - p
	}
	r = math.Sqrt(-roundedLog(r))
	var z float64
	if r <= 5 {
		z = horner(&as241Tail[0], r-1.6) / horner(&as241Tail[1], r-1.6)
	} else {
		z = horner(&as241Far[0], r-5) / horner(&as241Far[1], r-5)
	}
	return math.Copysign(z, q)
}

// horner evaluates a polynomial, highest power first, rounding every product.
func horner(c *[8]float64, x float64) float64 {
	v := c[0]
	for _, a := range c[1:] {
		v = float64(v*x) + a
	}
	return v
}

// roundedLog is log(x) rounded to nearest but for a case in a thousand, for
// normal x > 0: the logarithm as a sum of two numbers, by 2 atanh((f-1)/(f+1)).
func roundedLog(x float64) float64 {
	f, e := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f, e = 2*f, e-1
	}
	// s + ds = (f-1)/(f+1), d + dd = f+1.
	d := f + 1
	dd := 1 - (d - f)
	s := (f - 1) / d
	ds := (math.FMA(-s, d, f-1) - float64(s*dd)) / d
	// The rest of the series, s^3/3 + s^5/5 + ..., is small enough for one number.
	rest, power, square := 0.0, s, float64(s*s)
	for k := 3.0; k < 40; k += 2 {
		power *= square
		rest += power / k
	}
	const ln2Hi, ln2Lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	hi := float64(float64(e) * ln2Hi) // Exact: the high part has its last 32 bits zero.
	sum := hi + 2*s
	back := sum - hi
	low := (hi - (sum - back)) + (2*s - back)
	return sum + (low + (2*(rest+ds) + float64(float64(e)*ln2Lo)))
}

// The coefficients of AS 241, numerator and denominator, highest power first.
var (
	as241Middle = [2][8]float64{
		{2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
			13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608},
		{5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
			5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1},
	}
	as241Tail = [2][8]float64{
		{7.7454501427834140764e-4, .0227238449892691845833, .24178072517745061177, 1.27045825245236838258,
			3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734},
		{1.05075007164441684324e-9, 5.475938084995344946e-4, .0151986665636164571966, .14810397642748007459,
			.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1},
	}
	as241Far = [2][8]float64{
		{2.01033439929228813265e-7, 2.71155556874348757815e-5, .0012426609473880784386, .026532189526576123093,
			.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772},
		{2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
			.0148753612908506148525, .13692988092273580531, .59983220655588793769, 1},
	}
)
