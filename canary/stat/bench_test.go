package stat

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What a judge calls often. The thousand-metric benchmark states the cost of one
// look: U, p, estimate and interval of 1,000 pairs of 60 samples.

func benchSides(n int, seed uint64, ties bool) (x, y []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	x, y = make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], y[i] = rng.NormFloat64(), rng.NormFloat64()
		if ties {
			x[i], y[i] = float64(rng.IntN(7)), float64(rng.IntN(9))
		}
	}
	return x, y
}

func BenchmarkThousandMetrics(b *testing.B) {
	var xs, ys [1000][]float64
	for i := range xs {
		xs[i], ys[i] = benchSides(60, uint64(i), i%4 == 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range xs {
			MannWhitney(xs[i], ys[i], TwoSided, Auto)
			HodgesLehmann(xs[i], ys[i], 0.98, Auto)
		}
	}
}

func BenchmarkMannWhitney(b *testing.B) {
	for _, c := range []struct {
		n      int
		ties   bool
		method Method
	}{{60, false, Asymptotic}, {60, true, Asymptotic}, {5000, false, Asymptotic}, {50, false, Exact}, {50, true, Exact}, {100, false, Exact}} {
		b.Run(fmt.Sprintf("n=%d/ties=%v/method=%d", c.n, c.ties, c.method), func(b *testing.B) {
			x, y := benchSides(c.n, 1, c.ties)
			b.ReportAllocs()
			for b.Loop() {
				MannWhitney(x, y, TwoSided, c.method)
			}
		})
	}
}

func BenchmarkHodgesLehmann(b *testing.B) {
	for _, c := range []struct {
		n      int
		ties   bool
		method Method
	}{{60, false, Asymptotic}, {60, true, Asymptotic}, {50, false, Exact}, {5000, false, Asymptotic}} {
		b.Run(fmt.Sprintf("n=%d/ties=%v/method=%d", c.n, c.ties, c.method), func(b *testing.B) {
			x, y := benchSides(c.n, 1, c.ties)
			b.ReportAllocs()
			for b.Loop() {
				HodgesLehmann(x, y, 0.98, c.method)
			}
		})
	}
}

func BenchmarkSearchShift(b *testing.B) {
	x, y := benchSides(60, 1, false)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SearchShift(x, y, 0.98, KayentaRules); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHARMean(b *testing.B) {
	x, _ := benchSides(60, 1, false)
	b.ReportAllocs()
	for b.Loop() {
		HARMean(x, 0)
	}
}

func BenchmarkBrunnerMunzelHAR(b *testing.B) {
	x, y := benchSides(60, 1, false)
	b.ReportAllocs()
	for b.Loop() {
		BrunnerMunzelHAR(x, y)
	}
}

func BenchmarkPlaceboVariance(b *testing.B) {
	x, _ := benchSides(1440, 1, false)
	b.ReportAllocs()
	for b.Loop() {
		PlaceboVariance(x, 60)
	}
}

func BenchmarkLogShareE(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		LogShareE(40, 20, 0.5, Greater)
	}
}

func BenchmarkKSHistogram(b *testing.B) {
	x, y := make([]float64, 160), make([]float64, 160)
	for i := range x {
		x[i], y[i] = float64(i%13), float64(i%11)
	}
	b.ReportAllocs()
	for b.Loop() {
		KSHistogram(x, y, Greater)
	}
}

func BenchmarkExceeds(b *testing.B) {
	x, y := make([]float64, 160), make([]float64, 160)
	for i := range x {
		x[i], y[i] = float64(i%13), float64(i%11)
	}
	b.ReportAllocs()
	for b.Loop() {
		Exceeds(x, y, 0.99, Greater, 1)
	}
}

func BenchmarkLooksP(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		LooksP(3.1, 1440, true)
	}
}

func BenchmarkLooksBand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		LooksBand(-9, 12, true)
	}
}
