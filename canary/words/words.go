// Package words writes numbers the way people read them in reasons and traces.
// One rendering for every judge: the same figure never looks different in two
// places. It refuses to know what a number means.
package words

import (
	"fmt"
	"math"
	"strconv"
)

// Number writes a value with four significant digits.
func Number(v float64) string {
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

// P writes a p-value or e-value given as its logarithm, also where it
// underflows or overflows.
func P(logp float64) string {
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

// Count writes how many there are of what: "1 metric", "3 metrics".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Minutes writes a span of minutes in the unit that suits it.
func Minutes(m float64) string {
	switch {
	case m < 1.5:
		return fmt.Sprintf("%.0f seconds", m*60)
	case m < 120:
		return fmt.Sprintf("%.0f minutes", m)
	}
	return fmt.Sprintf("%.1f hours", m/60)
}
