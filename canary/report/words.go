package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// Numbers, times and names as people read them.

// num writes a value with four significant digits, large ones in k, M, G or T;
// "" when it is NaN.
func num(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 1):
		return "unbounded"
	case math.IsInf(v, -1):
		return "-unbounded"
	case v == 0:
		return "0"
	}
	unit := ""
	switch a := math.Abs(v); {
	case a < 1e-4 || a >= 1e15:
		return strconv.FormatFloat(v, 'g', 4, 64)
	case a >= 1e12:
		v, unit = v/1e12, "T"
	case a >= 1e9:
		v, unit = v/1e9, "G"
	case a >= 1e6:
		v, unit = v/1e6, "M"
	case a >= 1e4:
		v, unit = v/1e3, "k"
	}
	digits := max(0, 3-int(math.Floor(math.Log10(math.Abs(v)))))
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + unit
}

// signed is num with its sign.
func signed(v float64) string {
	if v > 0 && !math.IsInf(v, 0) {
		return "+" + num(v)
	}
	return num(v)
}

// brief writes a value with two significant digits.
func brief(v float64) string {
	if a := math.Abs(v); a >= 10 && a < 1e7 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// percent writes a relative change such as "+29 %"; "" when it is unknown or
// says nothing.
func percent(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || a >= 100:
		return ""
	case a < 0.0005:
		return "0 %"
	case a < 0.1:
		return fmt.Sprintf("%+.1f %%", 100*v)
	}
	return fmt.Sprintf("%+.0f %%", 100*v)
}

// pvalue writes a p-value given as its natural logarithm.
func pvalue(logp float64) string {
	switch {
	case math.IsNaN(logp):
		return ""
	case math.IsInf(logp, -1):
		return "0"
	case math.Abs(logp) > 600:
		return fmt.Sprintf("1e%.0f", logp/math.Ln10)
	}
	return strconv.FormatFloat(math.Exp(logp), 'g', 2, 64)
}

// span writes minutes in the unit that suits them.
func span(minutes float64) string {
	switch {
	case minutes < 1.5:
		return fmt.Sprintf("%.0f seconds", minutes*60)
	case minutes < 120:
		return fmt.Sprintf("%.0f minutes", minutes)
	}
	return fmt.Sprintf("%.1f hours", minutes/60)
}

// interval writes an interval; "" when it has no end.
func interval(ends [2]float64) string {
	if math.IsNaN(ends[0]) || math.IsNaN(ends[1]) {
		return ""
	}
	return signed(ends[0]) + " to " + signed(ends[1])
}

// count writes "1 metric", "2 metrics".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clock writes Unix milliseconds in UTC.
func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }

// window writes the window of the report; "" when it is unknown.
func (m Meta) window() string {
	if m.From == 0 || m.To <= m.From {
		return ""
	}
	from, to := clock(m.From), clock(m.To)
	if from[:10] == to[:10] {
		to = to[11:]
	}
	return fmt.Sprintf("%s to %s UTC, %s", from, to, span(float64(m.To-m.From)/60e3))
}

// oneLine replaces what could break a line, or hide in one, by spaces.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// clip keeps the first n bytes of a text, at a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// known says whether an outcome is one of the four.
func known(o canary.Outcome) bool {
	return o == canary.Pass || o == canary.Fail || o == canary.Inconclusive || o == canary.NoData
}

// word is an outcome, "NO_DATA" when it is none: nothing unknown may look safe.
func word(o canary.Outcome) canary.Outcome {
	if known(o) {
		return o
	}
	return canary.NoData
}
