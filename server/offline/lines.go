package offline

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds one line of text, so that a file without line ends cannot
// fill the memory: 16 MiB is a wide row of a million values.
const maxLine = 16 << 20

// lines reads text line by line and knows where it is.
type lines struct {
	name string
	s    *bufio.Scanner
	n    int // Number of the line last read, from 1.
}

func newLines(name string, r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<16), maxLine)
	return &lines{name: name, s: s}
}

// next returns the next line that is not blank, without its line end.
func (l *lines) next() (string, error) {
	for l.s.Scan() {
		l.n++
		if text := l.s.Text(); strings.TrimSpace(text) != "" {
			return text, nil
		}
	}
	if err := l.s.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("a line is longer than %d MiB", maxLine>>20)
		}
		return "", fmt.Errorf("cannot read %s:%d: %w", l.name, l.n+1, err)
	}
	return "", io.EOF
}

// splitCSV splits one line into its fields. A quoted field ends on its own
// line: series names hold no line breaks, and so an unclosed quote costs one
// row and not the rest of the file.
func splitCSV(line string, fields []string) ([]string, error) {
	fields = fields[:0]
	if strings.IndexByte(line, '"') >= 0 {
		r := csv.NewReader(strings.NewReader(line))
		r.FieldsPerRecord = -1
		rec, err := r.Read()
		if err != nil {
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				err = parse.Err
			}
			return nil, fmt.Errorf("not CSV: %w", err)
		}
		return append(fields, rec...), nil
	}
	for {
		field, rest, more := strings.Cut(line, ",")
		fields = append(fields, field)
		if !more {
			return fields, nil
		}
		line = rest
	}
}
