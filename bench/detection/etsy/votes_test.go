package etsy_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/bellwether-ts/bellwether/bench/detection/etsy"
	"github.com/bellwether-ts/bellwether/detect"
)

// rounding lists the cases in which Etsy's vote is decided by rounding inside
// its libraries, so that another, equally correct way of computing it votes the
// other way: all that differ.
var rounding = map[int]string{
	12451:  "ks_test",       // The reference rises by 1 a point: the regression leaves nothing but rounding,
	38771:  "ks_test",       // here too, and Akaike's criterion picks a lag by it.
	102653: "least_squares", // Statistic and threshold agree to 4e-12; the residuals carry 2e-10 of rounding.
}

// The skyline profile, point by point as a stream, gives vote for vote what
// Etsy Skyline's own code gave on the generated cases.
func TestVoteForVote(t *testing.T) {
	want, _, err := etsy.Votes()
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != etsy.Cases {
		t.Fatalf("%d votes for %d cases", len(want), etsy.Cases)
	}
	stride := 1
	if testing.Short() {
		stride = 17
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	differ := map[string]int{}
	for p := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := p * stride; i < etsy.Cases; i += stride * runtime.GOMAXPROCS(0) {
				c := etsy.New(i)
				for _, d := range compare(t, c, want[i]) {
					if rounding[i] != "" && strings.HasPrefix(d, rounding[i]) {
						continue
					}
					mu.Lock()
					differ[d]++
					if differ[d] < 8 {
						t.Errorf("case %d, %d points: %s", i, len(c.V), d)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if len(differ) > 0 {
		t.Error(differ)
	}
}

// compare returns where the profile and Etsy differ.
func compare(t *testing.T, c etsy.Case, want etsy.Vote) (differ []string) {
	s, err := detect.New(detect.Config{Profile: detect.ProfileSkyline}, detect.Meta{})
	if err != nil {
		t.Error(err)
		return nil
	}
	var r detect.Result
	for j, v := range c.V {
		r = s.Step(int64(math.Round(c.T[j]*1000)), v)
	}
	if boring := r.Verdict == detect.VerdictConstant || len(c.V) == 1; boring != (want.Outcome() == etsy.Boring) {
		differ = append(differ, fmt.Sprintf("boring %v", boring))
	}
	for i, v := range s.Votes() {
		if v.Name != etsy.Algorithms[i] {
			t.Errorf("vote %d is of %s", i, v.Name)
		}
		if v.Fired != want.Fired(i) {
			differ = append(differ, fmt.Sprintf("%s fired %v", v.Name, v.Fired))
		}
		if silent := v.Counted && !v.Fired; silent != (want.SilentMAD() && v.Name == "median_absolute_deviation") {
			differ = append(differ, fmt.Sprintf("%s silent and counted: %v", v.Name, silent))
		}
	}
	if a := int(r.Score) >= detect.DefaultConsensus; a != want.Anomalous() {
		differ = append(differ, fmt.Sprintf("anomalous %v", a))
	}
	return differ
}
