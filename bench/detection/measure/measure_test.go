package measure

import (
	"math"
	"os"
	"testing"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
)

// The values of the scoring function are given in Lavin and Ahmad (2015): the
// left edge of a window is worth .9866, the right edge 0, and a row three
// widths past it -.9999994 (taken as -1 beyond).
func TestSigma(t *testing.T) {
	for y, want := range map[float64]float64{-1: .98661429815, 0: 0, 3: -.99999938819, 3.01: -1} {
		if got := sigma(y); math.Abs(got-want) > 1e-9 {
			t.Errorf("sigma(%v) = %v, want %v", y, got, want)
		}
	}
}

// minutes is a series of n rows with one scoring window, both ends inside.
func minutes(n, from, to int) corpus.Series {
	s := corpus.Series{Name: "toy", StepMS: 60_000}
	for i := range n {
		s.T, s.V = append(s.T, int64(i)*60_000), append(s.V, 0)
		s.Label = append(s.Label, i >= from && i <= to)
	}
	s.Windows = [][2]int64{{int64(from) * 60_000, int64(to) * 60_000}}
	return s
}

func TestNABBounds(t *testing.T) {
	set := []corpus.Series{minutes(1000, 500, 599)}
	at := func(rows ...int) [][]float64 {
		x := make([]float64, 1000)
		for _, r := range rows {
			x[r] = 1
		}
		return [][]float64{x}
	}
	if got := NAB(set, at(500)).Standard; math.Abs(got-100) > 1e-9 {
		t.Errorf("a hit at the left edge scores %v, want 100", got)
	}
	if got := NAB(set, at()).Standard; got != 0 {
		t.Errorf("silence scores %v, want 0", got)
	}
	// A false row before any window costs its full weight, .11 of the 2 between
	// silence and perfection.
	if got, want := NABAt(set, at(10, 500), NABStandard, 1).Score, 100-100*.11/2; math.Abs(got-want) > 1e-9 {
		t.Errorf("a hit and a false row score %v, want %v", got, want)
	}
	if once, twice := NABAt(set, at(500), NABStandard, 1), NABAt(set, at(500, 550), NABStandard, 1); once != twice {
		t.Errorf("a second row in the window changes %+v to %+v", once, twice)
	}
}

// Cases worked out by hand from the benchmark's rules; each has one window of
// 100 rows, 500 to 599, in 1000, and rows 0 to 149 are probation.
func TestNABByHand(t *testing.T) {
	set := []corpus.Series{minutes(1000, 500, 599)}
	set[0].From = 150
	reward := func(row int) float64 { return sigma(-float64(599-row+1)/100) / sigma(-1) }
	charge := func(row int) float64 { return sigma(float64(row-599) / 99) }
	for _, c := range []struct {
		name string
		rows []int
		p    NABProfile
		want float64 // Raw score.
		hit  int
		fp   int
	}{
		{"silence costs one miss", nil, NABStandard, -1, 0, 0},
		{"silence costs a double miss", nil, NABLowFN, -2, 0, 0},
		{"probation is not scored", []int{0, 149}, NABStandard, -1, 0, 0},
		{"before any window a row costs its weight", []int{150}, NABStandard, -1 - .11, 0, 1},
		{"and double on low FP", []int{150}, NABLowFP, -1 - .22, 0, 1},
		{"the last row of the window is still worth something", []int{599}, NABStandard, reward(599), 1, 0},
		{"the middle", []int{550}, NABStandard, reward(550), 1, 0},
		{"the best row of the window counts, not the sum", []int{550, 520, 599}, NABStandard, reward(520), 1, 0},
		{"right after the window a row costs little", []int{600}, NABStandard, -1 + .11*charge(600), 0, 1},
		{"every row outside costs", []int{520, 600, 601, 700}, NABLowFP, reward(520) + .22*(charge(600)+charge(601)+charge(700)), 1, 3},
		{"far past the window a row costs its weight", []int{900}, NABStandard, -1 - .11, 0, 1},
	} {
		x := make([]float64, 1000)
		for _, r := range c.rows {
			x[r] = 1
		}
		w := c.p.weights()
		got := NABAt(set, [][]float64{x}, c.p, 1)
		if want := 100 * (c.want + w.fn) / (w.tp + w.fn); math.Abs(got.Score-want) > 1e-9 || got.Hit != c.hit || got.FP != c.fp {
			t.Errorf("%s: %+v, want score %.9f, hit %d, fp %d", c.name, got, want, c.hit, c.fp)
		}
	}
}

