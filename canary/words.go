package canary

import (
	"fmt"
	"math"
	"strconv"
)

// Numbers as people read them.

// num writes a value with four significant digits.
func num(v float64) string {
	switch {
	case math.IsNaN(v):
		return "unknown"
	case math.IsInf(v, 1):
		return "unbounded"
	case math.IsInf(v, -1):
		return "-unbounded"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// pnum writes a p-value or e-value given as its logarithm, also where it
// underflows or overflows.
func pnum(logp float64) string {
	switch {
	case math.IsNaN(logp):
		return "unknown"
	case math.IsInf(logp, -1):
		return "0"
	case math.Abs(logp) > 600:
		return fmt.Sprintf("1e%.0f", logp/math.Ln10)
	}
	return strconv.FormatFloat(math.Exp(logp), 'g', 2, 64)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// minutes writes a span of minutes in the unit that suits it.
func minutes(m float64) string {
	switch {
	case m < 1.5:
		return fmt.Sprintf("%.0f seconds", m*60)
	case m < 120:
		return fmt.Sprintf("%.0f minutes", m)
	}
	return fmt.Sprintf("%.1f hours", m/60)
}

// step adds a line to the metric's trace.
func (a *assessment) step(name, format string, args ...any) {
	a.v.Trace.Steps = append(a.v.Trace.Steps, TraceStep{Name: name, Detail: fmt.Sprintf(format, args...)})
}
