package stat

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Reference values of R and scipy for sides of 1 to 5,000 values, from
// testdata/rank.json, written by testdata/rank.py and rank.R; the file names the
// versions.

type rankTable struct {
	Versions     map[string]string
	Cases        []rankCase
	Permutations []struct{ X, Y, P []float64 }
	Tails        struct {
		Fisher      [][4]float64
		FisherLog   []float64 `json:"fisher_log"`
		FisherPoint []float64 `json:"fisher_point"`
		Binomial    [][3]float64
		BinomialLog []float64 `json:"binomial_log"`
		NormalZ     []float64 `json:"normal_z"`
		NormalP     []float64 `json:"normal_p"`
		QuantileP   []float64 `json:"quantile_p"`
		Quantile    []float64
	}
	Histograms []struct {
		Bounds, X, Y []float64
		KS           float64
		KolmogorovP  float64 `json:"kolmogorov_p"`
	}
	Clusters []struct {
		X               []float64
		Eps             float64
		Size            int
		Cores           []int
		DBSCAN, HDBSCAN []int
	}
}

type rankCase struct {
	Kind                          string
	M, N                          int
	Seed                          uint64
	W, Estimate                   float64
	Corrected, Uncorrected, Exact []*float64 // By alternative: two-sided, less, greater.
	CI                            map[string][2]*float64
	ExactCI                       map[string][2]*float64 `json:"exact_ci"`
	Scipy                         []*float64
	ScipyExact                    []*float64 `json:"scipy_exact"`
	KS, Wasserstein               float64
	BM                            []float64
}

func loadRankTable(t *testing.T) rankTable {
	t.Helper()
	data, err := os.ReadFile("testdata/rank.json")
	if err != nil {
		t.Fatal(err)
	}
	var r rankTable
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Cases) < 100 || r.Versions["R"] == "" || r.Versions["scipy"] == "" {
		t.Fatal("the table is incomplete; rerun testdata/rank.py")
	}
	return r
}

// uniforms are n numbers in [0,1) by splitmix64, as rank.py makes them.
func uniforms(seed uint64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		out[i] = float64(z>>11) / (1 << 53)
	}
	return out
}

func (c rankCase) sides() (x, y []float64) {
	x, y = uniforms(c.Seed, c.M), uniforms(c.Seed+500000, c.N)
	for s, v := range [][]float64{x, y} {
		canary := 1 - float64(s)
		for i, u := range v {
			switch c.Kind {
			case "ties":
				v[i] = math.Floor(u*9) + canary
			case "heavy":
				v[i] = u / (1 - u)
			case "shifted":
				v[i] = u + canary/4
			case "apart":
				v[i] = u + 2*canary
			}
		}
	}
	return x, y
}

var sidesOfTest = []Alternative{TwoSided, Less, Greater}

func TestRankTablePValues(t *testing.T) {
	for _, c := range loadRankTable(t).Cases {
		x, y := c.sides()
		name := fmt.Sprintf("%s %d+%d", c.Kind, c.M, c.N)
		for i, alt := range sidesOfTest {
			r := MannWhitney(x, y, alt, Asymptotic)
			if r.U != c.W {
				t.Errorf("%s: U %v, want %v", name, r.U, c.W)
			}
			check := func(what string, got float64, want []*float64) {
				if i < len(want) && want[i] != nil && *want[i] > 1e-300 {
					near(t, fmt.Sprintf("%s, side %d, %s", name, alt, what), got, *want[i], 1e-10)
				}
			}
			check("asymptotic of R", r.P, c.Corrected)
			check("asymptotic of scipy", r.P, c.Scipy)
			check("log p", math.Exp(r.LogP), c.Corrected)
			check("uncorrected", MannWhitney(x, y, alt, AsymptoticNoContinuity).P, c.Uncorrected)
			if c.M > 100 || c.N > 100 {
				continue
			}
			e := MannWhitney(x, y, alt, Exact)
			check("exact of R", e.P, c.Exact)
			check("exact of scipy", e.P, c.ScipyExact)
			if e.Method != Exact {
				t.Errorf("%s: not computed exactly", name)
			}
		}
	}
}

// The interval's ends and the estimate are differences of the data, so R's root
// search at full precision must come to them to the last digits.
func TestRankTableIntervals(t *testing.T) {
	for _, c := range loadRankTable(t).Cases {
		x, y := c.sides()
		for key, level := range map[string]float64{"0.9": 0.9, "0.98": 0.98} {
			name := fmt.Sprintf("%s %d+%d at %s", c.Kind, c.M, c.N, key)
			a := HodgesLehmann(x, y, level, Asymptotic)
			near(t, name+" estimate", a.Estimate, c.Estimate, 1e-10)
			if want := c.CI[key]; want[0] != nil {
				shiftNear(t, name+" low", a.Low, *want[0])
				shiftNear(t, name+" high", a.High, *want[1])
			}
			if want := c.ExactCI[key]; want[0] != nil {
				e := HodgesLehmann(x, y, level, Exact)
				shiftNear(t, name+" exact low", e.Low, *want[0])
				shiftNear(t, name+" exact high", e.High, *want[1])
			}
		}
	}
}

// shiftNear wants 1e-10 relative; a shift of 0 among ties is where R stops next
// to it, at the precision of the values.
func shiftNear(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got == 0 && math.Abs(want) < 1e-12 {
		return
	}
	near(t, what, got, want, 1e-10)
}

