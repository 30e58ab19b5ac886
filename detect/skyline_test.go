package detect

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/google/go-cmp/cmp"
)

// fed returns a skyline series fed with the values at the given step, and its
// last result.
func fed(t *testing.T, c SkylineConfig, step time.Duration, values []float64) (*Series, Result) {
	t.Helper()
	s := series(t, Config{Profile: ProfileSkyline, Skyline: c}, Meta{Kind: MetricGauge})
	var r Result
	for i, v := range values {
		r = s.Step(1_700_000_000_000+int64(i)*step.Milliseconds(), v)
	}
	return s, r
}

// voted returns one vote by name.
func voted(t *testing.T, s *Series, name string) Vote {
	t.Helper()
	for _, v := range s.Votes() {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no vote named %q in %v", name, s.Votes())
	return Vote{}
}

// noise returns n values 100 +- 10, then the tail.
func noise(n int, tail ...float64) []float64 {
	r := rand.New(rand.NewPCG(9, 9))
	out := make([]float64, n, n+len(tail))
	for i := range out {
		out[i] = 100 + 10*r.NormFloat64()
	}
	return append(out, tail...)
}

// Each published defect: what it does as published, and that its flag, and
// only its flag, repairs it.
func TestSkylineDefects(t *testing.T) {
	ratio := noise(1000)
	for i := range ratio {
		ratio[i] = .99 + (ratio[i]-100)/10*.003
	}
	ratio = append(ratio, .7, .7, .7)
	flat := noise(1000)
	for i := 990; i < 1000; i++ {
		flat[i] = 200
	}
	shifted := noise(1000)
	for i := 985; i < 1000; i++ {
		shifted[i] += 300
	}
	young := append(noise(600), 200, 200, 200)
	tests := []struct {
		name, vote string
		values     []float64
		fixed      SkylineConfig
		faithful   bool // The vote counted as published,
		corrected  bool // and with the flag.
	}{
		{"the quiet MAD is counted", "median_absolute_deviation", noise(1000, 100), SkylineConfig{CorrectedMAD: true}, true, false},
		{"grubbs is blind to drops", "grubbs", noise(1000, 0, 0, 0), SkylineConfig{CorrectedGrubbs: true}, false, true},
		{"a plateau at the maximum is in no bin", "histogram_bins", flat, SkylineConfig{CorrectedHistogram: true}, false, true},
		{"least squares cannot fire on a ratio", "least_squares", ratio, SkylineConfig{CorrectedLeastSquares: true}, false, true},
		{"the first hour is silent for a day", "first_hour_average", young, SkylineConfig{CorrectedFirstHour: true}, false, true},
		{"KS cannot fire at 60 s", "ks_test", shifted, SkylineConfig{CorrectedKS: true}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := fed(t, SkylineConfig{}, time.Minute, tt.values)
			if got := voted(t, s, tt.vote).Counted; got != tt.faithful {
				t.Errorf("as published %s counted %v, want %v", tt.vote, got, tt.faithful)
			}
			s, _ = fed(t, tt.fixed, time.Minute, tt.values)
			if got := voted(t, s, tt.vote).Counted; got != tt.corrected {
				t.Errorf("corrected %s counted %v, want %v", tt.vote, got, tt.corrected)
			}
			s, _ = fed(t, SkylineConfig{}.Corrected(), time.Minute, tt.values)
			if got := voted(t, s, tt.vote).Counted; got != tt.corrected {
				t.Errorf("with every defect repaired %s counted %v, want %v", tt.vote, got, tt.corrected)
			}
		})
	}
}

// The counts of the histogram are those of numpy: against the edges.
func TestSkylineHistogramCountsAgainstEdges(t *testing.T) {
	const lo, hi, edge = .1, 7.6, 4.1 // (edge-lo)/width rounds to below 8.
	values := []float64{lo, hi}
	for range 60 {
		values = append(values, edge)
	}
	s, _ := fed(t, SkylineConfig{}, time.Minute, values)
	if v := voted(t, s, "histogram_bins"); v.Fired {
		t.Error("fires on a value that fills its bin: sixty points on its lower edge were counted into the bin below")
	}
}

