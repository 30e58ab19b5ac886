package correlate

// The text of a search: what was asked, what happened to every candidate, what
// chance gives, each match with its reason, and what would change the answer.

import (
	"fmt"
	"strconv"
	"time"
)

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }

func shortCount(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

func short3(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// whyMatch is the one-sentence reason of a match.
func whyMatch(m Match) string {
	way := "moves with the target"
	if m.Sign < 0 {
		way = "moves against the target"
	}
	when := "at the same time"
	switch {
	case m.LagSeconds > 0:
		when = short3(m.LagSeconds) + " s later"
	case m.LagSeconds < 0:
		when = short3(-m.LagSeconds) + " s earlier"
	}
	text := fmt.Sprintf("%s, %s, similarity %.3f", way, when, m.Similarity)
	if m.First {
		text += ", and began before it"
	}
	return text
}

func (t *task) explain(res *Result) {
	tr := &res.Trace
	o := t.opts
	tr.add("search", t.asked(res)...)
	st := res.Stats
	tr.add("candidates",
		fmt.Sprintf("%d offered: %d searched, %d flat, %d sparse, %d without points on the grid", st.Candidates, st.Searched, st.Flat, st.Sparse, st.Short),
		fmt.Sprintf("excluded by ends %d, segment means %d, envelope %d, integer DTW %d; compared %d; unreached %d; %d cells",
			st.KimPruned, st.PAAPruned, st.KeoghPruned, st.IntPruned, st.Compared, st.Unreached, st.Work))
	if len(res.Excluded) > 0 {
		var lines []string
		for _, e := range res.Excluded {
			lines = append(lines, e.Reason+": "+e.Series)
		}
		tr.add("without a shape", lines...)
	}
	if o.Mode != Change {
		tr.add("chance", chanceLine(res.Null))
	}
	var lines []string
	for i, m := range res.Matches {
		lines = append(lines, fmt.Sprintf("%d. %s [group %d]", i+1, m.Series, m.Group), "   "+m.Why+"; "+odds(m))
	}
	if len(lines) > 0 {
		tr.add("matches", lines...)
	}
	lines = nil
	for _, g := range res.Groups {
		if len(g.Series) > 1 {
			lines = append(lines, fmt.Sprintf("%d. %d series: %s", g.ID, len(g.Series), g.Reason))
		}
	}
	if len(lines) > 0 {
		tr.add("groups", lines...)
	}
	lines = nil
	for i, m := range res.Near {
		if i == 5 {
			lines = append(lines, fmt.Sprintf("and %d more", len(res.Near)-i))
			break
		}
		lines = append(lines, m.Series+": "+m.Why+"; "+odds(m))
	}
	if len(lines) > 0 {
		tr.add("nearest that did not pass", lines...)
	}
	tr.add("verdict", t.concluded(res)...)
}

func odds(m Match) string {
	return fmt.Sprintf("by chance %s, q %s", chanceOf(m.P), short3(m.Q))
}

func (t *task) asked(res *Result) []string {
	o := t.opts
	lines := []string{fmt.Sprintf("window %s to %s, %d points of %s s", clock(res.From), clock(res.To), t.n, short3(float64(t.step)/1000))}
	if o.Mode == Change {
		return append(lines, fmt.Sprintf("mode change against the %d points before it, sign %s, k %d, q <= %s", baselineWindows*t.n, o.Sign, o.K, short3(o.MaxQ)))
	}
	return append([]string{"target " + res.Target}, append(lines,
		fmt.Sprintf("mode %s, sign %s, band +-%d points, lag +-%d points, k %d, q <= %s", o.Mode, o.Sign, t.r, t.lag, o.K, short3(o.MaxQ)))...)
}

func chanceLine(n Null) string {
	if n.Kind == "none" {
		return "no null: too few series"
	}
	return fmt.Sprintf("similarity to %d %s: median %.3f, p95 %.3f, p99 %.3f", n.Size, n.Kind, n.P50, n.P95, n.P99)
}

// concluded gives the verdict, its reach and what would change it.
func (t *task) concluded(res *Result) []string {
	lines := []string{res.Verdict}
	switch res.Verdict {
	case VerdictNoData:
		lines = append(lines, "nothing could be compared; this is not evidence that nothing moved")
	case VerdictNoneSignificant:
		lines = append(lines, fmt.Sprintf("no series moved more than chance explains at q <= %s; a window closer to the movement, a narrower scope or a larger q would show more", short3(t.opts.MaxQ)))
	case VerdictMatches:
		lines = append(lines, fmt.Sprintf("%d series, %d groups; next: look at those that began first, then rank the suspects", len(res.Matches), len(res.Groups)))
	}
	switch {
	case t.opts.Mode == Change || res.Stats.Searched == 0:
	case res.Exact:
		lines = append(lines, "exact: no series left out is closer than the last one compared")
	case t.opts.Mode == Fast:
		lines = append(lines, fmt.Sprintf("not exact: %d series were left out on their segment means", res.Stats.Unreached))
	case t.opts.Mode == Lag:
		lines = append(lines, fmt.Sprintf("not exact: the work budget ended the search before %d series", res.Stats.Unreached))
	default:
		lines = append(lines, fmt.Sprintf("not exact: the work budget ended the search; every series within distance %.3f is in the answer", res.Radius))
	}
	for _, w := range res.Warnings {
		lines = append(lines, "warning: "+w)
	}
	return lines
}
