package slo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The time an objective speaks about: a rolling window that ends now, or a
// calendar period that starts over (and with it the budget).

// Unit is the unit of a calendar period.
type Unit byte

// The units of OpenSLO durations.
const (
	Minute  Unit = 'm'
	Hour    Unit = 'h'
	Day     Unit = 'd'
	Week    Unit = 'w'
	Month   Unit = 'M'
	Quarter Unit = 'Q'
	Year    Unit = 'Y'
)

// Window is the time window of an objective.
type Window struct {
	Rolling  bool
	Length   int64          // Milliseconds; of a calendar period its nominal length (M 30 d, Q 91 d, Y 365 d).
	Count    int            // Calendar: the period is Count Units.
	Unit     Unit           // Calendar.
	Start    time.Time      // Calendar: the first period's first instant, wall time in Location.
	Location *time.Location // Calendar: nil is UTC.
}

// Bounds returns the period that now (Unix milliseconds) lies in: [from, to).
// A rolling window ends at now. A calendar period is a whole number of periods
// from Start in wall time of its location, so a day with a clock change has 23
// or 25 hours, and a month keeps Start's day, clamped to the month's last.
// An instant before Start lies in [.., Start) of one nominal length.
func (w Window) Bounds(now int64) (from, to int64) {
	if w.Rolling {
		return now - w.Length, now
	}
	loc := w.Location
	if loc == nil {
		loc = time.UTC
	}
	start := w.Start.In(loc)
	if now < start.UnixMilli() {
		return start.UnixMilli() - w.Length, start.UnixMilli()
	}
	k := int((now - start.UnixMilli()) / max(1, w.Length))
	for k > 0 && w.at(start, k).UnixMilli() > now {
		k--
	}
	for w.at(start, k+1).UnixMilli() <= now {
		k++
	}
	return w.at(start, k).UnixMilli(), w.at(start, k+1).UnixMilli()
}

// at returns the first instant of period k.
func (w Window) at(start time.Time, k int) time.Time {
	n := w.Count * k
	switch w.Unit {
	case Minute:
		return start.Add(time.Duration(n) * time.Minute)
	case Hour:
		return start.Add(time.Duration(n) * time.Hour)
	case Day:
		return start.AddDate(0, 0, n)
	case Week:
		return start.AddDate(0, 0, 7*n)
	case Month:
		return addMonths(start, n)
	case Quarter:
		return addMonths(start, 3*n)
	default:
		return addMonths(start, 12*n)
	}
}

// addMonths adds n months and clamps the day to the target month's last, so a
// period that starts on 31 January next starts on 28 February.
func addMonths(t time.Time, n int) time.Time {
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}

// unitMillis is the nominal length of a unit in milliseconds.
func unitMillis(u Unit) int64 {
	const minute = int64(60_000)
	switch u {
	case Minute:
		return minute
	case Hour:
		return 60 * minute
	case Day:
		return 1440 * minute
	case Week:
		return 7 * 1440 * minute
	case Month:
		return 30 * 1440 * minute
	case Quarter:
		return 91 * 1440 * minute
	case Year:
		return 365 * 1440 * minute
	}
	return 0
}

// maxDuration bounds what ParseDuration accepts: ten years, in milliseconds.
const maxDuration = 10 * 365 * 24 * 3600 * 1000

// ParseDuration reads an OpenSLO duration shorthand, a whole number and one
// unit of m h d w M Q Y (and s, which rules need), as count, unit and nominal
// milliseconds.
func ParseDuration(s string) (count int, unit Unit, millis int64, err error) {
	s = strings.TrimSpace(s)
	fail := func(why string) (int, Unit, int64, error) {
		return 0, 0, 0, fmt.Errorf("cannot read duration %q: %s; write a whole number and one of m h d w M Q Y, for example 30d", s, why)
	}
	if len(s) < 2 {
		return fail("too short")
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n <= 0 {
		return fail("the number is not a whole number above 0")
	}
	unit = Unit(s[len(s)-1])
	one := unitMillis(unit)
	if unit == 's' {
		one = 1000
	}
	if one == 0 {
		return fail(fmt.Sprintf("unknown unit %q", string(rune(unit))))
	}
	if int64(n) > maxDuration/one {
		return fail("longer than ten years")
	}
	return n, unit, int64(n) * one, nil
}

// FormatDuration writes milliseconds for people, the two largest units that are
// not zero: "2 d 2 h", "5 m", "52 s".
func FormatDuration(millis int64) string {
	if millis < 0 {
		return "-" + FormatDuration(-millis)
	}
	if millis < 1000 {
		return fmt.Sprintf("%d ms", millis)
	}
	units := []struct {
		name string
		ms   int64
	}{{"d", 86400_000}, {"h", 3600_000}, {"m", 60_000}, {"s", 1000}}
	for i, u := range units {
		if millis < u.ms {
			continue
		}
		out := fmt.Sprintf("%d %s", millis/u.ms, u.name)
		if i+1 < len(units) {
			if rest := millis % u.ms / units[i+1].ms; rest > 0 {
				out += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return out
	}
	return ""
}

// formatPercent writes a ratio as a percentage with as many digits as it needs,
// at most 7 significant: 0.999 is "99.9 %".
func formatPercent(x float64) string {
	return strconv.FormatFloat(x*100, 'g', 7, 64) + " %"
}
