package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary/stat"
)

// What came out: per figure and per kind of case, how many were compared, how
// many agree to the bit, and the worst difference with the case it came from.

// must is the relative difference past which a case is listed.
const must = 1e-10

// line is one row of the report.
type line struct {
	name           string
	cases, same    int
	worst          float64 // Relative difference.
	at             int     // Case of the worst.
	past12, past10 int     // Cases past 1e-12 and 1e-10.
}

type tally struct {
	r                string // R's version.
	took             time.Duration
	cases, refused   int
	proofs, unproven int
	apart            int // Cases with any figure past must, or refused by one side only.
	figures, kinds   []*line
	byKind           map[string]*line
	apartCases       []string
	ours             time.Duration
}

func newTally() *tally {
	t := &tally{byKind: map[string]*line{}}
	for _, f := range []string{"lower end", "upper end", "estimate, as R", "estimate, as Kayenta"} {
		t.figures = append(t.figures, &line{name: f})
	}
	for _, k := range kinds {
		l := &line{name: k}
		t.kinds, t.byKind[k] = append(t.kinds, l), l
	}
	return t
}

// version reads what R called itself.
func (t *tally) version(dir string) string {
	if b, err := os.ReadFile(filepath.Join(dir, "version")); err == nil {
		t.r = string(b)
	}
	return t.r
}

// add compares one case.
func (t *tally) add(i int, p pair, a answer) {
	t.cases++
	if a.proof != nil {
		t.proofs++
		for j, v := range []float64{a.low, a.high, a.estimate} {
			if math.Float64bits(v) != math.Float64bits(a.proof[j]) && !(v != v && a.proof[j] != a.proof[j]) {
				t.unproven++
				break
			}
		}
	}
	began := time.Now()
	r, err := stat.SearchShift(p.x, p.y, p.level, stat.SearchRules{})
	k, err2 := stat.SearchShift(p.x, p.y, p.level, stat.SearchRules{CorrectEstimate: true})
	t.ours += time.Since(began)
	theirs := []float64{a.low, a.high, a.estimate, a.kept}
	refuses := math.IsNaN(a.low + a.high + a.estimate + a.kept)
	if refuses || err != nil || err2 != nil {
		if refuses && (err != nil || err2 != nil) {
			t.refused++
		} else {
			t.list(i, p, fmt.Sprintf("R %v, here %v (%v)", theirs, r, err))
		}
		return
	}
	listed := false
	for j, v := range []float64{r.Low, r.High, r.Estimate, k.Estimate} {
		d := relative(v, theirs[j])
		t.figures[j].add(i, d)
		t.byKind[p.kind].add(i, d)
		if d > must && !listed {
			listed = true
			t.list(i, p, fmt.Sprintf("%s: R %.17g, here %.17g", t.figures[j].name, theirs[j], v))
		}
	}
}

func (t *tally) list(i int, p pair, what string) {
	t.apart++
	if len(t.apartCases) < 20 {
		t.apartCases = append(t.apartCases, fmt.Sprintf("case %d (%s, %d+%d at %g): %s", i, p.kind, len(p.x), len(p.y), p.level, what))
	}
}

func (l *line) add(i int, d float64) {
	l.cases++
	if d == 0 {
		l.same++
	}
	if d > 1e-12 {
		l.past12++
	}
	if d > must {
		l.past10++
	}
	if d > l.worst {
		l.worst, l.at = d, i
	}
}

func relative(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / max(math.Abs(a), math.Abs(b))
}

func (t *tally) report() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The strict interval beside R\n\n")
	fmt.Fprintf(&b, "Written by `go run ./bench/canary/oracle -cases %d`: stat.SearchShift, the code that the\n", t.cases)
	fmt.Fprintf(&b, "Kayenta judge calls, against %s on generated cases (cases.go). Differences are\nrelative: |a-b| / max(|a|,|b|).\n\n", t.r)
	fmt.Fprintf(&b, "R's side is search.R: rank, qnorm and uniroot of R in the formula of wilcox.test, ties\ncounted faster. wilcox.test itself answered %d of the cases as well: %d of these differ\nfrom search.R in any bit.\n\n", t.proofs, t.unproven)
	fmt.Fprintf(&b, "%d cases; %d that both refuse (nothing to bracket: all tied, or constant sides), %d apart\nby more than %g or refused by one only. R took %.0f s, this code %.0f s.\n\n",
		t.cases, t.refused, t.apart, must, (t.took - t.ours).Seconds(), t.ours.Seconds())
	table(&b, "figure", t.figures)
	table(&b, "kind of case, all four figures", t.kinds)
	if len(t.apartCases) > 0 {
		fmt.Fprintf(&b, "Apart (the first %d):\n\n- %s\n", len(t.apartCases), strings.Join(t.apartCases, "\n- "))
	}
	return b.Bytes()
}

func table(b *bytes.Buffer, title string, lines []*line) {
	fmt.Fprintf(b, "| %s | compared | equal to the bit | past 1e-12 | past 1e-10 | worst | in case |\n|---|---|---|---|---|---|---|\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %.1e | %d |\n", l.name, l.cases, l.same, l.past12, l.past10, l.worst, l.at)
	}
	b.WriteString("\n")
}
