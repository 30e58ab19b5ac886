package detect

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"pgregory.net/rapid"
)

// checkResult fails if a result holds what no result may hold.
func checkResult(t testing.TB, i int, r Result) {
	t.Helper()
	for _, v := range []float64{r.Score, r.Alarm, r.Expected, r.Lower, r.Upper, r.Observed} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("step %d: result %+v holds %v", i, r, v)
		}
	}
	if r.Score < 0 || r.Alarm < 0 {
		t.Fatalf("step %d: negative evidence in %+v", i, r)
	}
	if told := r.Transition == TransitionOpened || r.Transition == TransitionEscalated; told != (r.Alarm > 0) {
		t.Fatalf("step %d: alarm %v with transition %v", i, r.Alarm, r.Transition)
	}
	if int(r.Verdict) >= len(verdictNames) {
		t.Fatalf("step %d: verdict %d", i, r.Verdict)
	}
	if r.Anomalous && r.Verdict != VerdictAnomalous && r.Verdict != VerdictNoData {
		t.Fatalf("step %d: anomalous with verdict %v", i, r.Verdict)
	}
}

func series(t testing.TB, cfg Config, meta Meta) *Series {
	t.Helper()
	s, err := New(cfg, meta)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const minute = 60_000

// wave is a deterministic healthy series: daily shape and fixed "noise".
func wave(i int) float64 {
	x := float64(i)
	return 100 + 30*math.Sin(2*math.Pi*x/1440) + 3*math.Sin(x*1.7) + 2*math.Sin(x*.913) + math.Sin(x*x*.37)
}

func TestBadInputGivesVerdicts(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	gen := func(f func(i int) float64) func(int) (int64, float64) {
		return func(i int) (int64, float64) { return int64(i) * minute, f(i) }
	}
	tests := []struct {
		name string
		kind MetricKind
		n    int
		at   func(i int) (int64, float64)
		want Verdict
	}{
		{"all NaN", 0, 200, gen(func(int) float64 { return nan }), VerdictUnusable},
		{"all infinite", 0, 200, gen(func(int) float64 { return inf }), VerdictUnusable},
		{"all 1e308", 0, 200, gen(func(i int) float64 { return 1e308 * float64(1-2*(i%2)) }), VerdictUnusable},
		{"constant", 0, 2000, gen(func(int) float64 { return 5 }), VerdictConstant},
		{"zeros", 0, 2000, gen(func(int) float64 { return 0 }), VerdictConstant},
		{"two points", 0, 2, gen(func(i int) float64 { return float64(i) }), VerdictNotEnoughData},
		{"denormals", 0, 2000, gen(func(i int) float64 { return 5e-324 * float64(i%3) }), VerdictHealthy},
		{"tiny and huge", 0, 2000, gen(func(i int) float64 { return []float64{1e-300, 1e29, -1e29}[i%3] }), VerdictHealthy},
		{"alternating NaN", 0, 2000, gen(func(i int) float64 { return []float64{1, nan, 2, nan}[i%4] }), VerdictHealthy},
		{"duplicate times", 0, 2000, func(i int) (int64, float64) { return int64(i/2) * minute, float64(i % 7) }, VerdictHealthy},
		{"times running backwards", 0, 500, func(i int) (int64, float64) { return -int64(i) * minute, float64(i % 7) }, VerdictNotEnoughData},
		{"gaps of days", 0, 500, func(i int) (int64, float64) { return int64(i)*minute + int64(i/50)*3*86400e3, float64(i % 7) }, VerdictHealthy},
		{"negative times", 0, 500, func(i int) (int64, float64) { return int64(i-9000) * minute, float64(i % 7) }, VerdictHealthy},
		{"extreme times", 0, 3, func(i int) (int64, float64) { return []int64{math.MinInt64, 0, math.MaxInt64}[i], 1 }, VerdictNotEnoughData},
		{"counter reset every minute", MetricCounter, 2000, gen(func(i int) float64 { return float64(50 - i%2) }), VerdictConstant},
		{"counter reset at random", MetricCounter, 2000, gen(func(i int) float64 { return float64(i * i % 101) }), VerdictHealthy},
		{"counter standing still", MetricCounter, 2000, gen(func(int) float64 { return 50 }), VerdictConstant},
		{"counter below zero", MetricCounter, 2000, gen(func(i int) float64 { return -float64(i % 3) }), VerdictConstant},
		{"stale markers only", 0, 100, gen(func(int) float64 { return metric.StaleNaN() }), VerdictNoData},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, profile := range []Profile{ProfileDefault, ProfileSkyline} {
				s := series(t, Config{Profile: profile, Open: 1000}, Meta{Kind: tt.kind})
				var r Result
				for i := range tt.n {
					ts, v := tt.at(i)
					r = s.Step(ts, v)
					checkResult(t, i, r)
				}
				_ = s.Explain().String()
				if profile == ProfileDefault && r.Verdict != tt.want {
					t.Errorf("verdict %v, want %v\n%s", r.Verdict, tt.want, s.Explain())
				}
			}
		})
	}
}

