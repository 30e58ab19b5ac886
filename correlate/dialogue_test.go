package correlate

// The text of searches, as dialogues in testdata/search.

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"
)

// TestSearchDialogues: `fleet n=` builds the fleet of search_test.go; `search`
// takes mode, sign, k, q, budget, target (an index into the fleet), from, to in
// points, and prints the trace.
func TestSearchDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata/search", func(t *testing.T, path string) {
		var cs []Candidate
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "fleet":
				n := 0
				d.ScanArgs(t, "n", &n)
				_, cs = fleet(n)
				return strconv.Itoa(len(cs)) + " series"
			case "quiet":
				for i := range cs[1:3] {
					clear(cs[i+1].Window.V)
				}
				return ""
			case "search":
				var o Options
				var mode, sign string
				target, from, to, budget, q := 0, 0, 0, 0, ""
				d.MaybeScanArgs(t, "mode", &mode)
				d.MaybeScanArgs(t, "sign", &sign)
				d.MaybeScanArgs(t, "k", &o.K)
				d.MaybeScanArgs(t, "q", &q)
				d.MaybeScanArgs(t, "target", &target)
				d.MaybeScanArgs(t, "from", &from)
				d.MaybeScanArgs(t, "to", &to)
				d.MaybeScanArgs(t, "budget", &budget)
				o.Mode = map[string]Mode{"": Exact, "fast": Fast, "lag": Lag, "change": Change}[mode]
				o.Sign = map[string]Sign{"": Both, "same": Same, "opposite": Opposite}[sign]
				o.Budget = int64(budget)
				o.MaxQ, _ = strconv.ParseFloat(q, 64)
				if to > 0 {
					o.From, o.To = testStart+int64(from)*testStep, testStart+int64(to)*testStep
				}
				res, err := SearchWindows(cs[target], cs, o)
				if err != nil {
					return err.Error()
				}
				return res.Trace.String()
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func TestTraceText(t *testing.T) {
	var tr Trace
	tr.add("search", "one", "two")
	tr.add("verdict", VerdictNoData)
	if d := cmp.Diff(strings.Join([]string{"search", "  one", "  two", "verdict", "  NO_DATA", ""}, "\n"), tr.String()); d != "" {
		t.Error(d)
	}
}
