package change

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// oracle is testdata/oracle.json: values of R and scipy, and of go-change's
// published formulas, written by testdata/oracle.py; the file names the
// versions.
type oracle struct {
	Welch []struct {
		X, Y     []float64
		T, DF, P float64
		PooledT  float64 `json:"pooled_t"`
		PooledP  float64 `json:"pooled_p"`
	}
	GoChange []struct {
		Window                 []float64
		Min, Index             int
		Difference, Confidence float64
		Before, After          [3]float64
	} `json:"go_change"`
	Tails [][3]float64
}

func readOracle(t *testing.T) (o oracle) {
	raw, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	if len(o.Welch) == 0 || len(o.GoChange) == 0 || len(o.Tails) == 0 {
		t.Fatal("testdata/oracle.json lacks a part")
	}
	return o
}

func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Abs(want)) {
		t.Errorf("%s = %.15g, want %.15g", what, got, want)
	}
}

func TestWelchAgainstRAndScipy(t *testing.T) {
	o := readOracle(t)
	for _, c := range o.Welch {
		all := append(append([]float64{}, c.X...), c.Y...)
		f, _ := frameOf(all)
		before, after := f.statsOf(c.X), f.statsOf(c.Y)
		tw, df := welch(before, after)
		near(t, "t", tw, c.T, 1e-10)
		near(t, "df", df, c.DF, 1e-10)
		near(t, "p", studentTwoSided(tw, df), c.P, 1e-9)

		whole := f.statsOf(all)
		inside := before.variance*float64(before.n-1) + after.variance*float64(after.n-1)
		s := split{len(c.X), whole.variance*float64(whole.n-1) - inside, inside}
		near(t, "pooled t", pooled(s, whole.n), math.Abs(c.PooledT), 1e-8)
		near(t, "p of one split", single(before, after, s), max(c.P, c.PooledP), 1e-7)
	}
	for _, c := range o.Tails {
		near(t, "tail", studentTwoSided(c[0], c[1]), c[2], 1e-9)
		near(t, "tail", studentTwoSided(-c[0], c[1]), c[2], 1e-9)
	}
}

func TestCompatibleIsGoChange(t *testing.T) {
	for _, c := range readOracle(t).GoChange {
		d := Detector{MinSampleSize: c.Min, MinConfidence: -1, Compatible: true}
		cp := d.Check(c.Window)
		if cp == nil {
			t.Fatalf("no change at all in a window of %d, want one at %d", len(c.Window), c.Index)
		}
		if cp.Index != c.Index {
			t.Errorf("index %d, want %d", cp.Index, c.Index)
		}
		near(t, "confidence", cp.Confidence, c.Confidence, 1e-9)
		near(t, "difference", cp.Difference, c.Difference, 1e-9)
		for _, s := range []struct {
			got  Stats
			want [3]float64
		}{{cp.Before, c.Before}, {cp.After, c.After}} {
			near(t, "mean", s.got.Mean(), s.want[0], 1e-12)
			near(t, "variance", s.got.Var(), s.want[1], 1e-9)
			near(t, "standard deviation", s.got.Stddev(), math.Sqrt(s.want[1]), 1e-9)
			if s.got.Len() != int(s.want[2]) {
				t.Errorf("length %d, want %v", s.got.Len(), s.want[2])
			}
		}
	}
}
