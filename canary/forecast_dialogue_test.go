package canary

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// Dialogues about a canary to come: a request whose history is the past, the
// whole answer. The shorthand for series is that of TestDialogues.
func TestForecastDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata/forecast", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			req, err := ParseRequest([]byte(expandSeries(d.Input)))
			if err != nil {
				return err.Error() + "\n"
			}
			s := Schedule{Longest: spanArg(t, d, "longest"), LookEvery: spanArg(t, d, "every")}
			var doc interface{ Text() string }
			switch d.Cmd {
			case "plan":
				var power float64
				d.MaybeScanArgs(t, "power", &power)
				doc, err = Foresee(req, ForesightOptions{Schedule: s, Power: power})
			case "calibrate":
				var runs int
				d.MaybeScanArgs(t, "runs", &runs)
				doc, err = Calibrate(req, CalibrateOptions{Schedule: s, Runs: runs, History: spanArg(t, d, "history")})
			default:
				return "unknown command " + d.Cmd
			}
			if err != nil {
				return err.Error() + "\n"
			}
			if d.HasArg("json") {
				out, err := json.MarshalIndent(doc, "", "  ")
				if err != nil {
					return err.Error() + "\n"
				}
				return string(out) + "\n"
			}
			return doc.Text()
		})
	})
}

func spanArg(t *testing.T, d *datadriven.TestData, name string) time.Duration {
	var text string
	if d.MaybeScanArgs(t, name, &text); text == "" {
		return 0
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return span
}
