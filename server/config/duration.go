package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a length of time written as Prometheus writes it: 30s, 5m, 1h30m,
// 15d, 2w. A unit is required, so that nobody has to guess.
type Duration struct {
	D   time.Duration // The length; never negative.
	Set bool          // True if the file gave it, so that 0s can be meant.
}

// ParseDuration reads the notation of Duration. Days are 24 h, weeks 7 days.
func ParseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("cannot read duration %q: write a number and a unit, such as 30s, 5m, 1h30m or 15d", s)
	var sum time.Duration
	for rest := s; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		after := rest[digits:]
		letters := len(after) - len(strings.TrimLeft(after, "abcdefghijklmnopqrstuvwxyz"))
		unit, ok := durationUnits[after[:letters]]
		if digits == 0 || !ok {
			return 0, bad
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || n > int64(maxDuration/unit) || sum > maxDuration-time.Duration(n)*unit {
			return 0, bad
		}
		sum += time.Duration(n) * unit
		rest = after[letters:]
	}
	if s == "" {
		return 0, bad
	}
	return sum, nil
}

const maxDuration = 100 * 365 * 24 * time.Hour

var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

// String writes the duration in the notation it is read in.
func (d Duration) String() string {
	rest := d.D
	if rest == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := rest / u.unit; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest -= n * u.unit
		}
	}
	return b.String()
}

// UnmarshalYAML keeps the line of a bad duration, which the decoder would lose.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := ParseDuration(n.Value)
	if err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %v", n.Line, err)}}
	}
	*d = Duration{D: v, Set: true}
	return nil
}

// MarshalYAML writes the notation of String.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// IsZero lets omitempty leave out what was not set.
func (d Duration) IsZero() bool { return d.D == 0 && !d.Set }
