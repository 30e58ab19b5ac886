package detect

import (
	"testing"

	"pgregory.net/rapid"
)

// A vote in which the order of the voters mattered would be no vote: S and R
// are the same however the ratios of equals are permuted.
func TestConsensusDoesNotKnowAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a [memberCount]float64
		for i := range a {
			a[i] = rapid.Float64Range(0, 50).Draw(t, memberNames[i])
		}
		b := a
		novel := rapid.Permutation([]int{memberRange, memberSeasonal, memberShift, memberLevel, memberCurvature, memberRoughness}).Draw(t, "novelty")
		for i, k := range novel {
			b[memberRange+i] = a[k]
		}
		b[memberDelta2], b[memberFast] = a[memberFast], a[memberDelta2]
		away := rapid.Bool().Draw(t, "away")
		if x, y := fuseMovement(&a, away), fuseMovement(&b, away); x != y {
			t.Fatalf("S is %v or %v depending on the order", x, y)
		}
		if x, y := fuseNovelty(&a), fuseNovelty(&b); x != y {
			t.Fatalf("R is %v or %v depending on the order", x, y)
		}
	})
}

// No single member of movement opens anything, and a return is no news.
func TestConsensusNeedsTwo(t *testing.T) {
	var r [memberCount]float64
	r[memberDelta] = 1e4
	if s := fuseMovement(&r, true); s != 0 {
		t.Errorf("one member alone gives S = %v, want 0", s)
	}
	r[memberDelta2], r[memberBaseline] = 1e4, .5
	if s := fuseMovement(&r, false); s > baselineCap*.5 {
		t.Errorf("a move back to the usual gives S = %v, want at most %v", s, baselineCap*.5)
	}
	if s := fuseMovement(&r, true); s < 1e3 {
		t.Errorf("a move away gives S = %v, want what two members say", s)
	}
}

// Two series share nothing: stepped in turn they say what each says alone.
func TestSeriesShareNothing(t *testing.T) {
	mixed := [2]*Series{series(t, Config{}, Meta{}), series(t, Config{}, Meta{})}
	alone := [2]*Series{series(t, Config{}, Meta{}), series(t, Config{}, Meta{})}
	in := samples(2300, disturbed)
	var want [2][]Result
	for k := range alone {
		for i, x := range in {
			want[k] = append(want[k], alone[k].Step(x.T, x.V*float64(1+k)+float64(i%3*k)))
		}
	}
	for i, x := range in {
		for k := range mixed {
			if got := mixed[k].Step(x.T, x.V*float64(1+k)+float64(i%3*k)); got != want[k][i] {
				t.Fatalf("series %d, step %d: %+v in turn, %+v alone", k, i, got, want[k][i])
			}
		}
	}
}
