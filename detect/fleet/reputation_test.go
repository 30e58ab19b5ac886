package fleet

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"
)

// The dialogues of reputations; see TestDialogues.
//
//	new [max=10]
//	meet entity=a
//	note entity=a [weight=1] what=words_with_underscores [n=3]
//	skip for=6h
//	list, average
func TestReputationDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".reputation") {
			return
		}
		now := int64(1_704_067_200_000)
		var r *Reputations
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "new":
				var err error
				if r, err = NewReputations(ReputationConfig{MaxEntities: int(number(t, d, "max", 0))}); err != nil {
					return err.Error() + "\n"
				}
			case "meet":
				r.Meet(arg(d, "entity", ""))
			case "note":
				for range int(number(t, d, "n", 1)) {
					r.Note(Deed{Entity: arg(d, "entity", ""), At: now, Weight: number(t, d, "weight", 1), What: strings.ReplaceAll(arg(d, "what", ""), "_", " ")})
				}
			case "skip":
				now += length(t, d, "for", "0s").Milliseconds()
			case "list":
				out := ""
				for _, x := range r.List(now) {
					out += x.String()
				}
				return out
			case "average":
				mean, n := r.Average(now)
				return fmt.Sprintf("%.3f over %d, %d forgotten\n", mean, n, r.Forgotten())
			default:
				t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
			}
			return ""
		})
	})
}

// The score is the sum of weights halved every half-life, whenever it is read;
// the lists never contradict it beyond their hysteresis.
func TestReputationIsItsFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, _ := NewReputations(ReputationConfig{HalfLife: time.Hour})
		now, want := int64(1_000_000), 0.0
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			dt := int64(rapid.IntRange(0, 7_200_000).Draw(t, "dt"))
			now += dt
			want *= math.Exp2(-float64(dt) / 3_600_000)
			if rapid.Bool().Draw(t, "deed") {
				w := rapid.Float64Range(.1, 8).Draw(t, "w")
				r.Note(Deed{Entity: "a", At: now, Weight: w})
				want += w
			}
			if rapid.Bool().Draw(t, "read") {
				for _, x := range r.List(now) {
					if math.Abs(x.Score-want) > 1e-6*(1+want) {
						t.Fatalf("score %v, want %v", x.Score, want)
					}
					if x.Score >= badFrom && x.Standing != StandingBad || x.Score < dubiousUntil-1e-6 && x.Standing != StandingGood {
						t.Fatalf("score %v stands %v", x.Score, x.Standing)
					}
					if x.Since > now {
						t.Fatalf("stands so since %d, now is %d", x.Since, now)
					}
				}
			}
		}
	})
}

// Events out of order, nameless or weightless; a bound that is kept.
func TestReputationBounds(t *testing.T) {
	r, err := NewReputations(ReputationConfig{MaxEntities: 20})
	if err != nil {
		t.Fatal(err)
	}
	r.Note(Deed{Entity: "", Weight: 1})
	r.Note(Deed{Entity: "a", Weight: math.NaN()})
	r.Note(Deed{Entity: "a", Weight: -1})
	if n := len(r.List(0)); n != 0 {
		t.Errorf("%d entities from nothing", n)
	}
	for i := range 50 {
		r.Note(Deed{Entity: fmt.Sprint("e", i), At: int64(i), Weight: 1 + float64(i%7)})
	}
	list := r.List(100)
	if len(list) > 20 || r.Forgotten()+uint64(len(list)) != 50 {
		t.Errorf("%d remembered, %d forgotten of 50", len(list), r.Forgotten())
	}
	if list[0].Score < 6 {
		t.Errorf("the worst was forgotten: %v", list[0])
	}
	for _, cfg := range []ReputationConfig{{HalfLife: 1}, {MaxEntities: -1}} {
		if _, err := NewReputations(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
	late, _ := NewReputations(ReputationConfig{})
	late.Note(Deed{Entity: "a", At: 6 * 3600_000, Weight: 1})
	late.Note(Deed{Entity: "a", At: 0, Weight: 1}) // Told six hours late: worth half.
	if s := late.List(6 * 3600_000)[0].Score; math.Abs(s-1.5) > 1e-9 {
		t.Errorf("score %v, want 1.5", s)
	}
}
