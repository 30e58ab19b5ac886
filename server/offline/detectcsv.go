package offline

import (
	"bufio"
	"math"
	"strconv"
	"strings"

	"github.com/bellwether-ts/bellwether/detect"
)

// The csv output is one line a sample, in input order:
//
//	timestamp,series,value,score,alarm,expected,lower,upper,anomalous
//
// An empty cell of the input has no line. A late sample (its instant does not
// advance the series) has a line without evidence: score and alarm 0. expected,
// lower and upper are empty where nothing is expected yet. Floats are printed
// in the fewest digits that read back as the same float64.
type csvSink struct {
	w    *bufio.Writer
	line []byte
	name map[*Series]string // Names, quoted as CSV needs.
}

const csvHeader = "timestamp,series,value,score,alarm,expected,lower,upper,anomalous\n"

func (s *csvSink) header() {
	s.name = map[*Series]string{}
	_, _ = s.w.WriteString(csvHeader) // A bufio.Writer keeps its error for Flush.
}

// sample implements detectSink.
func (s *csvSink) sample(row *Row, c *Cell, tr *track, r detect.Result, judged bool) error {
	name, ok := s.name[c.Series]
	if !ok {
		name = quoteCSV(c.Series.Name)
		s.name[c.Series] = name
	}
	b := append(s.line[:0], quoteCSV(row.Time)...)
	b = append(append(b, ','), name...)
	b = appendFloat(append(b, ','), c.V)
	b = appendFloat(append(b, ','), r.Score)
	b = appendFloat(append(b, ','), r.Alarm)
	if judged && hasExpectation(r) {
		b = appendFloat(append(b, ','), r.Expected)
		b = appendFloat(append(b, ','), r.Lower)
		b = appendFloat(append(b, ','), r.Upper)
	} else {
		b = append(b, ",,,"...)
	}
	if tr.last.Anomalous {
		b = append(b, ",1\n"...)
	} else {
		b = append(b, ",0\n"...)
	}
	s.line = b
	_, err := s.w.Write(b)
	return err
}

// anomaly implements detectSink.
func (s *csvSink) anomaly(*track, detect.Anomaly) error { return nil }

// explains implements detectSink.
func (s *csvSink) explains() bool { return false }

// finish implements detectSink.
func (s *csvSink) finish([]*track) error { return nil }

// hasExpectation reports whether the detector expected anything yet.
func hasExpectation(r detect.Result) bool {
	switch r.Verdict {
	case detect.VerdictNotEnoughData, detect.VerdictUnusable:
		return false
	}
	return true
}

func appendFloat(b []byte, v float64) []byte {
	if v == 0 && !math.Signbit(v) {
		return append(b, '0')
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// quoteCSV quotes a field if RFC 4180 asks for it.
func quoteCSV(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
