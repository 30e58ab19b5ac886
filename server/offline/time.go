package offline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Instants are written many ways; this file reads them all into Unix
// milliseconds. Numbers are Unix time in a unit told by magnitude: seconds
// below 1e11 (the year 5138), then milliseconds, microseconds, nanoseconds,
// each reaching as far. Text without a zone is UTC. Go's own Time.String form
// is read because tools written in Go log it.

var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05", // A fraction of a second is read even where the layout has none.
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700 MST",
	"2006-01-02 15:04",
	"2006-01-02",
}

// minUnixMS and maxUnixMS keep every instant within years 1 to 9999, so that it
// can be printed again.
const (
	minUnixMS = -62135596800000
	maxUnixMS = 253402300799999
)

// ParseTime reads an instant in any form an input may use: RFC 3339,
// `2006-01-02 15:04:05` (UTC), or Unix time in seconds (also fractional),
// milliseconds, microseconds or nanoseconds. It returns Unix milliseconds,
// finer parts cut off.
func ParseTime(s string) (int64, error) {
	s = strings.TrimSpace(s)
	if ms, ok := parseUnix(s); ok && ms >= minUnixMS && ms <= maxUnixMS {
		return ms, nil
	}
	text, _, _ := strings.Cut(s, " m=") // Go's monotonic clock reading.
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			if ms := t.UnixMilli(); ms >= minUnixMS && ms <= maxUnixMS {
				return ms, nil
			}
		}
	}
	return 0, fmt.Errorf("cannot read time %q: write RFC 3339 (2026-01-02T15:04:05Z), 2026-01-02 15:04:05 (UTC) or Unix seconds or milliseconds", s)
}

func parseUnix(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return unixInt(n)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	if math.Abs(f) < 1e11 {
		return int64(math.Floor(f*1000 + 0.0005)), true // 0.1 s is not exact in binary; half a microsecond mends it.
	}
	if math.Abs(f) >= 1<<62 {
		return 0, false
	}
	return unixInt(int64(f))
}

func unixInt(n int64) (int64, bool) {
	size := n
	if size < 0 {
		size = -size
	}
	switch {
	case size < 0: // The one integer without an opposite.
		return 0, false
	case size < 1e11:
		return n * 1000, true
	case size < 1e14:
		return n, true
	case size < 1e17:
		return n / 1e3, true
	default:
		return n / 1e6, true
	}
}

// FormatTime writes Unix milliseconds as RFC 3339 in UTC, with milliseconds
// only where there are any.
func FormatTime(ms int64) string {
	t := time.UnixMilli(ms).UTC()
	if ms%1000 == 0 {
		return t.Format(time.RFC3339)
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

// ParseSpan reads `TIME` or `TIME/TIME` (both ends included).
func ParseSpan(s string) (Span, error) {
	head, tail, both := strings.Cut(s, "/")
	from, err := ParseTime(head)
	if err != nil {
		return Span{}, err
	}
	if !both {
		return Span{From: &from}, nil
	}
	to, err := ParseTime(tail)
	if err != nil {
		return Span{}, err
	}
	if to < from {
		return Span{}, fmt.Errorf("cannot use span %q: it ends before it starts; write START/END", s)
	}
	return Span{From: &from, To: &to}, nil
}
