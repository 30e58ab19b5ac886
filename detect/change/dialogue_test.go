package change

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// The dialogues of testdata/*.txt. "new" makes a stream; "push" hands it
// stretches COUNTxLEVEL of a ripple of standard deviation 1 around a level and
// prints each change told, then the state. After a change on purpose, rerun
// with -rewrite and read the diff.
func TestDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata/dialogue", func(t *testing.T, path string) {
		var s *Stream
		pushed := 0
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "new":
				c := StreamConfig{Detector: Detector{MinConfidence: 0.999, Compatible: d.HasArg("compatible")}}
				d.ScanArgs(t, "window", &c.WindowSize)
				d.ScanArgs(t, "min", &c.MinSampleSize)
				d.ScanArgs(t, "block", &c.BlockSize)
				s, pushed = NewStreamConfig(c), 0
				return ""
			case "push":
				var out strings.Builder
				for _, a := range d.CmdArgs {
					count, level, ok := strings.Cut(a.Key, "x")
					n, errN := strconv.Atoi(count)
					l, errL := strconv.ParseFloat(level, 64)
					if !ok || errN != nil || errL != nil {
						d.Fatalf(t, "cannot read stretch %q: want COUNTxLEVEL", a.Key)
					}
					for range n {
						x := l + math.Sin(float64(pushed*pushed)) + math.Cos(float64(7*pushed))
						pushed++
						if cp := s.Push(x); cp != nil {
							fmt.Fprintf(&out, "after %d: change at %d, by %.1f, %d before and %d after\n",
								pushed, cp.Position, cp.Difference, cp.Before.Len(), cp.After.Len())
						}
					}
				}
				fmt.Fprintf(&out, "window %d, used %d, skipped %d\n", len(s.Window()), s.used, s.Skipped())
				return out.String()
			}
			d.Fatalf(t, "unknown command %q", d.Cmd)
			return ""
		})
	})
}
