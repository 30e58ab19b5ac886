package stat

import (
	"encoding/binary"
	"math"
	"testing"
)

// Anything may come in: NaN, infinities, nothing, the largest and the least
// numbers. Nothing panics, and finite input never gives NaN where the function
// says a number.

// readFloats cuts data into numbers; a leading byte says where x ends.
func readFloats(data []byte) (x, y []float64, rest float64) {
	if len(data) == 0 {
		return nil, nil, 0
	}
	cut := int(data[0]) % 32
	data = data[1:]
	var all []float64
	for len(data) >= 8 && len(all) < 64 {
		all = append(all, math.Float64frombits(binary.LittleEndian.Uint64(data)))
		data = data[8:]
	}
	if len(all) > 0 {
		rest = all[0]
	}
	cut = min(cut, len(all))
	return all[:cut], all[cut:], rest
}

func floats(cut byte, v ...float64) []byte {
	b := []byte{cut}
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

func FuzzTwoSides(f *testing.F) {
	inf, nan := math.Inf(1), math.NaN()
	f.Add(floats(2, 1, 2, 3, 4))
	f.Add(floats(0))
	f.Add(floats(3, 5, 5, 5, 5, 5, 5))
	f.Add(floats(2, inf, -inf, inf, 0))
	f.Add(floats(2, nan, 1, 2, 3))
	f.Add(floats(2, math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64))
	f.Add(floats(2, 5e-324, 0, -5e-324, 1e-310))
	f.Add(floats(4, 0, math.Copysign(0, -1), 1, 1, 0, 1e308, -1e308))
	f.Add(floats(6, 1, 2, 3, 4, 5, 6, 2, 4, 6, 8, 10, 12))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, y, v := readFloats(data)
		finite, numbers := true, true
		for _, s := range [][]float64{x, y} {
			for _, a := range s {
				numbers = numbers && a == a
				finite = finite && !math.IsInf(a, 0) && a == a
			}
		}
		full := len(x) > 0 && len(y) > 0
		for _, alt := range sidesOfTest {
			for _, m := range []Method{Auto, Exact, Asymptotic, AsymptoticNoContinuity} {
				r := MannWhitney(x, y, alt, m)
				if full && numbers && !(r.P >= 0 && r.P <= 1 && r.LogP <= 0 && r.U >= 0) {
					t.Fatalf("%v against %v: %+v", x, y, r)
				}
				h := HodgesLehmann(x, y, 0.98, m)
				if full && finite && !(h.Low <= h.Estimate && h.Estimate <= h.High) {
					t.Fatalf("%v against %v: %+v", x, y, h)
				}
			}
			checkLog(t, "KSHistogram", KSHistogram(x, y, alt).LogP)
			checkLog(t, "Exceeds", Exceeds(x, y, 0.9, alt, v).LogP)
			checkLog(t, "FisherP", first(FisherP(v, at(x, 1), at(y, 0), at(y, 1), alt)))
		}
		for _, r := range []SearchRules{{}, KayentaRules} {
			s, err := SearchShift(x, y, 0.98, r)
			if err == nil && finite && (s.Low != s.Low || s.High != s.High) && !huge(x, y) {
				t.Fatalf("%v against %v: %+v", x, y, s)
			}
		}
		if b := BrunnerMunzel(x, y); len(x) > 1 && len(y) > 1 && numbers && !(b.P >= 0 && b.P <= 1) {
			t.Fatalf("%v against %v: %+v", x, y, b)
		}
		BrunnerMunzelHAR(x, y)
		if d, p := KS(x, y); full && numbers && !(d >= 0 && d <= 1 && p >= 0 && p <= 1) {
			t.Fatalf("%v against %v: KS %v, p %v", x, y, d, p)
		}
		if w := Wasserstein(x, y); full && finite && !(w >= 0) {
			t.Fatalf("%v against %v: Wasserstein %v", x, y, w)
		}
		WassersteinHistogram(x, y, y, v)
		CommonBuckets(x, y, y, x)
		DKWBand(x, v)
		DKWDifference(x, y, v)
		HistogramQuantile(x, y, v, 0.05, 0)
		QuantileBucket(x, v)
		CountDispersion(x, y, 1)
		DBSCAN(x, v, 3)
		HDBSCAN(x, 3)
		HolmLog(x)
		BH(x)
		EBH(x, v)
		PlaceboVariance(append(x[:len(x):len(x)], y...), 2)
		RoughnessRatio(x, y)
		HARMean(x, 0)
		EWC(x, 4)
		AR1(x)
		MAD(x)
		RobustScale(x)
		Quantile(x, v)
	})
}

func FuzzNumbers(f *testing.F) {
	f.Add(1.0, 2.0, 0.5, 10.0, 3)
	f.Add(math.NaN(), math.Inf(1), math.Inf(-1), 0.0, 0)
	f.Add(1e308, 1e308, 1e-308, 1e308, 1440)
	f.Add(-1.0, 5e-324, 1.0, -0.0, -7)
	f.Fuzz(func(t *testing.T, a, b, c, d float64, k int) {
		for _, two := range []bool{false, true} {
			number(t, "BandP", BandP(a, two))
			number(t, "BandFromP", BandFromP(a, two))
			number(t, "LooksP", LooksP(a, k, two))
			number(t, "LooksBand", LooksBand(a, k, two))
			ExitProbability([]float64{a, b}, []float64{c, d}, two)
			SpendingBands(a, []float64{b, c}, two)
		}
		number(t, "SpentOBF", SpentOBF(a, b))
		number(t, "DKWEpsilon", DKWEpsilon(a, b))
		number(t, "TOST", TOST(a, b, 10, c, d))
		if a == a && LogNormalTail(a) != LogNormalTail(a) {
			t.Fatalf("LogNormalTail(%v) is NaN", a)
		}
		checkLog(t, "LogStudentTail", LogStudentTail(a, b))
		checkLog(t, "LogBinomialTail", LogBinomialTail(math.Round(a), math.Round(b), c))
		for _, alt := range sidesOfTest {
			checkLog(t, "BinomialP", BinomialP(math.Round(a), math.Round(b), c, alt))
			LogShareE(a, b, c, alt)
		}
		ChiSquareTail(a, b)
		number(t, "DispersionFactor", DispersionFactor(a, b, c))
		LogRobbinsE(a, b, c, Less)
		RobbinsRadius(a, b, c)
		RobbinsTau2(a, b)
		NormalFromLogTail(a)
		NormalFromStudent(a, b)
		StudentFromNormal(a, b)
		RateDifferenceScore(a, b, c, d, 1, a)
		RateDifferenceInterval(a, b, c, d, 1, a, b)
	})
}

func number(t *testing.T, what string, v float64) {
	t.Helper()
	if v != v {
		t.Fatalf("%s is NaN", what)
	}
}

// checkLog wants a log p-value or NaN.
func checkLog(t *testing.T, what string, v float64) {
	t.Helper()
	if v > 0 {
		t.Fatalf("%s is a log p-value of %v", what, v)
	}
}

func first(a, _ float64) float64 { return a }

func at(x []float64, i int) float64 {
	if i < len(x) {
		return x[i]
	}
	return 0
}

// huge reports whether differences could overflow.
func huge(x, y []float64) bool {
	for _, s := range [][]float64{x, y} {
		for _, v := range s {
			if math.Abs(v) > math.MaxFloat64/4 {
				return true
			}
		}
	}
	return false
}