func TestSkylineBoredom(t *testing.T) {
	stuck := noise(500)
	for range 120 {
		stuck = append(stuck, 170)
	}
	s, r := fed(t, SkylineConfig{}, time.Minute, stuck)
	if r.Score != 0 || r.Verdict != VerdictConstant {
		t.Errorf("as published a stuck series scores %v with verdict %v, want 0 and constant", r.Score, r.Verdict)
	}
	if s, r = fed(t, SkylineConfig{CorrectedBoredom: true}, time.Minute, stuck); r.Score == 0 {
		t.Errorf("corrected, no vote on a stuck series: %v", s.Votes())
	}
}

// The count of refusals, not of votes: with the quiet MAD in, five true votes
// are a consensus of six.
func TestSkylineConsensusCountsRefusals(t *testing.T) {
	values := noise(1000, 150, 150, 150) // Five algorithms fire; MAD does not.
	s, r := fed(t, SkylineConfig{}, time.Minute, values)
	fired := 0
	for _, v := range s.Votes() {
		if v.Fired {
			fired++
		}
	}
	_, fixed := fed(t, SkylineConfig{CorrectedMAD: true}, time.Minute, values)
	if int(r.Score) != fired && int(r.Score) != fired+1 {
		t.Errorf("score %v with %d true votes", r.Score, fired)
	}
	if int(fixed.Score) != fired {
		t.Errorf("corrected score %v with %d true votes", fixed.Score, fired)
	}
	_, quiet := fed(t, SkylineConfig{Consensus: 1}, time.Minute, noise(1000, 100))
	if !quiet.Anomalous {
		t.Error("CONSENSUS=1 must flag a quiet series as published (etsy/skyline#101)")
	}
	_, quiet = fed(t, SkylineConfig{Consensus: 1, CorrectedMAD: true}, time.Minute, noise(1000, 100))
	if quiet.Anomalous {
		t.Error("CONSENSUS=1 flags a quiet series though corrected")
	}
}

// Measured on the original (research on etsy/skyline): a drop to zero out of
// noise is found, a total outage at the peak of a daily wave never is.
func TestSkylineDetectsAndMissesAsMeasured(t *testing.T) {
	_, r := fed(t, SkylineConfig{}, time.Minute, noise(1440, 0))
	if !r.Anomalous {
		t.Error("drop to 0 out of noise is not found after one sample")
	}
	daily := noise(2000)
	for i := range daily {
		daily[i] = daily[i]/20 + 95 + 60*math.Sin(2*math.Pi*float64(i-1600)/1440)
	}
	for i := 1960; i < 2000; i++ {
		daily[i] = 0
	}
	if _, r = fed(t, SkylineConfig{}, time.Minute, daily); r.Anomalous {
		t.Error("an outage at the daily peak is found; the original never does")
	}
}

// At a step of 10 s the probe has 61 points and KS can fire.
func TestSkylineKSFiresAtTenSeconds(t *testing.T) {
	values := noise(1000)
	for i := 950; i < 1000; i++ {
		values[i] += 60
	}
	s, _ := fed(t, SkylineConfig{}, 10*time.Second, values)
	if !voted(t, s, "ks_test").Fired {
		t.Errorf("ks_test did not fire: %v", s.Votes())
	}
}

func TestSkylineJudgesRawCounters(t *testing.T) {
	s := series(t, Config{Profile: ProfileSkyline}, Meta{})
	var r Result
	for i := range 400 {
		r = s.Step(int64(i)*minute, float64(600*i))
	}
	if r.Observed != 600*399 {
		t.Errorf("observed %v, want the raw value", r.Observed)
	}
}

func TestSkylineWindowForgets(t *testing.T) {
	s, _ := fed(t, SkylineConfig{FullDuration: time.Hour}, time.Minute, noise(500))
	if n := s.sky.time.n; n != 61 || len(s.sky.sorted.key) != n || len(s.sky.window()) != n {
		t.Errorf("window holds %d points of an hour of minutes, want 61", n)
	}
}