// A detector may be better off silent: its best score is then 0, at a
// threshold above every score. Rows that tie stand or fall together.
func TestNABSweep(t *testing.T) {
	set := []corpus.Series{minutes(1000, 500, 599)}
	x := make([]float64, 1000)
	for r := 200; r < 230; r++ {
		x[r] = .5
	}
	x[500] = .5
	n := NAB(set, [][]float64{x})
	if n.LowFP != 0 || n.Standard != 0 || !math.IsInf(n.Threshold, 1) || n.FP != 0 {
		t.Errorf("thirty false rows tied with a hit: %+v, want silence", n)
	}
	if got := NABAt(set, [][]float64{x}, NABLowFP, .5).Score; got >= 0 {
		t.Errorf("at the threshold of the tie low FP is %v, want below 0", got)
	}
	x[500] = .6
	if n := NAB(set, [][]float64{x}); math.Abs(n.Standard-100) > 1e-9 || n.Threshold != .6 || n.Hit != 1 {
		t.Errorf("a hit above the false rows: %+v, want 100 at .6", n)
	}
}

// Where a clock goes back, a window begins and ends at the first row of its
// instants, as in the benchmark.
func TestNABWindowsByTimestamp(t *testing.T) {
	set := []corpus.Series{minutes(1000, 500, 599)}
	for i := 700; i < 1000; i++ {
		set[0].T[i] -= 180 * 60_000 // Rows 700 to 779 repeat instants 520 to 599.
	}
	x := make([]float64, 1000)
	x[700] = 1
	if got := NABAt(set, [][]float64{x}, NABStandard, 1); got.Hit != 0 || got.FP != 1 {
		t.Errorf("a row at an instant repeated after the window: %+v, want a false row", got)
	}
}

func TestRecallMergesAlarmsAndCountsSegmentsOnce(t *testing.T) {
	set := []corpus.Series{minutes(10_000, 5000, 5009)}
	x := make([]float64, 10_000)
	x[5003], x[5004] = 5, 5 // The segment, twice.
	x[100], x[110], x[150] = 4, 4, 4
	x[3000] = 3
	a := Collect(set, [][]float64{x})
	if fa, hit := count(a, 3.5); fa != 1 || hit != 1 {
		t.Errorf("at 3.5: %d false alarms, %d segments, want 1 and 1", fa, hit)
	}
	if fa, hit := count(a, 2); fa != 2 || hit != 1 {
		t.Errorf("at 2: %d false alarms, %d segments, want 2 and 1", fa, hit)
	}
	p := RecallAt(a, []float64{0, 1000})
	if p[0].Recall != 1 || p[0].Threshold != 5 {
		t.Errorf("no false alarm allowed: %+v, want the segment at threshold 5", p[0])
	}
	if d := Delays(a, 5); len(d) != 1 || d[0] != 3*60_000 {
		t.Errorf("delays %v, want three minutes", d)
	}
}

// On the public data, a record of the value scores what the research measured
// with an independent scorer.
func TestNABReproducesRecordOfTheValue(t *testing.T) {
	dir := os.Getenv("BELLWETHER_CORPUS")
	if dir == "" {
		t.Skip("BELLWETHER_CORPUS is not set; wants numenta/NAB data and combined_windows.json under nab/")
	}
	set, err := corpus.NAB(dir)
	if err != nil {
		t.Fatal(err)
	}
	scores := make([][]float64, len(set))
	for i, s := range set {
		scores[i] = make([]float64, len(s.V))
		lo, hi := s.V[0], s.V[0]
		past := make([]float64, len(s.V))
		for j, v := range s.V {
			if half := (hi - lo) / 2; j > 30 && half > 0 {
				past[j] = math.Abs(v-(hi+lo)/2) / half
			}
			lo, hi = min(lo, v), max(hi, v)
			top := 0.0
			for k := max(0, j-100); k < j; k++ {
				top = max(top, past[k])
			}
			if past[j] > top {
				scores[i][j] = past[j]
			}
		}
	}
	n := NAB(set, scores)
	for i, want := range []float64{57.0, 55.1, 59.3} {
		if got := []float64{n.Standard, n.LowFP, n.LowFN}[i]; math.Abs(got-want) > .06 {
			t.Errorf("profile %d scores %.2f, want %.1f", i, got, want)
		}
	}
	if n.FP != 48 {
		t.Errorf("%d rows outside, want 48", n.FP)
	}
}
