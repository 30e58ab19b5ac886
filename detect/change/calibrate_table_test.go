package change

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

var remakeRatios = flag.Bool("ratios", false, "remake calibrate_table.go by simulation, some minutes")

var tableN = []int{6, 10, 16, 28, 50, 90, 160, 320, 640, 1280, 2560}

// tableM returns the shortest stretches of the rows of n.
func tableM(n int) (m [ratioPlaces]int) {
	for i := range m {
		f := float64(i) / (ratioPlaces - 1)
		m[i] = min(n/2, int(math.Round(2*math.Pow(float64(n)/4, f))))
	}
	return m
}

// simulate returns, for each m, sorted results of crossing on Gaussian noise.
func simulate(n, reps int, ms []int, seed uint64) [][]float64 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	out := make([][]float64, len(ms))
	w := make([]float64, n)
	for range reps {
		for i := range w {
			w[i] = r.NormFloat64()
		}
		f, _ := frameOf(w)
		for i, m := range ms {
			best := bestSplit(w, m, f)
			p := single(f.statsOf(w[:best.at]), f.statsOf(w[best.at:]), best)
			out[i] = append(out[i], crossing(p, n, m))
		}
	}
	for i := range out {
		slices.Sort(out[i])
	}
	return out
}

// The committed table is what a simulation gives: all of it with -ratios, a
// small part of it, to the precision of a small simulation, always.
func TestRatioTable(t *testing.T) {
	if *remakeRatios {
		remakeRatioTable(t)
	}
	if len(ratioTable) != len(tableN)*ratioPlaces {
		t.Fatalf("the table has %d rows, want %d; rerun with -ratios", len(ratioTable), len(tableN)*ratioPlaces)
	}
	const reps = 20000
	for i, n := range tableN {
		ms := tableM(n)
		for j, m := range ms {
			if row := ratioTable[i*ratioPlaces+j]; row.n != n || row.m != m {
				t.Fatalf("row %d is of n %d, m %d; want %d, %d; rerun with -ratios", i*ratioPlaces+j, row.n, row.m, n, m)
			}
		}
		if n > 50 {
			continue
		}
		for j, raw := range simulate(n, reps, ms[:], 2) {
			row := ratioTable[i*ratioPlaces+j]
			for k, level := range ratioLevels[:6] {
				q := raw[int(level*reps)]
				// Four standard errors of the level at that quantile.
				slack := 4 * math.Sqrt((1-level)/(level*reps))
				if got := math.Log(q / level); math.Abs(got-row.log[k]) > slack+0.02 {
					t.Errorf("n %d, m %d, level %g: ratio %.3f simulated, %.3f in the table", n, row.m, level, math.Exp(got), math.Exp(row.log[k]))
				}
			}
		}
	}
}

func remakeRatioTable(t *testing.T) {
	const reps = 400_000
	var b bytes.Buffer
	fmt.Fprintf(&b, "package change\n\n// The table of ratios, as data. Made anew, never typed, by\n// go test ./detect/change -run TestRatioTable -ratios.\n\nconst ratioPlaces = %d\n\nvar ratioTable = []ratioRow{\n", ratioPlaces)
	for _, n := range tableN {
		ms := tableM(n)
		for j, raw := range simulate(n, reps, ms[:], 1) {
			fmt.Fprintf(&b, "{%d, %d, [ratioPoints]float64{", n, ms[j])
			for k, level := range ratioLevels {
				if k > 0 {
					b.WriteString(", ")
				}
				fmt.Fprintf(&b, "%.3f", math.Log(raw[int(level*reps)]/level))
			}
			b.WriteString("}},\n")
		}
	}
	b.WriteString("}\n")
	src, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("calibrate_table.go", src, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log("remade calibrate_table.go; run again to test it")
	t.SkipNow()
}