func TestRankTableDistances(t *testing.T) {
	for _, c := range loadRankTable(t).Cases {
		x, y := c.sides()
		name := fmt.Sprintf("%s %d+%d", c.Kind, c.M, c.N)
		d, _ := KS(x, y)
		near(t, name+" KS", d, c.KS, 1e-10)
		near(t, name+" Wasserstein", Wasserstein(x, y), c.Wasserstein, 1e-9)
		if c.BM != nil {
			b := BrunnerMunzel(x, y)
			near(t, name+" Brunner-Munzel", b.T, -c.BM[0], 1e-9) // scipy's has the other sign.
			if c.BM[1] > 1e-290 {
				near(t, name+" Brunner-Munzel p", b.P, c.BM[1], 1e-8)
			}
		}
	}
}

func TestRankTableExactWithTies(t *testing.T) {
	for _, c := range loadRankTable(t).Permutations {
		for i, alt := range sidesOfTest {
			near(t, fmt.Sprintf("%v against %v, side %d", c.X, c.Y, alt), MannWhitney(c.X, c.Y, alt, Exact).P, c.P[i], 1e-10)
		}
	}
}

func TestRankTableTails(t *testing.T) {
	r := loadRankTable(t).Tails
	for i, f := range r.Fisher {
		full, mid := FisherP(f[0], f[1], f[2], f[3], Greater)
		near(t, fmt.Sprintf("Fisher %v", f), full, r.FisherLog[i], 1e-10)
		near(t, fmt.Sprintf("table %v", f), logHyper(f[0], f[1], f[2], f[3]), r.FisherPoint[i], 1e-10)
		want := math.Log(math.Exp(r.FisherLog[i]) - math.Exp(r.FisherPoint[i])/2)
		if r.FisherLog[i] > -600 {
			near(t, fmt.Sprintf("mid-p %v", f), mid, want, 1e-9)
		}
	}
	for i, b := range r.Binomial {
		near(t, fmt.Sprintf("binomial %v", b), LogBinomialTail(b[0], b[1], b[2]), r.BinomialLog[i], 1e-10)
	}
	for i, z := range r.NormalZ {
		near(t, fmt.Sprintf("normal tail of %v", z), LogNormalTail(z), r.NormalP[i], 1e-13)
	}
	for i, p := range r.QuantileP {
		if got := normalQuantile(p); got != r.Quantile[i] {
			t.Errorf("quantile of %v is %.17g, R's %.17g", p, got, r.Quantile[i])
		}
	}
}

func TestRankTableHistograms(t *testing.T) {
	for i, h := range loadRankTable(t).Histograms {
		k := KSHistogram(h.X, h.Y, TwoSided)
		near(t, fmt.Sprintf("histogram %d", i), k.D, h.KS, 1e-12)
		near(t, fmt.Sprintf("histogram %d p", i), math.Exp(k.LogP), h.KolmogorovP, 1e-9)
	}
}

func TestRankTableClusters(t *testing.T) {
	apart, points := 0, 0
	for i, c := range loadRankTable(t).Clusters {
		// A border point between two clusters may be given to either: cores decide.
		got := DBSCAN(c.X, c.Eps, c.Size)
		var ours, theirs []int
		for _, j := range c.Cores {
			ours, theirs = append(ours, got[j]), append(theirs, c.DBSCAN[j])
		}
		if d := cmp.Diff(renumber(theirs), renumber(ours)); d != "" {
			t.Errorf("DBSCAN %d: %s", i, d)
		}
		for j := range got {
			if (got[j] == Noise) != (c.DBSCAN[j] == Noise) {
				t.Errorf("DBSCAN %d: point %d is in cluster %d, want %d", i, j, got[j], c.DBSCAN[j])
			}
		}
		// On a line a point is often exactly as far from two clusters in mutual
		// reachability; then either may have it. Nothing else may differ.
		theirs, ours = renumber(c.HDBSCAN), renumber(HDBSCAN(c.X, c.Size))
		for j := range ours {
			points++
			if ours[j] != theirs[j] {
				apart++
			}
		}
		if d := cmp.Diff(theirs, ours); d != "" {
			t.Logf("HDBSCAN %d: %s", i, d)
		}
	}
	t.Logf("%d of %d points in another cluster of HDBSCAN", apart, points)
	if apart > 3 {
		t.Errorf("%d of %d points in another cluster of HDBSCAN, want at most the 3 that lie between two", apart, points)
	}
}

// renumber numbers clusters by first appearance.
func renumber(labels []int) []int {
	var seen []int
	out := slices.Clone(labels)
	for i, l := range labels {
		if l == Noise {
			continue
		}
		k := slices.Index(seen, l)
		if k < 0 {
			k = len(seen)
			seen = append(seen, l)
		}
		out[i] = k
	}
	return out
}

// A sample of the cases that bench/canary/oracle compared with R, with R's
// answers: the strict interval, to the bit.
func TestSearchShiftAgainstR(t *testing.T) {
	data, err := os.ReadFile("testdata/search.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Cases []struct {
			Kind  string
			Level float64
			X, Y  []float64
			R     [4]float64
		}
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Cases) != 300 {
		t.Fatalf("%d cases, want 300", len(table.Cases))
	}
	for i, c := range table.Cases {
		r, err := SearchShift(c.X, c.Y, c.Level, SearchRules{})
		k, err2 := SearchShift(c.X, c.Y, c.Level, SearchRules{CorrectEstimate: true})
		if err != nil || err2 != nil {
			t.Errorf("case %d: %v, %v", i, err, err2)
			continue
		}
		if got := [4]float64{r.Low, r.High, r.Estimate, k.Estimate}; got != c.R {
			t.Errorf("case %d (%s): %v, R %v", i, c.Kind, got, c.R)
		}
	}
}
