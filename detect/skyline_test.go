package detect

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// fed returns a skyline series fed with the values at the given step, and its
// last result.
func fed(t *testing.T, c SkylineConfig, step time.Duration, values []float64) (*Series, Result) {
	t.Helper()
	s := series(t, Config{Profile: ProfileSkyline, Skyline: c}, Meta{Kind: MetricGauge})
	var r Result
	for i, v := range values {
		r = s.Step(int64(i)*step.Milliseconds(), v)
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

func BenchmarkSkylineStep(b *testing.B) {
	s := series(b, Config{Profile: ProfileSkyline}, Meta{Kind: MetricGauge})
	values := noise(4096)
	for i := range 1440 {
		s.Step(int64(i)*minute, values[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Step(int64(1440+i)*minute, values[i&4095])
	}
}
