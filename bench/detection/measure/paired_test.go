package measure

import (
	"math"
	"testing"
)

func TestPairedInterval(t *testing.T) {
	same := make([]pair, 40)
	ahead := make([]pair, 40)
	for i := range same {
		same[i] = pair{float64(i % 3), float64((i + 1) % 3), 3}
		ahead[i] = pair{2, 1, 4}
	}
	if got := paired(ahead); got.Diff != .25 || got.Lo != .25 || got.Hi != .25 {
		t.Errorf("a constant lead of 1 in 4 gives %+v", got)
	}
	if got := paired(same); got.Lo > 0 || got.Hi < 0 || got.Hi-got.Lo < .05 {
		t.Errorf("no difference gives %+v, want an interval around 0", got)
	}
	// The percentile interval of a mean of n is close to the normal one.
	x := make([]pair, 400)
	for i := range x {
		x[i] = pair{float64(i % 2), 0, 1}
	}
	got, want := paired(x), 1.96*.5/math.Sqrt(400)
	if math.Abs((got.Hi-got.Lo)/2-want) > .2*want {
		t.Errorf("half width %v, want about %v", (got.Hi-got.Lo)/2, want)
	}
}
