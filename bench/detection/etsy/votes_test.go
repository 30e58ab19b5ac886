package etsy_test

import (
	"fmt"

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

// The skyline profile gives vote for vote what Etsy Skyline's own code gave on
// the generated cases. Points go in one by one, through the rolling sums; the
// votes are asked for after the last.
func TestVoteForVote(t *testing.T) {
	stride := 1
	if testing.Short() {
		stride = 17
	}
	everyCase(t, stride, func(c etsy.Case) ([]detect.Vote, detect.Verdict, error) {
		return detect.SkylineVotes(detect.SkylineConfig{}, c.Samples())
	})
}

// Asked after every point, as a running series is, the last votes are the same.
func TestVoteForVoteAsStream(t *testing.T) {
	stride := 23
	if testing.Short() {
		stride = 233
	}
	everyCase(t, stride, func(c etsy.Case) ([]detect.Vote, detect.Verdict, error) {
		s, err := detect.New(detect.Config{Profile: detect.ProfileSkyline, Skyline: detect.SkylineConfig{Consensus: 9}}, detect.Meta{})
		if err != nil {
			return nil, 0, err
		}
		var r detect.Result
		for _, x := range c.Samples() {
			r = s.Step(x.T, x.V)
		}
		return s.Votes(), r.Verdict, nil
	})
}

// everyCase compares the votes of every stride-th case with Etsy's.
func everyCase(t *testing.T, stride int, votes func(etsy.Case) ([]detect.Vote, detect.Verdict, error)) {
	t.Helper()
	want, _, err := etsy.Votes()
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != etsy.Cases {
		t.Fatalf("%d votes for %d cases", len(want), etsy.Cases)
	}
	var mu sync.Mutex
	differ := map[string]int{}
	note := func(i int, c etsy.Case) {
		got, verdict, err := votes(c)
		if err != nil {
			t.Error(err)
			return
		}
		for _, d := range compare(got, verdict, c, want[i]) {
			if rounding[i] != "" && strings.HasPrefix(d, rounding[i]) {
				continue
			}
			mu.Lock()
			if differ[d]++; differ[d] < 8 {
				t.Errorf("case %d, %d points: %s", i, len(c.V), d)
			}
			mu.Unlock()
		}
	}
	var wg sync.WaitGroup
	for p := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := p * stride; i < etsy.Cases; i += stride * runtime.GOMAXPROCS(0) {
				note(i, etsy.New(i))
			}
		})
	}
	wg.Wait()
	if len(differ) > 0 {
		t.Error(differ)
	}
}

// compare returns where the profile and Etsy differ.
func compare(got []detect.Vote, verdict detect.Verdict, c etsy.Case, want etsy.Vote) (differ []string) {
	say := func(unlike bool, format string, args ...any) {
		if unlike {
			differ = append(differ, fmt.Sprintf(format, args...))
		}
	}
	boring := verdict == detect.VerdictConstant || len(c.V) == 1
	say(boring != (want.Outcome() == etsy.Boring), "boring %v", boring)
	counted := 0
	for i, v := range got {
		say(v.Name != etsy.Algorithms[i], "vote %d is of %s", i, v.Name)
		say(v.Fired != want.Fired(i), "%s fired %v", v.Name, v.Fired)
		silent := v.Counted && !v.Fired
		say(silent != (want.SilentMAD() && v.Name == "median_absolute_deviation"), "%s silent and counted: %v", v.Name, silent)
		if v.Counted {
			counted++
		}
	}
	anomalous := counted >= detect.DefaultConsensus
	say(anomalous != want.Anomalous(), "anomalous %v", anomalous)
	return differ
}

// Every vote has to be seen both ways often, or the comparison shows little.
func TestCasesMoveEveryVote(t *testing.T) {
	votes, _, err := etsy.Votes()
	if err != nil {
		t.Fatal(err)
	}
	fired, judged, anomalous := [9]int{}, 0, 0
	for _, v := range votes {
		if v.Outcome() == etsy.Raised {
			t.Fatal("an algorithm raised")
		}
		if v.Outcome() != etsy.Judged {
			continue
		}
		judged++
		if v.Anomalous() {
			anomalous++
		}
		for i := range fired {
			if v.Fired(i) {
				fired[i]++
			}
		}
	}
	t.Logf("%d judged, %d anomalous, votes by algorithm %v", judged, anomalous, fired)
	for i, n := range append(fired[:], anomalous) {
		if n < 1000 || judged-n < 1000 {
			t.Errorf("vote %d fired in %d of %d cases", i, n, judged)
		}
	}
}
