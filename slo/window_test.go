package slo

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCalendarBounds(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	f := func(w Window, now, wantFrom, wantTo string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		from, to := w.Bounds(at.UnixMilli())
		loc := w.Location
		if loc == nil {
			loc = time.UTC
		}
		gotFrom, gotTo := time.UnixMilli(from).In(loc).Format(time.RFC3339), time.UnixMilli(to).In(loc).Format(time.RFC3339)
		if gotFrom != wantFrom || gotTo != wantTo {
			t.Errorf("at %s: [%s, %s), want [%s, %s)", now, gotFrom, gotTo, wantFrom, wantTo)
		}
	}
	calendar := func(n int, u Unit, start time.Time) Window {
		return Window{Count: n, Unit: u, Length: int64(n) * unitMillis(u), Start: start, Location: start.Location()}
	}
	month := calendar(1, Month, time.Date(2025, 1, 31, 0, 0, 0, 0, time.UTC))
	f(month, "2025-03-15T12:00:00Z", "2025-02-28T00:00:00Z", "2025-03-31T00:00:00Z")
	f(month, "2025-03-31T00:00:00Z", "2025-03-31T00:00:00Z", "2025-04-30T00:00:00Z")
	f(month, "2024-12-31T00:00:00Z", "2025-01-01T00:00:00Z", "2025-01-31T00:00:00Z") // Before the first.
	dst := calendar(1, Day, time.Date(2025, 3, 1, 0, 0, 0, 0, berlin))
	f(dst, "2025-03-30T12:00:00Z", "2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00") // 23 hours.
	f(calendar(1, Quarter, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)), "2026-11-22T00:00:00Z", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")
	f(calendar(2, Week, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)), "2026-01-18T23:59:59Z", "2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z")
	f(calendar(1, Year, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)), "2026-01-01T00:00:00Z", "2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z")
}

// TestBoundsTile: every instant lies in its own period, and the next one begins
// where it ends.
func TestBoundsTile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		u := rapid.SampledFrom([]Unit{Minute, Hour, Day, Week, Month, Quarter, Year}).Draw(t, "unit")
		n := rapid.IntRange(1, 3).Draw(t, "count")
		w := Window{Count: n, Unit: u, Length: int64(n) * unitMillis(u), Location: loc,
			Start: time.Date(2020, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"), 2, 30, 0, 0, loc)}
		now := rapid.Int64Range(w.Start.UnixMilli(), w.Start.UnixMilli()+8*365*day).Draw(t, "now")
		from, to := w.Bounds(now)
		if now < from || now >= to {
			t.Fatalf("%d is not in [%d, %d)", now, from, to)
		}
		if next, _ := w.Bounds(to); next != to {
			t.Fatalf("a period ends at %d, the next begins at %d", to, next)
		}
	})
}

func TestParseDuration(t *testing.T) {
	f := func(in string, want int64) {
		t.Helper()
		_, _, got, err := ParseDuration(in)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("ParseDuration(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	f("30d", 30*day)
	f("1M", 30*day)
	f("5m", 5*minute)
	f("90s", 90*second)
	f("1w", 7*day)
	f("", 0)
	f("d", 0)
	f("0d", 0)
	f("-1d", 0)
	f("1.5h", 0)
	f("1x", 0)
	f("99999999999d", 0)
	f("9999Y", 0)
}

func TestFormatDuration(t *testing.T) {
	f := func(ms int64, want string) {
		t.Helper()
		if got := FormatDuration(ms); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", ms, got, want)
		}
	}
	f(50*hour, "2 d 2 h")
	f(52*second, "52 s")
	f(5*minute, "5 m")
	f(day+5*minute, "1 d")
	f(90*second, "1 m 30 s")
	f(20, "20 ms")
	f(-hour, "-1 h")
}
