package stat

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// Reference values of R and scipy from testdata/oracle.json, written by
// testdata/oracle.py; the file names the versions.

type oracleCase struct {
	X, Y []float64
	Kind string
	nums map[string]float64
	vecs map[string][]float64
}

func (c *oracleCase) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	c.nums, c.vecs = map[string]float64{}, map[string][]float64{}
	for k, v := range raw {
		var err error
		switch {
		case k == "kind":
			err = json.Unmarshal(v, &c.Kind)
		case v[0] == '[':
			var s []float64
			err = json.Unmarshal(v, &s)
			c.vecs[k] = s
		default:
			var f float64
			err = json.Unmarshal(v, &f)
			c.nums[k] = f
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	c.X, c.Y = c.vecs["x"], c.vecs["y"]
	return nil
}

type oracleTable struct {
	Versions map[string]string
	Cases    []oracleCase
	Tails    struct {
		NormalZ     []float64    `json:"normal_z"`
		NormalLog   []float64    `json:"normal_log"`
		Student     [][2]float64 `json:"student"`
		StudentLog  []float64    `json:"student_log"`
		Binomial    [][3]float64 `json:"binomial"`
		BinomialLog []float64    `json:"binomial_log"`
	}
	Multiple struct{ P, Holm, BH []float64 }
}

func oracle(t *testing.T) oracleTable {
	t.Helper()
	data, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var o oracleTable
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	if len(o.Cases) < 30 || o.Versions["R"] == "" || o.Versions["scipy"] == "" {
		t.Fatal("the table is incomplete; rerun testdata/oracle.py")
	}
	return o
}

// near fails unless got is within tol of want, relative to want's size.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tol*math.Max(1e-300, math.Abs(want)) {
		t.Errorf("%s = %.17g, want %.17g (relative error %.2g)", what, got, want, math.Abs(got-want)/math.Abs(want))
	}
}

var alternatives = map[string]Alternative{"two.sided": TwoSided, "less": Less, "greater": Greater}

func TestOracleMannWhitney(t *testing.T) {
	for i, c := range oracle(t).Cases {
		name := fmt.Sprintf("case %d (%s, %d+%d)", i, c.Kind, len(c.X), len(c.Y))
		near(t, name+" U", MannWhitney(c.X, c.Y, TwoSided, Asymptotic).U, c.nums["u"], 1e-15)
		for alt, a := range alternatives {
			r := MannWhitney(c.X, c.Y, a, Asymptotic)
			near(t, name+" asymptotic "+alt, r.P, c.nums["asym_"+alt+"_True"], 1e-10)
			near(t, name+" scipy "+alt, r.P, c.nums["scipy_"+alt], 1e-10)
			near(t, name+" log p "+alt, math.Exp(r.LogP), r.P, 1e-12)
			near(t, name+" uncorrected "+alt, MannWhitney(c.X, c.Y, a, AsymptoticNoContinuity).P, c.nums["asym_"+alt+"_False"], 1e-10)
			if want, ok := c.nums["exact_"+alt]; ok {
				near(t, name+" exact "+alt, MannWhitney(c.X, c.Y, a, Exact).P, want, 1e-10)
			}
		}
		if want, ok := c.nums["enum_less"]; ok {
			near(t, name+" enumerated less", MannWhitney(c.X, c.Y, Less, Exact).P, want, 1e-12)
			near(t, name+" enumerated greater", MannWhitney(c.X, c.Y, Greater, Exact).P, c.nums["enum_greater"], 1e-12)
		}
	}
}

func TestOracleHodgesLehmann(t *testing.T) {
	for i, c := range oracle(t).Cases {
		for _, level := range []float64{0.9, 0.98} {
			name := fmt.Sprintf("case %d (%s, %d+%d) at %g", i, c.Kind, len(c.X), len(c.Y), level)
			a := HodgesLehmann(c.X, c.Y, level, Asymptotic)
			want := c.vecs[fmt.Sprintf("hl_asym_%g", level)]
			near(t, name+" estimate", a.Estimate, want[2], 1e-12)
			// R clamps to the extreme differences what is unbounded; its root
			// search stops at 1e-13.
			if !math.IsInf(a.Low, 0) {
				span := math.Abs(want[1]) + math.Abs(want[0])
				if math.Abs(a.Low-want[0]) > 1e-10*span || math.Abs(a.High-want[1]) > 1e-10*span {
					t.Errorf("%s: asymptotic interval %v..%v, R %v..%v", name, a.Low, a.High, want[0], want[1])
				}
			}
			if want, ok := c.vecs[fmt.Sprintf("hl_exact_%g", level)]; ok {
				e := HodgesLehmann(c.X, c.Y, level, Exact)
				near(t, name+" exact low", e.Low, want[0], 1e-12)
				near(t, name+" exact high", e.High, want[1], 1e-12)
				near(t, name+" exact estimate", e.Estimate, want[2], 1e-12)
			}
		}
	}
}

