package offline

import (
	"fmt"
	"strings"

	"github.com/bellwether-ts/bellwether/metric"
)

// wideReader reads the wide form: one row an instant, one column a series.
type wideReader struct {
	from
	in      *lines
	columns []*column // By position in the row; nil for the time and for ignored columns.
	started bool      // The first row has been seen, and text columns with it.
	fields  []string
	cells   []Cell
	values  []float64
	filled  []bool
}

func newWideReader(f from, in *lines, header []string) (*wideReader, error) {
	w := &wideReader{from: f, in: in, columns: make([]*column, len(header))}
	w.values, w.filled = make([]float64, len(header)), make([]bool, len(header))
	seen := map[string]int{}
	for i, name := range header {
		if i == 0 {
			continue
		}
		if isLabelColumn(name) {
			f.notes.say("%s: column %s ignored: it is the answer", f.name, name)
			continue
		}
		c, err := newColumn(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the header of %s, column %d: %w", f.name, i+1, err)
		}
		key := metric.FormatSeries(c.labels)
		if first, dup := seen[key]; dup {
			return nil, fmt.Errorf("cannot read the header of %s: columns %d and %d are both %s; give each series its own name or labels", f.name, first+1, i+1, key)
		}
		seen[key] = i
		w.columns[i] = c
	}
	return w, nil
}

// Next implements Reader.
func (w *wideReader) Next() (Row, error) {
	for {
		text, err := w.in.next()
		if err != nil {
			w.close()
			return Row{}, err
		}
		row, why, err := w.row(text)
		if err != nil {
			return Row{}, err
		}
		if why == nil {
			return row, nil
		}
		if err := w.bad.add(w.in.n, why); err != nil {
			return Row{}, err
		}
	}
}

// row reads one line; why says what is wrong with it, err that reading must
// stop.
func (w *wideReader) row(text string) (row Row, why, err error) {
	w.fields, why = splitCSV(text, w.fields)
	if why != nil {
		return row, why, nil
	}
	if len(w.fields) != len(w.columns) {
		return row, fmt.Errorf("%d cells where the header has %d", len(w.fields), len(w.columns)), nil
	}
	row.Time = strings.TrimSpace(w.fields[0])
	if row.T, why = ParseTime(row.Time); why != nil {
		return row, why, nil
	}
	w.dropTextColumns()
	for i, c := range w.columns {
		if c == nil {
			continue
		}
		if w.values[i], w.filled[i], why = parseValue(w.fields[i]); why != nil {
			return row, fmt.Errorf("column %s: %w", c.name, why), nil
		}
	}
	w.cells = w.cells[:0]
	for i, c := range w.columns {
		if c == nil || !w.filled[i] {
			continue
		}
		cell, err := w.cell(c, w.in.n, row.T, w.values[i])
		if err != nil {
			return row, nil, err
		}
		w.cells = append(w.cells, cell)
	}
	row.Cells = w.cells
	return row, nil, nil
}

// dropTextColumns ignores the columns whose first cell is text, such as a pod
// name beside the metrics. It looks at the first row only: what is decided
// about a row may not depend on later rows. A strict reading keeps them, and
// stops there.
func (w *wideReader) dropTextColumns() {
	if w.started {
		return
	}
	w.started = true
	if w.bad.strict {
		return
	}
	for i, c := range w.columns {
		if c == nil {
			continue
		}
		if _, _, err := parseValue(w.fields[i]); err != nil {
			w.notes.say("%s:%d: column %s ignored: its first cell %.40q is text", w.name, w.in.n, c.name, w.fields[i])
			w.columns[i] = nil
		}
	}
}
