package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// jsonReader reads the answer of Prometheus's query_range, as
//
//	{"status":"success","data":{"resultType":"matrix","result":[
//	  {"metric":{"__name__":"up","job":"api"},"values":[[1700000000,"1"], ...]}, ...]}}
//
// or only its data, or only its result. It streams: what is in memory is one
// value. The places it names in notes are values counted from 1.
type jsonReader struct {
	from
	dec      *json.Decoder
	started  bool
	inSeries bool // Inside a series object.
	inValues bool // Inside its values.
	column   *column
	n        int
	oneCell  [1]Cell
}

func newJSONReader(f from, r io.Reader) *jsonReader {
	return &jsonReader{from: f, dec: json.NewDecoder(r)}
}

// Next implements Reader.
func (j *jsonReader) Next() (Row, error) {
	row, err := j.next()
	switch {
	case err == nil:
		return row, nil
	case err == io.EOF: //nolint:errorlint // Only the bare EOF of done is the end; a wrapped one is a cut file.
		j.close()
		return Row{}, io.EOF
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errCut) {
		err = errCut
	}
	return Row{}, fmt.Errorf("cannot read %s after %d values: %w", j.name, j.n, err)
}

var errCut = errors.New("the document ends in the middle; save it again")

// token takes the next token; the end of the file here is a cut document.
func (j *jsonReader) token() (json.Token, error) {
	t, err := j.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, errCut
	}
	return t, err
}

func (j *jsonReader) next() (Row, error) {
	if !j.started {
		j.started = true
		if err := j.findResult(); err != nil {
			return Row{}, err
		}
	}
	for {
		switch {
		case j.inValues && j.dec.More():
			row, ok, err := j.value()
			if err != nil || ok {
				return row, err
			}
		case j.inValues:
			j.inValues = false
			if _, err := j.token(); err != nil {
				return Row{}, err
			}
		case j.inSeries:
			row, ok, err := j.seriesField()
			if err != nil || ok {
				return row, err
			}
		case j.dec.More():
			if err := j.open('{', "a series of result"); err != nil {
				return Row{}, err
			}
			j.inSeries, j.column = true, nil
		default:
			if _, err := j.token(); err != nil {
				return Row{}, err
			}
			return Row{}, io.EOF
		}
	}
}

// open takes the delimiter that what must start with.
func (j *jsonReader) open(want json.Delim, what string) error {
	t, err := j.token()
	if err == nil && t != want {
		err = fmt.Errorf("%s starts with %v, not %v; it does not look like a query_range answer", what, t, want)
	}
	return err
}

// findResult goes down to the array of series.
func (j *jsonReader) findResult() error {
	t, err := j.token()
	if err != nil || t == json.Delim('[') {
		return err
	}
	failed, reason := false, ""
	for {
		t, err := j.token()
		if err != nil {
			return err
		}
		key, isKey := t.(string)
		switch {
		case !isKey:
			if failed {
				return fmt.Errorf("the server answered an error: %.200s", reason)
			}
			return errors.New("it has no data.result; save the answer of /api/v1/query_range")
		case key == "data":
			err = j.open('{', "data")
		case key == "result":
			return j.open('[', "result")
		case key == "status":
			var status string
			err = j.dec.Decode(&status)
			failed = status == "error"
		case key == "error":
			err = j.dec.Decode(&reason)
		default:
			err = j.skip()
		}
		if err != nil {
			return err
		}
	}
}

func (j *jsonReader) skip() error {
	var ignored json.RawMessage
	return j.dec.Decode(&ignored)
}

// seriesField reads one field of a series object, or its end. ok is true when
// it was a single value and a row came of it.
func (j *jsonReader) seriesField() (row Row, ok bool, err error) {
	t, err := j.token()
	if err != nil {
		return row, false, err
	}
	key, isKey := t.(string)
	if !isKey {
		j.inSeries = false
		return row, false, nil
	}
	switch key {
	case "metric":
		var ls map[string]string
		if err := j.dec.Decode(&ls); err != nil {
			return row, false, err
		}
		j.column = jsonColumn(ls)
		return row, false, nil
	case "values", "value":
		if j.column == nil {
			return row, false, errors.New("a series has no metric before its values")
		}
		if key == "value" {
			return j.value()
		}
		j.inValues = true
		return row, false, j.open('[', "values")
	case "histograms", "histogram":
		j.notes.say("%s: native histograms are not analysed from files; they are skipped", j.name)
	}
	return row, false, j.skip()
}

func jsonColumn(ls map[string]string) *column {
	c := &column{labels: labels.FromMap(ls)}
	c.name = metric.FormatSeries(c.labels)
	return c
}

// value reads one [time, "value"]; ok is false where there is no sample.
func (j *jsonReader) value() (row Row, ok bool, err error) {
	var pair []json.RawMessage
	if err := j.dec.Decode(&pair); err != nil {
		return row, false, err
	}
	j.n++
	if len(pair) != 2 {
		return row, false, j.bad.add(j.n, fmt.Errorf("%d parts where [time, value] has 2", len(pair)))
	}
	row.Time = unquoteJSON(pair[0])
	var why error
	if row.T, why = ParseTime(row.Time); why != nil {
		return row, false, j.bad.add(j.n, why)
	}
	v, ok, why := parseValue(unquoteJSON(pair[1]))
	if why != nil || !ok {
		if why != nil {
			err = j.bad.add(j.n, why)
		}
		return row, false, err
	}
	if j.oneCell[0], err = j.cell(j.column, j.n, row.T, v); err != nil {
		return row, false, err
	}
	row.Cells = j.oneCell[:]
	return row, true, nil
}

// unquoteJSON returns a JSON string without its quotes, and anything else as
// it is.
func unquoteJSON(raw json.RawMessage) string {
	var s string
	if strings.HasPrefix(string(raw), `"`) && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
