package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func newJudge(t testing.TB, cfg Config) *Judge {
	t.Helper()
	j, err := NewJudge(cfg, "mine")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// noises are scores of healthy series, in units nobody promised anything about.
var noises = []struct {
	name  string
	score func(r *rand.Rand, i int) float64
}{
	{"gauss", func(r *rand.Rand, _ int) float64 { return 1e-6 * math.Abs(r.NormFloat64()) }},
	{"exponential", func(r *rand.Rand, _ int) float64 { return 1e9 * r.ExpFloat64() }},
	{"student t3", func(r *rand.Rand, _ int) float64 {
		a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		return math.Abs(r.NormFloat64()) / math.Sqrt((a*a+b*b+c*c)/3)
	}},
	{"mostly zero", func(r *rand.Rand, _ int) float64 { return max(0, r.NormFloat64()-1.5) }},
	{"ratio of a median", func(r *rand.Rand, i int) float64 { return math.Abs(r.NormFloat64()) * (2 + math.Sin(float64(i)/230)) }},
}

// A score in any unit respects the budget: openings on healthy series, at a
// budget of one a series-day so that there is something to count. Over 840
// series-days the heaviest of them, t3, opened 1.26, 1.36 and 1.43 times the
// budget at 1000, 100 and 10 per 1000 series-days; the others below a quarter.
func TestScoresRespectTheBudget(t *testing.T) {
	const seriesN, days = 8, 10
	for _, n := range noises {
		opened := 0
		for s := range seriesN {
			j := newJudge(t, Config{Budget: 1000})
			r := rand.New(rand.NewPCG(uint64(s), 77))
			for i := range days * 1440 {
				res := j.Step(Opinion{T: int64(i) * 60_000, Step: time.Minute, Score: n.score(r, i), Kind: KindCustom})
				if res.Transition == TransitionOpened {
					opened++
				}
			}
		}
		per := float64(opened) / seriesN / days
		t.Logf("%-20s %.2f openings a series-day at a budget of 1", n.name, per)
		if per > 1.5 {
			t.Errorf("%s: %.2f openings a series-day, budget 1", n.name, per)
		}
	}
}

// Multiplying a score by anything changes nothing.
func TestScoreScaleDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shift := rapid.IntRange(-40, 40).Draw(rt, "octaves")
		scale := math.Ldexp(1, shift)
		a, b := newJudge(t, Config{}), newJudge(t, Config{})
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		for i := range 600 {
			s := r.ExpFloat64()
			if i > 550 {
				s *= 40
			}
			x := a.Step(Opinion{T: int64(i) * 60_000, Score: s})
			y := b.Step(Opinion{T: int64(i) * 60_000, Score: s * scale})
			if x != y {
				rt.Fatalf("sample %d: %+v, scaled by 2^%d %+v", i, x, shift, y)
			}
		}
	})
}

// Evidence is taken at its word: it opens at the bar, is held through what is
// half as loud, for as long as it takes, and closes after five calm samples.
func TestEvidenceAtItsWord(t *testing.T) {
	j := newJudge(t, Config{})
	bar := j.Bar(time.Minute)
	if want := -math.Log10(10.0 / 1000 / 1440); math.Abs(bar-want) > 1e-12 {
		t.Fatalf("bar %v, want %v: 10 false alarms per 1000 series-days of 1440 samples", bar, want)
	}
	at := int64(0)
	step := func(evidence float64) Result {
		at += 60_000
		return j.Step(Opinion{T: at, Step: time.Minute, Score: evidence, Calibrated: true, Observed: 3, Expected: 2, Kind: KindCustom, Direction: DirectionUp})
	}
	if r := step(bar - .01); r.Anomalous {
		t.Fatal("opened below the bar")
	}
	r := step(bar)
	if r.Transition != TransitionOpened || r.Alarm != bar || r.Kind != KindCustom || r.Direction != DirectionUp {
		t.Fatalf("at the bar: %+v", r)
	}
	for range 3000 { // Longer than a score would be held.
		if r := step(bar * .6); !r.Anomalous {
			t.Fatal("closed while evidence was above half the bar")
		}
	}
	for i := range calmToClose {
		if r = step(0); (r.Transition == TransitionClosed) != (i == calmToClose-1) {
			t.Fatalf("calm sample %d: %v", i+1, r.Transition)
		}
	}
	if a, ok := j.Anomaly(); !ok || a.Open || a.Adapted || a.Observed != 3 || a.Expected != 2 || a.Members[0].Name != "mine" {
		t.Errorf("anomaly %+v", a)
	}
}

