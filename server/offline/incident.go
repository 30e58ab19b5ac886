package offline

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
)

type suspectJSON struct {
	Entity     string            `json:"entity"`
	Score      number            `json:"score"`
	Series     []string          `json:"series"` // Most telling first.
	Onset      *string           `json:"onset"`  // RFC 3339, UTC; null if no change was seen.
	Components map[string]number `json:"components"`
}

type incidentJSON struct {
	Suspects []suspectJSON `json:"suspects"` // Every entity once, best first.
}

// Incident ranks the entities in the inputs by how much the incident looks
// like theirs; text or json.
func Incident(ctx context.Context, inputs []Input, o IncidentOptions, out io.Writer) error {
	n := newNotes(o.Notes)
	if o.Span.From == nil {
		return errors.New("cannot rank suspects without an instant: give --incident TIME or --incident START/END")
	}
	edges, err := ReadTopology(o.Topology)
	if err != nil {
		return err
	}
	f, err := Load(ctx, inputs, o.ReadOptions)
	if err != nil {
		return err
	}
	first, last, ok := f.Extent()
	if !ok {
		return errors.New("cannot rank suspects: the input holds no samples")
	}
	if *o.Span.From < first || *o.Span.From > last {
		return fmt.Errorf("cannot place the incident at %s: the input reaches from %s to %s", FormatTime(*o.Span.From), FormatTime(first), FormatTime(last))
	}
	in := correlate.Incident{From: *o.Span.From, EntityLabel: o.By, Edges: edges}
	if o.Span.To != nil {
		in.To = *o.Span.To + 1 // Ours includes the end, theirs does not.
	}
	if o.Symptom != "" {
		s, err := f.find(o.Symptom)
		if err != nil {
			return err
		}
		in.Symptom = metric.FormatSeries(s.Labels)
	}
	if in.Series, err = f.candidates(valueOr(o.Span.To, last)-in.From, n); err != nil {
		return err
	}
	res, err := correlate.RankSuspects(in)
	if err != nil {
		return err
	}
	for _, w := range res.Warnings {
		n.say("%s", w)
	}
	w := bufio.NewWriter(out)
	switch o.Output {
	case JSON:
		err = writeJSON(w, incidentDocument(res, f))
	case Text, "":
		incidentText(w, res, cmp.Or(o.K, 10))
	default:
		err = fmt.Errorf("cannot write %q: want text or json", o.Output)
	}
	return errors.Join(err, w.Flush())
}

func incidentDocument(res correlate.Suspects, f *Frame) incidentJSON {
	names := f.names()
	doc := incidentJSON{Suspects: []suspectJSON{}}
	for _, s := range res.Suspects {
		j := suspectJSON{Entity: s.Entity, Score: number(s.Score), Series: []string{}, Components: map[string]number{
			"shape": number(s.Components.Shape), "change": number(s.Components.Change), "edge": number(s.Components.Edge),
			"onset": number(s.Components.Onset), "topology": number(s.Components.Topology),
		}}
		for _, name := range s.Series {
			j.Series = append(j.Series, names.of(name))
		}
		if s.Onset != 0 {
			at := FormatTime(s.Onset)
			j.Onset = &at
		}
		doc.Suspects = append(doc.Suspects, j)
	}
	return doc
}

// incidentText writes the trace, which lists the suspects with their reasons;
// beyond k they are only named.
func incidentText(w *bufio.Writer, res correlate.Suspects, k int) {
	if len(res.Suspects) == 0 {
		fmt.Fprintln(w, "No suspects: no series names an entity.")
	}
	fmt.Fprint(w, res.Trace.String())
	if len(res.Suspects) > k {
		fmt.Fprintf(w, "%d entities in all; -o json lists every one.\n", len(res.Suspects))
	}
}

// ReadTopology reads a call graph: CSV with the columns caller and callee, in
// any order; other columns are ignored. An empty path is an empty graph.
func ReadTopology(path string) ([]correlate.Edge, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open topology %s: %w", path, errors.Unwrap(err))
	}
	defer file.Close()
	return parseTopology(path, file)
}

// maxEdges bounds the call graph.
const maxEdges = 1_000_000

func parseTopology(path string, r io.Reader) ([]correlate.Edge, error) {
	in := newLines(path, r)
	at := map[string]int{"caller": -1, "callee": -1}
	var edges []correlate.Edge
	var width int
	for {
		text, err := in.next()
		if errors.Is(err, io.EOF) {
			return edges, nil
		}
		var fields []string
		if err == nil {
			fields, err = splitCSV(text, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read topology %s:%d: %w", path, in.n, err)
		}
		if width == 0 {
			width = len(fields)
			for i, name := range fields {
				if _, ok := at[strings.ToLower(strings.TrimSpace(name))]; ok {
					at[strings.ToLower(strings.TrimSpace(name))] = i
				}
			}
			if at["caller"] < 0 || at["callee"] < 0 {
				return nil, fmt.Errorf("cannot read topology %s: its header is %q; it needs the columns caller,callee", path, text)
			}
			continue
		}
		if len(fields) != width {
			return nil, fmt.Errorf("cannot read topology %s:%d: %d cells where the header has %d", path, in.n, len(fields), width)
		}
		if len(edges) == maxEdges {
			return nil, fmt.Errorf("cannot read topology %s: more than %d edges", path, maxEdges)
		}
		edges = append(edges, correlate.Edge{Caller: strings.TrimSpace(fields[at["caller"]]), Callee: strings.TrimSpace(fields[at["callee"]])})
	}
}
