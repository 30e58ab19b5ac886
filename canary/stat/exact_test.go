package stat

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// With ties, for small sides, the exact p-values against listing every way to
// label the pooled values.
func TestExactWithTiesAgainstEveryLabelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := rapid.IntRange(1, 7).Draw(t, "m"), rapid.IntRange(1, 7).Draw(t, "n")
		levels := rapid.IntRange(1, 9).Draw(t, "levels")
		pooled := make([]float64, m+n)
		for i := range pooled {
			pooled[i] = float64(rapid.IntRange(1, levels).Draw(t, "value"))
			if rapid.IntRange(0, 9).Draw(t, "outlier") == 0 {
				pooled[i] *= 1000
			}
		}
		ranks, _ := MidRanks(pooled)
		seen := 0.0
		for _, r := range ranks[:m] {
			seen += r
		}
		var lower, upper, all float64
		for set := range uint(1) << (m + n) {
			if bits.OnesCount(set) != m {
				continue
			}
			sum := 0.0
			for i, r := range ranks {
				if set>>i&1 == 1 {
					sum += r
				}
			}
			all++
			if sum <= seen {
				lower++
			}
			if sum >= seen {
				upper++
			}
		}
		for alt, want := range map[Alternative]float64{Less: lower / all, Greater: upper / all, TwoSided: min(1, 2*min(lower, upper)/all)} {
			r := MannWhitney(pooled[:m], pooled[m:], alt, Exact)
			if math.Abs(r.P-want) > 1e-12*want || math.Abs(math.Exp(r.LogP)-want) > 1e-12*want || r.Method != Exact {
				t.Fatalf("%v against %v, side %d: p %v (log %v, method %d), by listing %v", pooled[:m], pooled[m:], alt, r.P, r.LogP, r.Method, want)
			}
		}
	})
}

// Without ties, against whole numbers of any length, on both sides of where the
// algorithm changes, from the far tail to the middle.
func TestExactCountsAgainstBigIntegers(t *testing.T) {
	for _, c := range [][3]int{{5, 9, 22}, {50, 50, 1250}, {120, 120, 7200}, {12, 200, 1200}, {130, 115, 4000}, {300, 300, 600}, {1000, 1000, 300}} {
		m, n, k := c[0], c[1], c[2]
		want := make([]*big.Int, k+1)
		for i := range want {
			want[i] = new(big.Int)
		}
		want[0].SetInt64(1)
		for i := 1; i <= m; i++ {
			for u := k; u >= n+i; u-- {
				want[u].Sub(want[u], want[u-n-i])
			}
			for u := i; u <= k; u++ {
				want[u].Add(want[u], want[u-i])
			}
		}
		for u, got := range mwCounts(m, n, k) {
			w, _ := new(big.Float).SetInt(want[u]).Float64()
			if math.Abs(got-w) > 2e-13*w {
				t.Fatalf("%d+%d: %g ways to get %d, want %g", m, n, got, u, w)
			}
		}
	}
}

// The two algorithms agree where there are no ties.
func TestTheShiftAlgorithmWithoutTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for _, c := range [][2]int{{1, 1}, {3, 8}, {20, 7}, {50, 50}, {49, 30}} {
		m, n := c[0], c[1]
		x := make([]float64, m+n)
		for i, v := range rng.Perm(m + n) {
			x[i] = float64(v)
			if i < m {
				x[i] += rng.NormFloat64() * float64(n) // Now and then a far tail.
			}
		}
		xs, ys := sortedPair(x[:m], x[m:])
		twice, tie := rankSum(xs, ys)
		if tie != 0 {
			t.Fatal("a tie without reason")
		}
		u := (twice - m*(m+1)) / 2
		ranks := make([]int, m+n)
		for i := range ranks {
			ranks[i] = 2 * (i + 1)
		}
		a, _ := untiedTails(m, n, u)
		b, ok := tiedTails(ranks, m, twice)
		if !ok || math.Abs(a.logLower-b.logLower) > 1e-11 || math.Abs(a.logUpper-b.logUpper) > 1e-11 {
			t.Errorf("%d+%d at %v: %v without ties, %v with", m, n, u, a, b)
		}
	}
}

func TestExactDistributionSumsToOne(t *testing.T) {
	for _, c := range [][2]int{{0, 3}, {1, 1}, {3, 5}, {50, 50}, {100, 20}} {
		sum := 0.0
		for _, p := range MWDistribution(c[0], c[1]) {
			sum += p
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%v sums to %v", c, sum)
		}
	}
	if MWDistribution(5000, 5000) != nil || MWDistribution(-1, 2) != nil {
		t.Error("a table past all bounds is filled")
	}
}

// Where p underflows its logarithm goes on: all of x above all of y has
// p = 1/C(m+n, m), with and without ties on a side.
func TestLogTailPastUnderflow(t *testing.T) {
	for _, c := range [][2]int{{50, 50}, {400, 300}, {600, 600}, {5000, 5000}, {5000, 7}} {
		m, n := c[0], c[1]
		lm, _ := math.Lgamma(float64(m + 1))
		ln, _ := math.Lgamma(float64(n + 1))
		lmn, _ := math.Lgamma(float64(m + n + 1))
		want := lm + ln - lmn
		for _, tied := range []bool{false, true} {
			if tied && m+n > 1300 {
				continue // More ways than the shift algorithm counts: see below.
			}
			x, y := make([]float64, m), make([]float64, n)
			for i := range x {
				x[i] = float64(1000000 + i)
				if tied {
					x[i] = float64(1000000 + i/2)
				}
			}
			for i := range y {
				y[i] = float64(i)
			}
			r := MannWhitney(x, y, Greater, Exact)
			if r.Method != Exact || math.Abs(r.LogP-want) > 1e-10*math.Abs(want) {
				t.Errorf("%d+%d, ties %v: log p %.12g by method %d, want %.12g", m, n, tied, r.LogP, r.Method, want)
			}
		}
	}
	// Too much work is said, not done.
	x, y := make([]float64, 5000), make([]float64, 5000)
	for i := range x {
		x[i], y[i] = float64(i%1000), float64(i%999)
	}
	if r := MannWhitney(x, y, TwoSided, Exact); r.Method != Asymptotic || !(r.P > 0) {
		t.Errorf("5,000 a side with ties: method %d, p %v", r.Method, r.P)
	}
	if h := HodgesLehmann(x, y, 0.9, Exact); h.Method != Asymptotic || !(h.Low <= h.High) {
		t.Errorf("5,000 a side: %+v", h)
	}
}

func ExampleMannWhitney() {
	canary := []float64{21, 23, 23, 25, 26, 28}
	baseline := []float64{19, 20, 21, 21, 22, 23}
	r := MannWhitney(canary, baseline, Greater, Auto)
	h := HodgesLehmann(canary, baseline, 0.9, Auto)
	fmt.Printf("U = %g, exact p = %.4f; higher by %g, 90%% interval %g to %g\n", r.U, r.P, h.Estimate, h.Low, h.High)
	// Output: U = 32, exact p = 0.0152; higher by 3, 90% interval 1 to 6
}
