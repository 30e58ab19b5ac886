package stat

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

var remakeLooks = flag.Bool("looks", false, "remake looks_table.go by the recursion, about a minute")

// The numbers of looks with a row: every small one, then about Chebyshev's
// points of 1/sqrt(K).
var tableLooks = []int{2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 18, 25, 36, 56, 100, 220, 700, 2500}

// tableG is g by the recursion.
func tableG(s float64, looks int, twoSided bool) float64 {
	return (BandFromP(ExactLooksP(s, looks, twoSided), twoSided) - s) * math.Sqrt(float64(looks))
}

// The committed table is what the recursion gives: all of it with -looks, rows of
// few looks always.
func TestLooksTableIsTheRecursion(t *testing.T) {
	if *remakeLooks {
		remakeLooksTable(t)
	}
	for side, rows := range map[bool]*[looksRows]looksRow{false: &looksOneSided, true: &looksTwoSided} {
		for i, row := range rows {
			if row.looks != tableLooks[i] {
				t.Fatalf("row %d is of %d looks, want %d; rerun with -looks", i, row.looks, tableLooks[i])
			}
			if row.looks > 36 && !*remakeLooks {
				continue
			}
			for j, g := range row.g {
				if want := tableG(looksPoint(j), row.looks, side); math.Abs(g-want) > 1e-10 {
					t.Errorf("two-sided %v, %d looks, s = %.4f: %.12f in the table, %.12f by the recursion", side, row.looks, looksPoint(j), g, want)
				}
			}
		}
	}
}

func remakeLooksTable(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprint(&b, "package stat\n\n// The table of looks, as data: the p-values of constant bands by the recursion of\n// looks.go. Made anew, never typed, by go test ./canary/stat -run TestLooksTable -looks.\n\n")
	fmt.Fprintf(&b, "const (\n\tlooksPoints = %d\n\tlooksRows = %d\n)\n", looksPoints, len(tableLooks))
	for _, side := range []struct {
		name string
		two  bool
	}{{"looksOneSided", false}, {"looksTwoSided", true}} {
		fmt.Fprintf(&b, "\nvar %s = [looksRows]looksRow{\n", side.name)
		for _, k := range tableLooks {
			fmt.Fprintf(&b, "{%d, [looksPoints]float64{\n", k)
			for i := range looksPoints {
				fmt.Fprintf(&b, "%.12f,", tableG(looksPoint(i), k, side.two))
				if i%7 == 6 {
					b.WriteByte('\n')
				}
			}
			b.WriteString("}},\n")
		}
		b.WriteString("}\n")
	}
	src, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("looks_table.go", src, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log("remade looks_table.go; run again to test it")
	t.SkipNow()
}

// Between the rows and points, LooksP against the recursion.
func TestLooksPAgainstTheRecursion(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	f := func(s float64, looks int, two bool, tol float64) {
		t.Helper()
		got, want := LooksP(s, looks, two), ExactLooksP(s, looks, two)
		if math.Abs(got-want) > tol {
			t.Errorf("%d looks, s %.4f, two-sided %v: log p %.10f, by the recursion %.10f", looks, s, two, got, want)
		}
		if back := LooksBand(got, looks, two); math.Abs(back-s) > 1e-9*s {
			t.Errorf("%d looks, two-sided %v: band %.10f comes back as %.10f", looks, two, s, back)
		}
	}
	for i := range 300 {
		f(0.5+7.5*rng.Float64(), 2+rng.IntN(60), i%2 == 0, 1e-5)
	}
	for _, looks := range []int{120, 300, 720} {
		f(1.5+3*rng.Float64(), looks, true, 1e-7)
	}
	f(3.1, 1440, true, 1e-8)
	f(4.4, 1440, false, 1e-8)
}

// Outside the table the p-value is never below the exact one.
func TestLooksPIsStrictOutsideTheTable(t *testing.T) {
	for _, looks := range []int{2, 5, 12, 60} {
		for _, s := range []float64{0.01, 0.1, 0.3, 0.45, 8.1, 9, 12, 20} {
			for _, two := range []bool{true, false} {
				got, want := LooksP(s, looks, two), ExactLooksP(s, looks, two)
				if got < want-1e-9*math.Abs(want)-1e-12 {
					t.Errorf("%d looks, s %v, two-sided %v: log p %.12f below the exact %.12f", looks, s, two, got, want)
				}
			}
		}
	}
}
