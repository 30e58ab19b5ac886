package offline

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/correlate"
)

// significantQ is the q-value up to which a match counts as one. The others of
// the best k are listed with group 0: whoever reads them has their p and q.
const significantQ = 0.05

type matchJSON struct {
	Series     string `json:"series"`
	Distance   number `json:"distance"`
	Sign       int    `json:"sign"` // +1 moves with the target, -1 against it.
	LagSeconds number `json:"lag_seconds"`
	P          number `json:"p"`
	Q          number `json:"q"`
	Group      int    `json:"group"` // 0: not significant, in no group.
}

type groupJSON struct {
	ID     int      `json:"id"`
	Series []string `json:"series"`
	Reason string   `json:"reason"`
}

type correlateJSON struct {
	Target  string      `json:"target"`
	From    string      `json:"from"` // RFC 3339, UTC.
	To      string      `json:"to"`
	Matches []matchJSON `json:"matches"` // The best k, best first.
	Groups  []groupJSON `json:"groups"`
	Exact   bool        `json:"exact"`
}

// Correlate writes which series moved with the target; text or json.
func Correlate(ctx context.Context, inputs []Input, o CorrelateOptions, out io.Writer) error {
	n := newNotes(o.Notes)
	opts, err := o.search()
	if err != nil {
		return err
	}
	f, err := Load(ctx, inputs, o.ReadOptions)
	if err != nil {
		return err
	}
	first, last, ok := f.Extent()
	if !ok {
		return errors.New("cannot search the input: it holds no samples")
	}
	from, to := max(first, valueOr(o.Span.From, first)), min(last, valueOr(o.Span.To, last))
	if from >= to {
		return fmt.Errorf("cannot search from %s to %s: the input reaches from %s to %s", FormatTime(from), FormatTime(to), FormatTime(first), FormatTime(last))
	}
	opts.From, opts.To = from, to+1 // Ours includes the end, theirs does not.
	all, err := f.candidates(to-from, n)
	if err != nil {
		return err
	}
	var target correlate.Candidate
	if opts.Mode != correlate.Change {
		s, err := f.find(o.Target)
		if err != nil {
			return err
		}
		target = all[s.ID]
		all = slices.Delete(all, s.ID, s.ID+1)
	}
	res, err := correlate.SearchWindows(target, all, opts)
	if err != nil {
		return err
	}
	for _, w := range res.Warnings {
		n.say("%s", w)
	}
	w := bufio.NewWriter(out)
	switch o.Output {
	case JSON:
		err = writeJSON(w, correlateDocument(res, f, from, to))
	case Text, "":
		err = correlateText(w, res)
	default:
		err = fmt.Errorf("cannot write %q: want text or json", o.Output)
	}
	return errors.Join(err, w.Flush())
}

// search turns the flags into the options of the kernel.
func (o CorrelateOptions) search() (correlate.Options, error) {
	opts := correlate.Options{K: cmp.Or(o.K, 10), MaxQ: significantQ}
	if opts.K < 1 || opts.K > correlate.MaxK {
		return opts, fmt.Errorf("cannot use -k %d: want 1 to %d", o.K, correlate.MaxK)
	}
	mode := cmp.Or(o.Mode, "exact")
	names := []string{correlate.Exact.String(), correlate.Fast.String(), correlate.Lag.String(), correlate.Change.String()}
	at := slices.Index(names, mode)
	if at < 0 {
		return opts, fmt.Errorf("cannot use --mode %s: want %s", mode, strings.Join(names, ", "))
	}
	opts.Mode = correlate.Mode(at)
	if o.Target == "" && opts.Mode != correlate.Change {
		return opts, errors.New("cannot search without a target: name it with --target SERIES, or ask for --mode change")
	}
	return opts, nil
}

func valueOr[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

// correlateDocument keeps the best k of the significant matches and of those
// that came near.
func correlateDocument(res correlate.Result, f *Frame, from, to int64) correlateJSON {
	names := f.names()
	doc := correlateJSON{
		Target: names.of(res.Target), From: FormatTime(from), To: FormatTime(to), Exact: res.Exact,
		Matches: []matchJSON{}, Groups: []groupJSON{},
	}
	for _, list := range [][]correlate.Match{res.Matches, res.Near} {
		for _, m := range list {
			doc.Matches = append(doc.Matches, matchJSON{
				names.of(m.Series), number(m.Distance), m.Sign, number(m.LagSeconds), number(m.P), number(m.Q), m.Group,
			})
		}
	}
	for _, g := range res.Groups {
		series := make([]string, len(g.Series))
		for i, s := range g.Series {
			series[i] = names.of(s)
		}
		doc.Groups = append(doc.Groups, groupJSON{g.ID, series, g.Reason})
	}
	return doc
}

// nameTable gives series back the names the input gave them.
type nameTable map[string]string

func (f *Frame) names() nameTable {
	t := nameTable{}
	for _, s := range f.Series {
		t[correlate.Candidate{Labels: s.Labels}.Name()] = s.Name
	}
	return t
}

func (t nameTable) of(canonical string) string {
	if name, ok := t[canonical]; ok {
		return name
	}
	return canonical
}

func correlateText(w *bufio.Writer, res correlate.Result) error {
	_, err := fmt.Fprint(w, res.Trace.String())
	return err
}
