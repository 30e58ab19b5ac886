package soak

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every family is finite and gives the same values for the same seed.
func TestFamiliesAreReproducible(t *testing.T) {
	for _, f := range Families() {
		a, b := f.New(rand.New(rand.NewPCG(1, 2))), f.New(rand.New(rand.NewPCG(1, 2)))
		for i := range 3000 {
			x := a(i)
			y := b(i)
			if math.IsNaN(x) && math.IsNaN(y) && f.Name == "gaps" {
				continue
			}
			if x != y || math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%s: minute %d is %v and %v", f.Name, i, x, y)
			}
		}
	}
}

func TestPoissonMean(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, mean := range []float64{.05, 3, 200} {
		sum := 0.0
		const n = 20_000
		for range n {
			sum += poisson(r, mean)
		}
		if got := sum / n; math.Abs(got-mean) > 5*math.Sqrt(mean/n) {
			t.Errorf("mean %v, want %v", got, mean)
		}
	}
}
