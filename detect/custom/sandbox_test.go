package custom

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// Each of these tries to use more than its share. It is either refused when it
// is read, stopped when it runs, or harmless: never slow, never large.
var bombs = []struct{ name, expr, state string }{
	{"text doubled", `["aaaaaaaa"]` + strings.Repeat(`.map(a, a + a)`, 40) + `.exists(a, a == "b") ? 1 : 0`, ""},
	{"text doubled in a state", `1`, `{initial: "a", next: 'state.s + state.s'}`},
	{"text grown in a state", `1`, `{initial: "a", next: 'state.s + "0123456789012345678901234567890123456789"'}`},
	{"list doubled", `sum(([window]` + strings.Repeat(`.map(a, [a, a])`, 3) + `)[0][0][0])`, ""},
	{"list concatenated", `sum([1].map(a, a) + window + window)`, ""},
	{"list grown in a state", `1`, `{initial: [1], next: 'window.map(x, x + 1)'}`},
	{"walks nested three deep", `window.exists(a, window.exists(b, window.exists(c, a + b + c < -1))) ? 1 : 0`, ""},
	{"walks of nothing nested", `window.all(a, window.all(b, window.all(c, true))) ? 1 : 0`, ""},
	{"walks with a constant body", `sum(window.map(a, sum(window.map(b, 1))))`, ""},
	{"sorts nested", `sum(window.map(a, quantile(window, 0.5) + mad(window)))`, ""},
	{"sorts of equality", `size(window.filter(a, window == window.map(b, b)))`, ""},
	{"membership nested", `sum(window.filter(a, a in window.map(b, b + 1)))`, ""},
	{"a pattern that backtracks elsewhere", `labels.long.matches("^(a+)+$") || labels.long.matches("(a|aa)*b") ? 1 : 0`, ""},
	{"a pattern with a large program", `labels.long.matches("((a{1,90}){1,10}){1,1}b") ? 1 : 0`, ""},
	{"a pattern per element", `window.exists(x, labels.long.matches("^(a|b|ab)*c$")) ? 1 : 0`, ""},
	{"texts compared per element", `window.exists(x, labels.long == labels.long + "b") ? 1 : 0`, ""},
	{"texts joined per element", `window.map(x, labels.long + labels.long + labels.long).exists(s, s == "") ? 1 : 0`, ""},
	{"maps", `{"a": 1, "b": 2}["a"]`, ""},
	{"parentheses", strings.Repeat("(", 900) + "1" + strings.Repeat(")", 900), ""},
	{"a long sum", "1" + strings.Repeat(" + 1", 480), ""},
	{"minus signs", strings.Repeat("-", 1500) + "1", ""},
	{"ternaries nested", strings.Repeat("value > 1 ? ", 120) + "1" + strings.Repeat(" : 2", 120), ""},
	{"a literal as long as may be", "sum([" + strings.Repeat("1,", 900) + "1])", ""},
	{"literals built per element", "sum(window.map(x, sum([" + strings.Repeat("x,", 100) + "x])))", ""},
	{"macros in macros", strings.Repeat("window.exists_one(a, ", 8) + "a > 1" + strings.Repeat(")", 8) + " ? 1 : 0", ""},
	{"labels walked", `labels.exists(a, labels.exists(b, labels.exists(c, a + b + c == ""))) ? 1 : 0`, ""},
	{"numbers out of range", `pow(10, 400) - pow(10, 400)`, ""},
	{"an element that is not there", `window[1e18]`, ""},
}

func TestBombs(t *testing.T) {
	ls := labels.FromStrings("__name__", "m", "long", strings.Repeat("a", 2048))
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			src := fmt.Sprintf("name: bomb\nmatch: m\nwindow: 512\nscore: |\n  %s\n", b.expr)
			if b.state != "" {
				src += "state:\n  s: " + b.state + "\n"
			}
			var fate string
			slowest, largest := measure(t, src, ls, &fate)
			t.Logf("%-40s %8v %7d KB  %s", b.name, slowest.Round(time.Microsecond), largest>>10, fate)
			if largest > 8<<20 {
				t.Errorf("a sample allocated %d KB", largest>>10)
			}
			if slowest > 500*time.Millisecond { // Some 20 ms where nothing else runs; the bound of an unbounded thing is minutes.
				t.Errorf("a sample took %v", slowest)
			}
		})
	}
}

// measure compiles and runs a detector until it is stopped or its window is
// full, and returns the slowest step and the largest sum of allocations of one,
// compiling included.
func measure(t *testing.T, src string, ls labels.Labels, fate *string) (slowest time.Duration, largest uint64) {
	t.Helper()
	step := func(f func()) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		f()
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		slowest, largest = max(slowest, took), max(largest, after.TotalAlloc-before.TotalAlloc)
	}
	var ds []*Detector
	var err error
	if _, err = Parse("warm", []byte("name: warm\nmatch: m\nscore: value\n")); err != nil { // The parser builds its tables once.
		t.Fatal(err)
	}
	step(func() { ds, err = Parse("bomb.yaml", []byte(src)) })
	if err != nil {
		*fate = "refused: " + strings.Split(err.Error(), "\n")[1]
		return
	}
	s, err := ds[0].NewSeries(detect.Config{}, detect.Meta{Kind: detect.MetricGauge}, ls)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		if i%100 < 3 || i > 597 {
			step(func() { s.Step(int64(i)*1000, float64(i%10), nil) })
		} else {
			s.Step(int64(i)*1000, float64(i%10), nil)
		}
		if s.Stopped() != "" {
			*fate = "stopped: " + s.Stopped()
			return
		}
	}
	*fate = fmt.Sprintf("ran: %+v", s.Counts())
	return
}
