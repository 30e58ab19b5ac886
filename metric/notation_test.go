package metric

import (
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// The notation is a promise in both directions: what we print can be typed
// back, and means the same.

// oddText draws strings that notations trip over, and any other UTF-8.
func oddText(t *rapid.T, label string) string {
	odd := rapid.SampledFrom([]string{`"`, `'`, "`", `\`, `{`, `}`, `=`, `!`, `~`, `,`, ` `, "\n", "é", "\u2028", "\x00", "a", "B", "7", "_", ":", "."})
	return strings.Join(rapid.SliceOfN(rapid.OneOf(odd, rapid.StringN(0, 2, -1)), 0, 6).Draw(t, label), "")
}

// anyLabels draws a label set with odd names and values.
func anyLabels(t *rapid.T) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	if rapid.Bool().Draw(t, "named") {
		b.Set(labels.MetricName, oddText(t, "metric"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "labels") {
		if name := oddText(t, "name"); name != "" {
			b.Set(name, oddText(t, "value"))
		}
	}
	return b.Labels()
}

func TestSeriesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ls := anyLabels(t)
		text := FormatSeries(ls)
		again, err := ParseSeries(text)
		if err != nil {
			t.Fatalf("%q does not parse: %v", text, err)
		}
		if !labels.Equal(ls, again) {
			t.Fatalf("%s became %q became %s", ls, text, again)
		}
	})
}

// TestSeriesSelectsItself: a name in notation, used as a selector, selects the
// series it names.
func TestSeriesSelectsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ls := anyLabels(t)
		text := FormatSeries(ls)
		if isBare(text) && !isIdentifier(text, true) {
			return // A free-text name is no selector.
		}
		ms, err := ParseMatchers(text)
		if err != nil {
			t.Fatalf("%q is no selector: %v", text, err)
		}
		if !Matches(ms, ls) {
			t.Fatalf("%q does not select %s", text, ls)
		}
	})
}

// TestMatchersRoundTrip writes matchers as Prometheus does and reads them.
func TestMatchersRoundTrip(t *testing.T) {
	types := []labels.MatchType{labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp}
	rapid.Check(t, func(t *rapid.T) {
		var want, written []string
		for i := range rapid.IntRange(0, 4).Draw(t, "n") {
			typ := rapid.SampledFrom(types).Draw(t, "type")
			name, value := oddText(t, "name"), oddText(t, "value")
			if name == "" {
				name = "a"
			}
			if typ == labels.MatchRegexp || typ == labels.MatchNotRegexp {
				value = regexp.QuoteMeta(value) + []string{"", ".*", "|b"}[i%3]
			}
			m := labels.MustNewMatcher(typ, name, value)
			want = append(want, m.String())
			written = append(written, pad(t)+m.String()+pad(t))
		}
		list := strings.Join(written, ",")
		for _, text := range []string{list, "{" + list + "}", pad(t) + "{" + list + pad(t) + ",}"} {
			if len(want) == 0 && strings.HasSuffix(text, ",}") {
				continue // {,} is no list.
			}
			ms, err := ParseMatchers(text)
			if err != nil {
				t.Fatalf("%q does not parse: %v", text, err)
			}
			var got []string
			for _, m := range ms {
				got = append(got, m.String())
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("%q became %q, want %q", text, got, want)
			}
		}
	})
}

func pad(t *rapid.T) string { return rapid.SampledFrom([]string{"", " ", "\t "}).Draw(t, "pad") }

// FuzzParseSeries: whatever parses has a notation that parses to the same, and
// that notation is already in its final form.
func FuzzParseSeries(f *testing.F) {
	for _, s := range []string{"cpu", `x{a="b"}`, `{a=~"b"}`, `x{`, "\xff", `x{"a"="b"}`, `{"a b"}`, `{'it\'s'}`, "{a=`b`}", `{"\x7f"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ls, err := ParseSeries(s)
		if err != nil {
			return
		}
		text := FormatSeries(ls)
		again, err := ParseSeries(text)
		if err != nil || !labels.Equal(ls, again) {
			t.Fatalf("%q is %s, written %q, which is %s, %v", s, ls, text, again, err)
		}
		if twice := FormatSeries(again); twice != text {
			t.Fatalf("%q is written %q, then %q", s, text, twice)
		}
	})
}

// FuzzParseMatchers: whatever parses means the same when Prometheus's own
// notation of it is parsed again.
func FuzzParseMatchers(f *testing.F) {
	for _, s := range []string{"", "up", `up{a="b"}`, `a!~"b|c",d=""`, `{"a"!='b'}`, `{a="}"}`, "a=`{`", `{,}`, `{"x",}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, err := ParseMatchers(s)
		if err != nil {
			return
		}
		var written []string
		for _, m := range ms {
			written = append(written, m.String())
		}
		text := "{" + strings.Join(written, ",") + "}"
		again, err := ParseMatchers(text)
		if err != nil || len(again) != len(ms) {
			t.Fatalf("%q is %v, written %q, which is %v, %v", s, ms, text, again, err)
		}
		for i, m := range again {
			if m.String() != ms[i].String() {
				t.Fatalf("%q: matcher %d is %s, then %s", s, i, ms[i], m)
			}
		}
	})
}