func TestOracleDistances(t *testing.T) {
	for i, c := range oracle(t).Cases {
		name := fmt.Sprintf("case %d (%s)", i, c.Kind)
		if want, ok := c.nums["bm_p"]; ok {
			// scipy's statistic has the other sign.
			b := BrunnerMunzel(c.X, c.Y)
			near(t, name+" Brunner-Munzel t", b.T, -c.nums["bm_t"], 1e-9)
			near(t, name+" Brunner-Munzel p", b.P, want, 1e-8)
		}
		d, _ := KS(c.X, c.Y)
		near(t, name+" KS", d, c.nums["ks_d"], 1e-12)
		near(t, name+" Wasserstein", Wasserstein(c.X, c.Y), c.nums["wasserstein"], 1e-9)
		near(t, name+" MAD", MAD(c.X), c.nums["mad_x"], 1e-12)
	}
}

func TestOracleTails(t *testing.T) {
	o := oracle(t)
	for i, z := range o.Tails.NormalZ {
		near(t, fmt.Sprintf("log normal tail of %v", z), LogNormalTail(z), o.Tails.NormalLog[i], 1e-12)
		if z > 0 {
			near(t, fmt.Sprintf("inverse at %v", z), NormalFromLogTail(LogNormalTail(z)), z, 1e-9)
		}
	}
	for i, s := range o.Tails.Student {
		near(t, fmt.Sprintf("log t tail of %v", s), LogStudentTail(s[0], s[1]), o.Tails.StudentLog[i], 1e-10)
		near(t, fmt.Sprintf("t round trip of %v", s), StudentFromNormal(NormalFromStudent(s[0], s[1]), s[1]), s[0], 1e-8)
	}
	for i, b := range o.Tails.Binomial {
		near(t, fmt.Sprintf("log binomial tail of %v", b), LogBinomialTail(b[0], b[1], b[2]), o.Tails.BinomialLog[i], 1e-10)
	}
	if p := LogNormalTail(NormalFromLogTail(-690)); math.Abs(p+690) > 1e-9 {
		t.Errorf("log p of 1e-300 comes back as %v", p)
	}
}

func TestOracleMultiple(t *testing.T) {
	o := oracle(t)
	logp := make([]float64, len(o.Multiple.P))
	for i, p := range o.Multiple.P {
		logp[i] = math.Log(p)
	}
	for i, adj := range HolmLog(logp) {
		near(t, "Holm", math.Exp(adj), o.Multiple.Holm[i], 1e-12)
	}
	for i, adj := range BH(o.Multiple.P) {
		near(t, "BH", adj, o.Multiple.BH[i], 1e-12)
	}
}

// The worked example of R's wilcox.test help page (Hollander & Wolfe 1973, p.
// 69ff), with the p-values R 4.2.2 prints.
func TestHollanderWolfe(t *testing.T) {
	x := []float64{.80, .83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, .73, 1.46}
	y := []float64{1.15, .88, .90, .74, 1.21}
	r := MannWhitney(x, y, TwoSided, Exact)
	near(t, "U", r.U, 35, 0)
	near(t, "exact p", r.P, 0.2544122544122544, 1e-13)
	near(t, "asymptotic p", MannWhitney(x, y, TwoSided, Asymptotic).P, 0.24462360512698333, 1e-13)
	near(t, "uncorrected p", MannWhitney(x, y, TwoSided, AsymptoticNoContinuity).P, 0.22067136191984693, 1e-13)
	h := HodgesLehmann(x, y, 0.95, Exact)
	near(t, "estimate", h.Estimate, 0.305, 1e-12)
	near(t, "low", h.Low, -0.15, 1e-12)
	near(t, "high", h.High, 0.76, 1e-12)
}