// A score that stays up is the new normal after the adaptation time, and says so.
func TestScoreAdapts(t *testing.T) {
	j := newJudge(t, Config{})
	r := rand.New(rand.NewPCG(5, 5))
	opened, closed := 0, 0
	for i := range 4000 {
		s := 1 + r.Float64()
		if i >= 2000 {
			s *= 100
		}
		switch res := j.Step(Opinion{T: int64(i) * 60_000, Step: time.Minute, Score: s}); res.Transition {
		case TransitionOpened:
			opened = i
		case TransitionNone, TransitionEscalated:
		default:
			closed = i
		}
	}
	a, _ := j.Anomaly()
	if opened != 2000 || closed < 2400 || closed > 2500 || !a.Adapted || a.Open {
		t.Errorf("opened at %d, closed at %d, %+v; want 2000, some 480 samples later, adapted", opened, closed, a)
	}
}

// What cannot be an opinion changes nothing.
func TestJudgeBadOpinions(t *testing.T) {
	j := newJudge(t, Config{})
	j.Step(Opinion{T: 1000, Score: 1})
	before := j.AppendState(nil)
	for _, o := range []Opinion{{T: 2000, Score: math.NaN()}, {T: 2000, Score: math.Inf(1)}, {T: 2000, Score: -1}, {T: 1000, Score: 1}, {T: 5, Score: 1}} {
		if r := j.Step(o); r.Score != 0 || r.Alarm != 0 || r.Transition != TransitionNone {
			t.Errorf("%+v: %+v", o, r)
		}
	}
	if !bytes.Equal(before, j.AppendState(nil)) {
		t.Error("the state changed")
	}
	for _, s := range []float64{1e308, 5e-324, 0} {
		for i := range 300 {
			if r := j.Step(Opinion{T: 10_000 + int64(i), Score: s}); math.IsNaN(r.Score) || math.IsInf(r.Score, 0) {
				t.Fatalf("score %v: %+v", s, r)
			}
		}
	}
}

func TestJudgeCheckpoint(t *testing.T) {
	a := newJudge(t, Config{})
	r := rand.New(rand.NewPCG(9, 9))
	b := newJudge(t, Config{})
	for i := range 500 {
		o := Opinion{T: int64(i) * 1000, Step: time.Second, Score: r.ExpFloat64() * (1 + 50*float64(i/450))}
		if i == 300 {
			rest, err := b.Restore(append(a.AppendState(nil), "rest"...))
			if err != nil || string(rest) != "rest" {
				t.Fatalf("%q %v", rest, err)
			}
		}
		x := a.Step(o)
		if i >= 300 {
			if y := b.Step(o); x != y {
				t.Fatalf("sample %d: %+v, restored %+v", i, x, y)
			}
		}
	}
	good := a.AppendState(nil)
	for _, bad := range [][]byte{nil, good[:10], append([]byte{good[0] ^ 1}, good[1:]...)} {
		if _, err := b.Restore(bad); !errors.Is(err, ErrForeignState) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	t.Logf("a judge is %d bytes", binary.Size(judgeState{}))
}

func TestJudgeAllocatesNothing(t *testing.T) {
	j := newJudge(t, Config{})
	at := int64(0)
	if n := testing.AllocsPerRun(1000, func() { at++; j.Step(Opinion{T: at, Score: float64(at % 17)}) }); n != 0 {
		t.Errorf("%v allocations a sample", n)
	}
}

// A reader gives what a Series judges: the rate of a counter, nothing of what
// cannot be judged.
func TestReader(t *testing.T) {
	r, err := NewReader(Meta{Kind: MetricCounter})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		t    int64
		v    float64
		x    float64
		read Reading
	}{
		{0, 100, 0, ReadNothing},
		{10_000, 150, 5, ReadValue},
		{10_000, 160, 0, ReadRefused},
		{20_000, math.NaN(), 0, ReadRefused},
		{20_000, 0, 0, ReadNothing},
		{30_000, 20, 2, ReadValue},
	} {
		if x, read := r.Read(c.t, c.v); x != c.x || read != c.read {
			t.Errorf("%v at %d: %v %v, want %v %v", c.v, c.t, x, read, c.x, c.read)
		}
	}
	if r.Step() != 10*time.Second || r.Refused() != 2 {
		t.Errorf("step %v, %d refused", r.Step(), r.Refused())
	}
	var again Reader
	if rest, err := again.Restore(r.AppendState(nil)); err != nil || len(rest) != 0 || again != r {
		t.Errorf("restored %+v, %v", again, err)
	}
	if _, err := again.Restore([]byte("bwr")); !errors.Is(err, ErrForeignState) {
		t.Error(err)
	}
	if _, err := NewReader(Meta{Step: -1}); err == nil {
		t.Error("a negative step is taken")
	}
}
