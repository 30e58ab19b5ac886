package offline

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/detect"
)

// drawn bounds how many anomalies the text output draws and explains; the
// others get a line each.
const drawn = 20

// textSink is the output for people: every anomaly with its picture and its
// trace, then a line for each series.
type textSink struct {
	w     *bufio.Writer
	found []foundAnomaly
	strip map[int]*strip // The picture of an anomaly, by its place in found.
	color bool
}

func newTextSink(w *bufio.Writer, o DetectOptions) *textSink {
	return &textSink{w: w, strip: map[int]*strip{}, color: o.Color}
}

// sample implements detectSink.
func (s *textSink) sample(row *Row, c *Cell, tr *track, r detect.Result, judged bool) error {
	if !judged {
		return nil
	}
	if tr.plot == nil {
		tr.plot = &strip{}
	}
	tr.plot.add(row.T, r, hasExpectation(r))
	return nil
}

// anomaly implements detectSink.
func (s *textSink) anomaly(tr *track, a detect.Anomaly) error {
	if tr.plot != nil && len(s.strip) < 4*drawn {
		s.strip[len(s.found)] = tr.plot.cut()
	}
	s.found = append(s.found, foundAnomaly{tr, cloneAnomaly(a)})
	return nil
}

// explains implements detectSink.
func (s *textSink) explains() bool { return true }

// finish implements detectSink.
func (s *textSink) finish(tracks []*track) error {
	order := make([]int, len(s.found))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareFound(s.found[a], s.found[b]) })
	for n, i := range order {
		f := s.found[i]
		fmt.Fprintln(s.w, f.headline())
		if n >= drawn {
			continue
		}
		if p := s.strip[i]; p != nil {
			fmt.Fprint(s.w, p.draw(s.color))
		}
		fmt.Fprintf(s.w, "%s\n\n", indent(f.Trace.String()))
	}
	if len(s.found) > drawn {
		fmt.Fprintf(s.w, "\nThe first %d of %d anomalies are explained; -o json explains all, --budget lowers their number.\n", drawn, len(s.found))
	}
	s.summary(tracks)
	return nil
}

// headline says the anomaly in one line.
func (f foundAnomaly) headline() string {
	end := "to " + FormatTime(f.End)
	switch {
	case f.Open:
		end = "and open still at " + FormatTime(f.End)
	case f.Adapted:
		end += " (the new level was accepted)"
	}
	return fmt.Sprintf("%s  %s %s, from %s %s, score %.1f: %.6g where %.6g was expected",
		f.tr.series.Name, f.Kind, f.Direction, FormatTime(f.Start), end, f.Peak, f.Observed, f.Expected)
}

// summary lists the series that have something to say, and counts the rest.
func (s *textSink) summary(tracks []*track) {
	perSeries := map[*track]int{}
	for _, f := range s.found {
		perSeries[f.tr]++
	}
	var samples int64
	verdicts := map[string]int{}
	for _, tr := range tracks {
		samples += tr.samples
		verdicts[tr.last.Verdict.String()]++
	}
	fmt.Fprintf(s.w, "%s, %s, %s.\n", plural(len(tracks), "series", "series"), plural(int(samples), "sample", "samples"), plural(len(s.found), "anomaly", "anomalies"))
	if len(tracks) == 0 {
		fmt.Fprintln(s.w, "Nothing was judged: the input holds no samples.")
		return
	}
	var parts []string
	for _, v := range []detect.Verdict{detect.VerdictHealthy, detect.VerdictAnomalous, detect.VerdictNotEnoughData, detect.VerdictConstant, detect.VerdictNoData, detect.VerdictUnusable, detect.VerdictStopped} {
		if n := verdicts[v.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	fmt.Fprintf(s.w, "At the end of the input: %s.\n", strings.Join(parts, ", "))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

func compareFound(a, b foundAnomaly) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.tr.series.ID, b.tr.series.ID))
}

func sortFound(found []foundAnomaly) { slices.SortStableFunc(found, compareFound) }

// cloneAnomaly copies what the detector may use again.
func cloneAnomaly(a detect.Anomaly) detect.Anomaly {
	a.Members = slices.Clone(a.Members)
	a.Trace.Members = slices.Clone(a.Trace.Members)
	a.Trace.Notes = slices.Clone(a.Trace.Notes)
	return a
}
