package offline

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// CSV comes wide (the first column is the time, every other column a series)
// or long (timestamp,series,value: one sample a line). The header tells which.
// Both forms are read line by line; a row is taken whole or, if one cell of it
// cannot be read, skipped whole.

// labelColumns are the columns of labelled public data: the answer, which no
// detector may see.
var labelColumns = []string{"label", "is_anomaly"}

func isLabelColumn(name string) bool {
	return slices.Contains(labelColumns, strings.ToLower(strings.TrimSpace(name)))
}

// parseValue reads a cell. ok is false where there is no sample: empty, NaN,
// null or NA.
func parseValue(s string) (v float64, ok bool, err error) {
	s = strings.TrimSpace(s)
	switch s {
	case "", "NaN", "nan", "NAN", "null", "NULL", "NA":
		return 0, false, nil
	}
	v, err = strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // Out of range reads as an infinity or as zero.
		return 0, false, fmt.Errorf("%q is not a number; leave the cell empty where there is no sample", s)
	}
	return v, !math.IsNaN(v), nil
}

// newCSVReader reads the header and returns the reader of the form it names.
func newCSVReader(f from, r io.Reader) (Reader, error) {
	in := newLines(f.name, r)
	text, err := in.next()
	if err != nil {
		return nil, err
	}
	header, err := splitCSV(text, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read the header of %s: %w", f.name, err)
	}
	if err := checkHeader(f.name, header); err != nil {
		return nil, err
	}
	if l, ok := newLongReader(f, in, header); ok {
		return l, nil
	}
	return newWideReader(f, in, header)
}

// checkHeader refuses what is plainly not a header row, and says what it
// looks like instead.
func checkHeader(file string, header []string) error {
	const want = "a CSV starts with a header row such as timestamp,cpu,memory or timestamp,series,value"
	if len(header) < 2 {
		if sep := strings.IndexAny(header[0], ";\t"); sep >= 0 {
			return fmt.Errorf("cannot read the header of %s: cells are separated by %q; use commas", file, header[0][sep])
		}
		return fmt.Errorf("cannot read the header of %s: one column only, %.40q; %s", file, header[0], want)
	}
	numbers := 0
	for _, cell := range header {
		if _, ok, err := parseValue(cell); ok && err == nil {
			numbers++
		}
	}
	if _, err := ParseTime(header[0]); err == nil && numbers >= len(header)-1 {
		return fmt.Errorf("cannot read the header of %s: its first line is data, %.40q; %s", file, strings.Join(header, ","), want)
	}
	return nil
}
