package canary

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// Dialogues: a request, the whole verdict with its trace. In the request,
// ar(seed,n,mean,sd,phi) stands for n samples of a dependent series, poisson
// (seed,n,rate) for counts, const(n,v) for a constant. Run with -rewrite to
// renew the answers, read the difference, and commit only what you understand.
func TestDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata/dialogue", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			input := expandSeries(d.Input)
			switch d.Cmd {
			case "parse":
				if _, err := ParseRequest([]byte(input)); err != nil {
					return err.Error() + "\n"
				}
				return "ok\n"
			case "judge":
				req, err := ParseRequest([]byte(input))
				if err != nil {
					return err.Error() + "\n"
				}
				name := "native"
				d.MaybeScanArgs(t, "by", &name)
				v, err := JudgeNamed(name, req)
				if err != nil {
					return err.Error() + "\n"
				}
				if d.HasArg("json") {
					out, err := json.Marshal(v)
					if err != nil {
						return err.Error() + "\n"
					}
					return string(out) + "\n"
				}
				return v.Text() + fmt.Sprintf("\nexit %d\n", v.ExitCode())
			}
			return "unknown command " + d.Cmd
		})
	})
}

var seriesCall = regexp.MustCompile(`(ar|poisson|const)\(([^)]*)\)`)

// expandSeries replaces the shorthand by JSON arrays.
func expandSeries(s string) string {
	return seriesCall.ReplaceAllStringFunc(s, func(call string) string {
		m := seriesCall.FindStringSubmatch(call)
		var a []float64
		for _, f := range strings.Split(m[2], ",") {
			v, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
			if err != nil {
				return call
			}
			a = append(a, v)
		}
		var out []string
		add := func(v float64) { out = append(out, strconv.FormatFloat(v, 'g', 8, 64)) }
		rng := rand.New(rand.NewPCG(uint64(a[0]), 7))
		switch m[1] {
		case "const":
			for range int(a[0]) {
				add(a[1])
			}
		case "poisson":
			for range int(a[1]) {
				n := -1.0
				for at := 0.0; at < a[2]; n++ {
					at += rng.ExpFloat64()
				}
				add(math.Max(0, n))
			}
		case "ar":
			at := rng.NormFloat64()
			for range int(a[1]) {
				at = a[4]*at + math.Sqrt(1-a[4]*a[4])*rng.NormFloat64()
				add(a[2] + a[3]*at)
			}
		}
		return "[" + strings.Join(out, ",") + "]"
	})
}