// A quarter of an hour that falls, and three points back at its mean: as
// published no slope is fitted to so short a time, and the mean is as usual.
func TestSkylineSlope(t *testing.T) {
	var values []float64
	for i := range 97 {
		values = append(values, 3000-20*float64(i)+float64(i*i%7))
	}
	values = append(values, 2040, 2040, 2040)
	for _, corrected := range []bool{false, true} {
		s, _ := fed(t, SkylineConfig{CorrectedSlope: corrected}, 10*time.Second, values)
		if got := voted(t, s, "least_squares").Fired; got != corrected {
			t.Errorf("corrected %v: fired %v", corrected, got)
		}
	}
}

// Corrected repairs every defect there is a flag for.
func TestCorrectedSetsEveryFlag(t *testing.T) {
	c := reflect.ValueOf(SkylineConfig{Consensus: 4}.Corrected())
	flags := 0
	for i := range c.NumField() {
		if name := c.Type().Field(i).Name; strings.HasPrefix(name, "Corrected") {
			flags++
			if !c.Field(i).Bool() {
				t.Errorf("%s is not set", name)
			}
		}
	}
	if flags != 9 || c.FieldByName("Consensus").Int() != 4 || c.FieldByName("SecondOrder").Bool() {
		t.Errorf("%d flags in %+v: want nine set and no other setting changed", flags, c)
	}
}

// A dead metric: as published it is forgotten without a word, and if it was
// anomalous it is so no more; corrected, its silence is told.
func TestSkylineStale(t *testing.T) {
	const last = 1_700_000_000_000 + 1002*minute
	for _, corrected := range []bool{false, true} {
		s, r := fed(t, SkylineConfig{CorrectedStale: corrected}, time.Minute, noise(1000, 200, 200, 200))
		if !r.Anomalous {
			t.Fatal("the anomaly was not seen, so the test shows nothing")
		}
		if r = s.Tick(last + 400_000); !corrected && r.Verdict != VerdictAnomalous {
			t.Errorf("after 400 s: verdict %v", r.Verdict)
		}
		r = s.Tick(last + 40*minute)
		if !corrected && (r.Transition != TransitionClosed || r.Verdict != VerdictNoData || r.Alarm != 0) {
			t.Errorf("as published a stale series gives %+v, want closed without an alarm", r)
		}
		if !corrected && !strings.Contains(s.Explain().String(), "no sample for the stale period") {
			t.Errorf("no word about it:\n%s", s.Explain())
		}
		if corrected && (r.Kind != KindNoData || r.Alarm == 0) {
			t.Errorf("corrected, a stale series gives %+v, want an alarm", r)
		}
		back, err := Restore(Config{Profile: ProfileSkyline, Skyline: SkylineConfig{CorrectedStale: corrected}}, Meta{Kind: MetricGauge}, s.AppendState(nil))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s.Explain(), back.Explain()); d != "" {
			t.Errorf("restored while stale:\n%s", d)
		}
		if r = s.Step(last+41*minute, 100); r.Verdict == VerdictNoData {
			t.Error("judged stale with a new sample")
		}
	}
}

func TestSkylineTooShort(t *testing.T) {
	values := noise(30, 500, 500, 500)
	if _, r := fed(t, SkylineConfig{}, time.Minute, values); r.Score == 0 {
		t.Error("as published a series of 33 points is judged")
	}
	s, r := fed(t, SkylineConfig{MinLength: 100}, time.Minute, values)
	if r.Score != 0 || r.Verdict != VerdictNotEnoughData || !strings.Contains(s.Explain().String(), "minimum length") {
		t.Errorf("below the minimum length: score %v, verdict %v\n%s", r.Score, r.Verdict, s.Explain())
	}
}

