package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// Making the samples comparable: what cannot be read is set aside and counted,
// both sides are paired instant by instant where they can be, and everything is
// scaled by a power of two to about 1, which changes no digit and makes the
// verdict the same in seconds and in nanoseconds.

// sides are one metric's readable samples, scaled by 2^-exp.
type sides struct {
	exp    int       // Values below are the input times 2^-exp.
	x, y   []float64 // Finite samples of canary and baseline.
	d      []float64 // Paired differences canary - baseline; nil when unpaired.
	px, py []float64 // The samples of d.
	length int       // Samples the window should hold.
	hx, hy []float64 // History, both sides finite at the same instants.
	hd     []float64 // History differences.

	sameInstances  bool // The history is of the instances compared.
	instancesKnown bool // How much instances differ is measured by the shards (instances.go).

	unread   int      // Infinite samples, or negative counts.
	warning  string   // What is odd about the samples; see warn.
	blockers []string // Why these data cannot PASS.
}

// MinPairs is the number of instants below which nothing is judged.
const MinPairs = 5

// gather reads one metric.
func gather(m *Metric) sides {
	s := sides{length: max(len(m.Baseline), len(m.Canary))}
	s.exp = exponent(m)
	keep := func(v float64) (float64, bool) {
		if math.IsNaN(v) {
			return 0, false
		}
		if math.IsInf(v, 0) || m.Kind == Count && v < 0 {
			s.unread++
			return 0, false
		}
		return math.Ldexp(v, -s.exp), true
	}
	paired := len(m.Baseline) == len(m.Canary)
	whole := paired && complete(m.Baseline) && complete(m.Canary)
	room := make([]float64, 3*s.length)
	s.x, s.y, s.d = room[:0:s.length], room[s.length:s.length:2*s.length], room[2*s.length:2*s.length]
	for i := range s.length {
		var a, b float64
		var okA, okB bool
		if i < len(m.Canary) {
			a, okA = keep(m.Canary[i])
		}
		if i < len(m.Baseline) {
			b, okB = keep(m.Baseline[i])
		}
		if okA {
			s.x = append(s.x, a)
		}
		if okB {
			s.y = append(s.y, b)
		}
		if paired && okA && okB {
			s.d = append(s.d, a-b)
			if !whole {
				s.px, s.py = append(s.px, a), append(s.py, b)
			}
		}
	}
	if len(s.d) == len(s.x) && len(s.d) == len(s.y) {
		s.px, s.py = s.x, s.y
	}
	if 2*len(s.d) < min(len(s.x), len(s.y)) {
		s.d = nil // Most instants have only one side: compare unpaired.
	}
	s.history(m)
	s.missing(m)
	s.identical(m)
	return s
}

// complete reports whether no sample is missing.
func complete(v []float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// warn adds something odd about the samples.
func (s *sides) warn(what string) {
	if s.warning != "" {
		s.warning += "; "
	}
	s.warning += what
}

// history keeps the instants of history where both sides are readable.
func (s *sides) history(m *Metric) {
	if m.History == nil {
		return
	}
	s.sameInstances = m.History.SameInstances
	if a, b := len(m.History.Baseline), len(m.History.Canary); a != b {
		s.warning = fmt.Sprintf("its history is ignored: %d baseline and %d canary samples do not line up", a, b)
		return
	}
	n := len(m.History.Baseline)
	room := make([]float64, 3*n)
	s.hx, s.hy, s.hd = room[:0:n], room[n:n:2*n], room[2*n:2*n]
	down := math.Ldexp(1, -s.exp)
	if math.IsInf(down, 0) || down == 0 || down < 0x1p-1022 {
		down = 0
	}
	scaled := func(v float64) float64 {
		if down == 0 {
			return math.Ldexp(v, -s.exp)
		}
		return v * down
	}
	for i, b := range m.History.Baseline {
		a := m.History.Canary[i]
		if math.IsNaN(a-b) || math.IsInf(a, 0) || math.IsInf(b, 0) || m.Kind == Count && (a < 0 || b < 0) {
			continue
		}
		a, b = scaled(a), scaled(b)
		s.hx, s.hy, s.hd = append(s.hx, a), append(s.hy, b), append(s.hd, a-b)
	}
}

// missing notes every reason for which absent data forbid a PASS: a canary that
// stops reporting must never look equivalent.
func (s *sides) missing(m *Metric) {
	block := func(format string, args ...any) { s.blockers = append(s.blockers, fmt.Sprintf(format, args...)) }
	s.blockers = append(s.blockers, m.Doubts...)
	if s.unread > 0 {
		block("%d samples cannot be read (infinite, or negative counts)", s.unread)
	}
	if s.length == 0 {
		return
	}
	if d := len(m.Baseline) - len(m.Canary); d != 0 {
		block("the sides differ in length, %d baseline and %d canary samples", len(m.Baseline), len(m.Canary))
	}
	for _, side := range []struct {
		name   string
		values []float64
		have   int
	}{{"baseline", m.Baseline, len(s.y)}, {"canary", m.Canary, len(s.x)}} {
		if gone := 1 - float64(side.have)/float64(s.length); gone > 0.1 {
			block("%.0f %% of the %s's samples are missing", 100*gone, side.name)
		} else if run := longestGap(side.values); run > max(2, s.length/20) {
			block("the %s has a gap of %d samples", side.name, run)
		}
	}
}

// minMoves is how many times two series must move, always by the same, before
// they are taken for one.
const minMoves = 3

// identical notes that both sides are the same series, as when both queries
// select the same instances: that would pass anything.
func (s *sides) identical(m *Metric) {
	if len(m.Baseline) != len(m.Canary) || len(s.d) < MinPairs {
		return
	}
	moves := 0
	for i, v := range m.Canary {
		if v != m.Baseline[i] && !(math.IsNaN(v) && math.IsNaN(m.Baseline[i])) {
			return
		}
		if i > 0 && v != m.Canary[i-1] {
			moves++
		}
	}
	if moves >= minMoves {
		s.blockers = append(s.blockers, "both sides are the same series: check that their queries select different instances")
	}
}

func longestGap(v []float64) int {
	best, run := 0, 0
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			run++
			best = max(best, run)
		} else {
			run = 0
		}
	}
	return best
}

// exponent is the power of two of the metric's largest finite magnitude.
func exponent(m *Metric) int {
	top := 0.0
	scan := func(v []float64) {
		for _, x := range v {
			if a := math.Abs(x); a > top && !math.IsInf(x, 0) {
				top = a
			}
		}
	}
	scan(m.Baseline)
	scan(m.Canary)
	if m.History != nil {
		scan(m.History.Baseline)
		scan(m.History.Canary)
	}
	if top == 0 {
		return 0
	}
	_, e := math.Frexp(top)
	return e
}

// effectUnit is the spread default margins are stated in: the smaller of the
// two sides' standard deviations, over history where there is one, so that
// swapping the sides changes nothing and a noisy canary does not widen its own
// margin. Where one side never moves it is the other's.
func (s *sides) effectUnit() float64 {
	a, b := s.x, s.y
	if len(s.hd) >= 2*MinPairs {
		a, b = s.hx, s.hy
	}
	sa, sb := math.Sqrt(stat.Variance(a)), math.Sqrt(stat.Variance(b))
	if sa == 0 || sb == 0 {
		return max(sa, sb)
	}
	return min(sa, sb)
}
