package offline

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// openMetricsReader reads OpenMetrics text, and Prometheus's older text format
// with it: lines of `name{labels} value timestamp`. Comments and exemplars are
// passed over. A sample without a timestamp has no place in time and is a bad
// row: one scrape is an instant, not a series.
type openMetricsReader struct {
	from
	in      *lines
	byName  map[string]*column
	oneCell [1]Cell
}

func newOpenMetricsReader(f from, r io.Reader) *openMetricsReader {
	return &openMetricsReader{from: f, in: newLines(f.name, r), byName: map[string]*column{}}
}

// Next implements Reader.
func (o *openMetricsReader) Next() (Row, error) {
	for {
		text, err := o.in.next()
		if err == nil && strings.TrimSpace(text) == "# EOF" {
			err = io.EOF
		}
		if err != nil {
			o.close()
			return Row{}, err
		}
		if strings.HasPrefix(text, "#") {
			continue
		}
		row, ok, why, err := o.row(text)
		if err == nil && why != nil {
			err = o.bad.add(o.in.n, why)
		}
		if err != nil || ok {
			return row, err
		}
	}
}

// row reads one sample line; ok is false where there is no sample.
func (o *openMetricsReader) row(text string) (row Row, ok bool, why, err error) {
	series, rest, why := splitSeries(strings.TrimSpace(text))
	if why != nil {
		return row, false, why, nil
	}
	rest, _, _ = strings.Cut(rest, "#") // An exemplar follows.
	parts := strings.Fields(rest)
	if len(parts) < 2 {
		return row, false, errors.New("no timestamp; write name{labels} value timestamp"), nil
	}
	if len(parts) > 2 {
		return row, false, fmt.Errorf("unexpected %.40q after the timestamp", parts[2]), nil
	}
	row.Time = parts[1]
	if row.T, why = ParseTime(row.Time); why != nil {
		return row, false, why, nil
	}
	v, ok, why := parseValue(parts[0])
	if why != nil || !ok {
		return row, false, why, nil
	}
	c, why := o.column(series)
	if why != nil {
		return row, false, why, nil
	}
	if o.oneCell[0], err = o.cell(c, o.in.n, row.T, v); err != nil {
		return row, false, nil, err
	}
	row.Cells = o.oneCell[:]
	return row, true, nil, nil
}

func (o *openMetricsReader) column(name string) (*column, error) {
	c := o.byName[name]
	if c == nil {
		if len(o.byName) >= maxSeries {
			return nil, fmt.Errorf("more than %d series names; split the input", maxSeries)
		}
		var err error
		if c, err = newColumn(strings.Clone(name)); err != nil {
			return nil, err
		}
		o.byName[c.name] = c
	}
	return c, nil
}

// splitSeries cuts `name{labels}` from the front of a sample line. A brace
// inside a quoted label value does not end the labels.
func splitSeries(text string) (series, rest string, err error) {
	end := strings.IndexAny(text, "{ \t")
	if end <= 0 && !strings.HasPrefix(text, "{") {
		return "", "", errors.New("no value; write name{labels} value timestamp")
	}
	if text[end] != '{' {
		return text[:end], text[end:], nil
	}
	quoted := false
	for i := end; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '}' && !quoted:
			return text[:i+1], text[i+1:], nil
		}
	}
	return "", "", errors.New("the labels have no closing brace")
}
