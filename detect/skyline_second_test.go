package detect

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// What Etsy's own is_anomalously_anomalous let pass (testdata, made by
// bench/detection/etsy/second_order.py).
func TestSecondOrderAsEtsy(t *testing.T) {
	b, err := os.ReadFile("testdata/skyline_second_order.etsy")
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for line := range strings.Lines(string(b)) {
		in, want, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok {
			continue
		}
		var s secondOrder
		for i, pair := range strings.Fields(in) {
			at, value, _ := strings.Cut(pair, ":")
			sec, err1 := strconv.ParseInt(at, 10, 64)
			v, err2 := strconv.ParseFloat(value, 64)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			got := s.judge(1000*sec, v)
			if got != (want[i] == '1') {
				t.Errorf("anomaly %d of %q: passed %v", i, in, got)
			}
			if got && i > 0 {
				passed++
			}
		}
	}
	if passed < 30 {
		t.Errorf("only %d anomalies after the first passed", passed)
	}
}

// With the filter on, an anomaly that comes as regularly as ever is counted but
// not told; the explanation says so.
func TestSecondOrderHoldsBack(t *testing.T) {
	opened := func(on bool) (n int) {
		s := series(t, Config{Profile: ProfileSkyline, Skyline: SkylineConfig{SecondOrder: on, CorrectedMAD: true}}, Meta{Kind: MetricGauge})
		v := noise(3000)
		for i := range v {
			if i > 500 && i%60 == 0 {
				v[i], v[i-1], v[i-2] = 300+float64(i%7), 300, 300
			}
			if s.Step(int64(i)*minute, v[i]).Transition == TransitionOpened {
				n++
			}
			if x := s.Explain(); i > 500 && i%60 == 0 && on && x.Score >= 6 && x.Verdict != VerdictAnomalous &&
				!strings.Contains(x.String(), "held back") {
				t.Fatalf("held back without saying so:\n%s", x)
			}
		}
		return n
	}
	if off, on := opened(false), opened(true); on < 1 || on > off/3 {
		t.Errorf("%d anomalies opened without the filter, %d with it", off, on)
	}
}
