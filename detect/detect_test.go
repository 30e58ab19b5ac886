package detect

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/google/go-cmp/cmp"
)

func TestConfigNamesEveryError(t *testing.T) {
	bad := Config{Profile: 9, Budget: -1, Open: math.NaN(), Adapt: time.Second,
		Skyline: SkylineConfig{Consensus: 12, FullDuration: time.Second}}
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"profile 9", "budget -1", "open NaN", "adapt 1s", "consensus 12", "full duration 1s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %q:\n%v", want, err)
		}
	}
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero value is refused: %v", err)
	}
	if err := (Meta{Kind: 7, Step: -1}).Validate(); err == nil || !strings.Contains(err.Error(), "step") || !strings.Contains(err.Error(), "kind") {
		t.Errorf("metadata error %v does not name kind and step", err)
	}
}

func TestEnumerationsAreStable(t *testing.T) {
	type all struct {
		K Kind
		D Direction
		T Transition
		V Verdict
		M MetricKind
		P Profile
	}
	in := all{KindNoData, DirectionDown, TransitionEscalated, VerdictNotEnoughData, MetricCounter, ProfileSkyline}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"K":"no-data","D":"down","T":"escalated","V":"not-enough-data","M":"counter","P":"skyline"}`
	if string(text) != want {
		t.Errorf("JSON %s, want %s", text, want)
	}
	var out all
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("read back %+v, %v", out, err)
	}
	if err := new(Profile).UnmarshalText([]byte("prophet")); err == nil || !strings.Contains(err.Error(), "skyline") {
		t.Errorf("error %v does not list the profiles", err)
	}
	for i, names := range [][]string{kindNames, directionNames, transitionNames, verdictNames, metricKindNames, profileNames} {
		if want := []int{13, 3, 5, 7, 3, 2}[i]; len(names) != want {
			t.Errorf("enumeration %d has %d names, want %d", i, len(names), want)
		}
	}
}

func samples(n int, f func(i int) float64) []metric.Sample {
	out := make([]metric.Sample, n)
	for i := range out {
		out[i] = metric.Sample{T: int64(i) * minute, V: f(i)}
	}
	return out
}

func TestRunIsStep(t *testing.T) {
	in := samples(2300, disturbed)
	points, anomalies, err := Run(Config{Open: 1000}, Meta{}, in)
	if err != nil {
		t.Fatal(err)
	}
	s := series(t, Config{Open: 1000}, Meta{})
	opened := 0
	for i, x := range in {
		r := s.Step(x.T, x.V)
		if d := cmp.Diff(r, points[i]); d != "" {
			t.Fatalf("step %d:\n%s", i, d)
		}
		if r.Transition == TransitionOpened {
			opened++
		}
	}
	if opened == 0 || opened != len(anomalies) {
		t.Errorf("%d opened, %d anomalies returned", opened, len(anomalies))
	}
	for i, a := range anomalies {
		if a.Start > a.End && !a.Open || a.Change > a.Start || a.Peak <= 0 || len(a.Members) == 0 || i > 0 && a.Start <= anomalies[i-1].Start {
			t.Errorf("anomaly %d is malformed: %+v", i, a)
		}
		sum := 0.0
		for _, m := range a.Members {
			sum += m.Share
			if m.P <= 0 || m.P > 1 {
				t.Errorf("member %+v has no p-value", m)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("shares of anomaly %d sum to %v", i, sum)
		}
	}
}

// Each injected fault must be found within the delay, with its kind.
func TestInjectedFaults(t *testing.T) {
	const at = 9000
	stuck := 150 + (wave(at-1)-100)/6
	tests := []struct {
		name    string
		fault   func(v float64, k int) float64 // k counts from 0 at the fault.
		within  int
		kind    Kind // At the end of the delay.
		profile string
	}{
		{"spike", func(v float64, k int) float64 {
			if k < 2 {
				return v + 150
			}
			return v
		}, 2, KindSpike, ""},
		{"outage at the daily peak", func(float64, int) float64 { return 0 }, 3, KindSpike, ""},
		{"half the traffic", func(v float64, _ int) float64 { return v / 2 }, 3, KindSpike, ""},
		{"stuck", func(float64, int) float64 { return stuck }, 60, KindFlatline, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := series(t, Config{}, Meta{Kind: MetricGauge})
			for i := range at + tt.within + 1 {
				v := 150 + (wave(i)-100)/6
				if i >= at {
					v = tt.fault(v, i-at)
				}
				r := s.Step(int64(i)*minute, v)
				if r.Transition == TransitionOpened {
					if i < at {
						t.Fatalf("opened at %d, before the fault\n%s", i, s.Explain())
					}
					if r.Kind != tt.kind {
						t.Errorf("kind %v, want %v\n%s", r.Kind, tt.kind, s.Explain())
					}
					return
				}
			}
			t.Errorf("not found within %d samples\n%s", tt.within, s.Explain())
		})
	}
}

func TestAnIncidentIsHeldUntilRecovery(t *testing.T) {
	s := series(t, Config{}, Meta{Kind: MetricGauge})
	for i := range 9000 {
		s.Step(int64(i)*minute, wave(i))
	}
	for i := 9000; i < 9240; i++ { // Four hours, half the adaptation time.
		if r := s.Step(int64(i)*minute, wave(i)-100); i > 9003 && !r.Anomalous {
			t.Fatalf("closed after %d samples of an outage that lasts\n%s", i-9000, s.Explain())
		}
	}
	for i := 9240; i < 9260; i++ {
		s.Step(int64(i)*minute, wave(i))
	}
	a, ok := s.Anomaly()
	if !ok || a.Open || a.Adapted || a.Kind != KindLevel || a.Direction != DirectionDown {
		t.Errorf("after recovery: %+v", a)
	}
}

// A counter read without being told so must prove itself, and be judged by its
// rate from then on.
func TestUnknownCounterIsRecognised(t *testing.T) {
	s := series(t, Config{}, Meta{})
	var r Result
	for i := range 3000 {
		r = s.Step(int64(i)*minute, float64(i%1000)*600) // Restarts at 1000 and 2000.
	}
	if math.Abs(r.Observed-10) > 1e-9 {
		t.Errorf("observed %v, want the rate 10 a second\n%s", r.Observed, s.Explain())
	}
	s = series(t, Config{}, Meta{})
	for i := range 3000 {
		r = s.Step(int64(i)*minute, wave(i))
	}
	if math.Abs(r.Observed-wave(2999)) > 1e-9 {
		t.Errorf("a gauge is observed as %v, want %v", r.Observed, wave(2999))
	}
}

// Scheduled work is news twice, and then usual at its hour.
func TestScheduledWorkBecomesUsual(t *testing.T) {
	s := series(t, Config{}, Meta{Kind: MetricGauge})
	byDay := map[int]int{}
	for i := range 20 * 1440 {
		v := wave(i)
		if m := i % 1440; m >= 200 && m < 205 {
			v += 300
		}
		if r := s.Step(int64(i)*minute, v); r.Transition == TransitionOpened {
			byDay[i/1440]++
		}
	}
	for day := 3; day < 20; day++ {
		if byDay[day] > 0 {
			t.Errorf("day %d: %d anomalies at scheduled work; by day %v", day, byDay[day], byDay)
		}
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	s := series(t, Config{}, Meta{})
	i := 0
	if n := testing.AllocsPerRun(5000, func() {
		s.Step(int64(i)*minute, disturbed(i%2300))
		s.Tick(int64(i)*minute + 1)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

func BenchmarkStep(b *testing.B) {
	s := series(b, Config{}, Meta{Kind: MetricGauge})
	values := make([]float64, 4096)
	for i := range values {
		values[i] = wave(i)
	}
	b.ReportAllocs()
	for i := range b.N {
		s.Step(int64(i)*minute, values[i&4095])
	}
}

func BenchmarkAppendState(b *testing.B) {
	s := series(b, Config{}, Meta{})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = s.AppendState(buf[:0])
	}
}

func BenchmarkExplain(b *testing.B) {
	s := series(b, Config{}, Meta{})
	for i := range 500 {
		s.Step(int64(i)*minute, wave(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Explain()
	}
}