func TestCausality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profile := Profile(rapid.IntRange(0, 1).Draw(t, "profile"))
		past := rapid.SliceOfN(rapid.Float64Range(-100, 100), 40, 200).Draw(t, "past")
		futures := [2][]float64{
			rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 50).Draw(t, "future"),
			rapid.SliceOfN(rapid.Float64Range(-1, 1), 1, 50).Draw(t, "other future"),
		}
		var points [2][]Result
		for k, f := range futures {
			var in []metric.Sample
			for i, v := range append(append([]float64{}, past...), f...) {
				in = append(in, metric.Sample{T: int64(i) * minute, V: v})
			}
			var err error
			if points[k], _, err = Run(Config{Profile: profile, Open: 1000}, Meta{}, in); err != nil {
				t.Fatal(err)
			}
		}
		for i := range past {
			if points[0][i] != points[1][i] {
				t.Fatalf("the future changed step %d: %+v or %+v", i, points[0][i], points[1][i])
			}
		}
	})
}

// Scaling by a power of two is exact in floating point, so the scores must be
// the same to the bit; shifting rounds, so they must agree closely.
func TestScaleAndShiftInvariance(t *testing.T) {
	run := func(f func(float64) float64) []Result {
		s := series(t, Config{Open: 1000}, Meta{Kind: MetricGauge, Step: time.Minute})
		out := make([]Result, 6000)
		for i := range out {
			v := wave(i)
			if i >= 5000 && i < 5020 {
				v += 120
			}
			out[i] = s.Step(int64(i)*minute, f(v))
		}
		return out
	}
	base := run(func(v float64) float64 { return v })
	opened := 0
	for name, f := range map[string]func(float64) float64{
		"x8": func(v float64) float64 { return 8 * v }, "/1024": func(v float64) float64 { return v / 1024 },
		"negated": func(v float64) float64 { return -v },
	} {
		for i, r := range run(f) {
			if r.Score != base[i].Score || r.Transition != base[i].Transition {
				t.Fatalf("%s: step %d has score %v, unscaled %v", name, i, r.Score, base[i].Score)
			}
		}
	}
	for i, r := range run(func(v float64) float64 { return v + 1e6 }) {
		if math.Abs(r.Score-base[i].Score) > .01 {
			t.Fatalf("shifted: step %d has score %v, unshifted %v", i, r.Score, base[i].Score)
		}
		if r.Transition == TransitionOpened {
			opened++
		}
	}
	if opened == 0 {
		t.Fatal("the injected anomaly was not seen, so the test shows nothing")
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, byte(0))
	f.Add([]byte("\x00\x01\x7f\xf0\x00\x00\x00\x00\x00\x02"), byte(1))
	f.Fuzz(func(t *testing.T, in []byte, mode byte) {
		cfg, meta := Config{Profile: Profile(mode & 1), Open: 1000}, Meta{Kind: MetricKind(mode >> 1 % 3)}
		s := series(t, cfg, meta)
		now := int64(0)
		for i := 0; len(in) >= 10; i++ {
			now += int64(int16(binary.BigEndian.Uint16(in)))
			if in[0] == 0x80 {
				now <<= 20
			}
			v := math.Float64frombits(binary.BigEndian.Uint64(in[2:]))
			in = in[10:]
			if i%7 == 6 {
				checkResult(t, i, s.Tick(now))
			}
			checkResult(t, i, s.Step(now, v))
		}
		_ = s.Explain().String()
		if _, err := Restore(cfg, meta, s.AppendState(nil)); err != nil {
			t.Fatal(err)
		}
	})
}