// BOREDOM_SET_SIZE is compared for equality: with 2, a series that swings
// between two values is skipped, and a stuck one is not.
func TestSkylineBoredomSet(t *testing.T) {
	swing := noise(500)
	for i := range 120 {
		swing = append(swing, 170+10*float64(i%2))
	}
	stuck := append(noise(500), slices.Repeat([]float64{170}, 120)...)
	for _, tt := range []struct {
		set    int
		values []float64
		want   Verdict
	}{{1, swing, VerdictAnomalous}, {2, swing, VerdictConstant}, {1, stuck, VerdictConstant}, {2, stuck, VerdictAnomalous}} {
		_, r := fed(t, SkylineConfig{BoredomSet: tt.set, Consensus: 1}, time.Minute, tt.values)
		if r.Verdict != tt.want {
			t.Errorf("set of %d: verdict %v, want %v", tt.set, r.Verdict, tt.want)
		}
	}
}

// A day of minutes takes less than 24 KiB, and a step allocates nothing once
// the window is full.
func TestSkylineCost(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := series(t, Config{Profile: ProfileSkyline}, Meta{Kind: MetricGauge})
	i := 0
	step := func() {
		i++
		s.Step(int64(i)*minute, 100+10*r.NormFloat64())
	}
	for range 4000 {
		step()
	}
	k := s.sky
	size := int(reflect.TypeFor[Series]().Size()+reflect.TypeFor[skyline]().Size()) + 8*cap(k.v) + 4*cap(k.sorted.key) + 4*cap(k.time.off)
	if k.time.n != 1441 || size > 24<<10 {
		t.Errorf("%d points take %d bytes, want 1441 in 24 KiB", k.time.n, size)
	}
	if n := testing.AllocsPerRun(2000, step); n > 0 {
		t.Errorf("%v allocations a step", n)
	}
}

// A month of minutes, and a step so fine that the window is full before the
// day is over: it works, keeps to its bound, and says what it dropped.
func TestSkylineHugeWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, tt := range []struct {
		cfg     SkylineConfig
		step    int64
		n, want int
	}{
		{SkylineConfig{FullDuration: 31 * 24 * time.Hour}, minute, 46_000, 44_641},
		{SkylineConfig{}, 500, 101_000, skylineMax},
	} {
		s := series(t, Config{Profile: ProfileSkyline, Skyline: tt.cfg}, Meta{Kind: MetricGauge})
		k := s.sky
		for i := range tt.n {
			k.push(1.7e12+int64(i)*tt.step, math.Sin(float64(i)/700)+r.NormFloat64())
		}
		for i := range 3 {
			s.Step(1.7e12+int64(tt.n+i)*tt.step, 9*float64(i))
			if d := cmp.Diff(batch(k), k.votes, cmp.AllowUnexported(vote{})); d != "" {
				t.Errorf("%d points: votes of the whole window and of the stream:\n%s", k.time.n, d)
			}
		}
		if k.time.n != tt.want {
			t.Errorf("window holds %d points, want %d", k.time.n, tt.want)
		}
		if full := tt.want == skylineMax; strings.Contains(s.Explain().String(), "dropped early") != full {
			t.Errorf("window full: %v, but the explanation is\n%s", full, s.Explain())
		}
	}
}

// One moment asked for is what a running series says of it.
func TestSkylineVotesOfAMoment(t *testing.T) {
	values := noise(1500, 160, 160, 160)
	s, r := fed(t, SkylineConfig{}, time.Minute, values)
	var samples []metric.Sample
	for i, v := range values {
		samples = append(samples, metric.Sample{T: 1_700_000_000_000 + int64(i)*minute, V: v},
			metric.Sample{T: 1_700_000_000_000 + int64(i)*minute, V: 7}, metric.Sample{T: 1_700_000_000_001 + int64(i)*minute, V: math.NaN()})
	}
	votes, _, err := SkylineVotes(SkylineConfig{}, samples)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s.Votes(), votes); d != "" || r.Score == 0 {
		t.Errorf("score %v; running and asked for:\n%s", r.Score, d)
	}
	if _, verdict, err := SkylineVotes(SkylineConfig{}, nil); verdict != VerdictNotEnoughData || err != nil {
		t.Errorf("no samples: verdict %v, error %v", verdict, err)
	}
	if _, _, err := SkylineVotes(SkylineConfig{Consensus: 10, Boredom: 1, MinLength: -1}, nil); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three wrong settings give %v", err)
	}
}
