package offline

import (
	"fmt"
	"strings"
)

// longReader reads the long form: one sample a line, in the columns timestamp,
// series and value, in any order.
type longReader struct {
	from
	in       *lines
	width    int
	at       [3]int // Positions of timestamp, series and value.
	byName   map[string]*column
	fields   []string
	oneCell  [1]Cell
	lastName string // Runs of one series are common; they skip the map.
	last     *column
}

var longColumns = [3]string{"timestamp", "series", "value"}

// newLongReader returns false if the header is not that of the long form:
// the three columns, each once, and nothing else but labels.
func newLongReader(f from, in *lines, header []string) (*longReader, bool) {
	l := &longReader{from: f, in: in, width: len(header), at: [3]int{-1, -1, -1}, byName: map[string]*column{}}
	var ignored []string
next:
	for i, name := range header {
		for k, want := range longColumns {
			if strings.EqualFold(strings.TrimSpace(name), want) && l.at[k] < 0 {
				l.at[k] = i
				continue next
			}
		}
		if !isLabelColumn(name) {
			return nil, false
		}
		ignored = append(ignored, name)
	}
	for _, at := range l.at {
		if at < 0 {
			return nil, false
		}
	}
	for _, name := range ignored {
		f.notes.say("%s: column %s ignored: it is the answer", f.name, name)
	}
	return l, true
}

// Next implements Reader.
func (l *longReader) Next() (Row, error) {
	for {
		text, err := l.in.next()
		if err != nil {
			l.close()
			return Row{}, err
		}
		row, ok, why, err := l.row(text)
		if err != nil {
			return Row{}, err
		}
		if why != nil {
			if err := l.bad.add(l.in.n, why); err != nil {
				return Row{}, err
			}
		}
		if ok {
			return row, nil
		}
	}
}

// row reads one line; ok is false where there is no sample.
func (l *longReader) row(text string) (row Row, ok bool, why, err error) {
	l.fields, why = splitCSV(text, l.fields)
	if why != nil {
		return row, false, why, nil
	}
	if len(l.fields) != l.width {
		return row, false, fmt.Errorf("%d cells where the header has %d", len(l.fields), l.width), nil
	}
	row.Time = strings.TrimSpace(l.fields[l.at[0]])
	if row.T, why = ParseTime(row.Time); why != nil {
		return row, false, why, nil
	}
	v, ok, why := parseValue(l.fields[l.at[2]])
	if why != nil {
		return row, false, why, nil
	}
	c, why := l.column(l.fields[l.at[1]])
	if why != nil || !ok {
		return row, false, why, nil
	}
	if l.oneCell[0], err = l.cell(c, l.in.n, row.T, v); err != nil {
		return row, false, nil, err
	}
	row.Cells = l.oneCell[:]
	return row, true, nil, nil
}

func (l *longReader) column(name string) (*column, error) {
	if l.last != nil && name == l.lastName {
		return l.last, nil
	}
	c := l.byName[name]
	if c == nil {
		if len(l.byName) >= maxSeries {
			return nil, fmt.Errorf("more than %d series names; split the input", maxSeries)
		}
		var err error
		if c, err = newColumn(strings.Clone(name)); err != nil {
			return nil, err
		}
		l.byName[c.name] = c
	}
	l.lastName, l.last = c.name, c
	return c, nil
}
