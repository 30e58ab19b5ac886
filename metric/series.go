package metric

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
)

// ParseSeries reads a series name in Prometheus notation: bare (`cpu`), with
// labels (`http_requests_total{service="cart"}`), labels only
// (`{service="cart"}`), or with quoted names where they are no identifiers
// (`{"CPU load, %","a.b"="c"}`). A bare cell that is not a metric name
// ("CPU load, %") is taken whole as the name, since a CSV header may hold
// anything; only text with a closing brace is read as notation. A label that
// is set twice, set to other than UTF-8, or compared with anything but = is an
// error.
func ParseSeries(s string) (labels.Labels, error) {
	none := labels.EmptyLabels()
	s = strings.TrimSpace(s)
	if s == "" {
		return none, fmt.Errorf("cannot read series name %q: it is empty; name the series or drop the column", s)
	}
	if !utf8.ValidString(s) {
		return none, fmt.Errorf("cannot read series name %q: not UTF-8; save the file as UTF-8", s)
	}
	if isBare(s) {
		return labels.FromStrings(labels.MetricName, s), nil
	}
	ms, err := ParseMatchers(s)
	if err != nil {
		return none, err
	}
	seen := make(map[string]bool, len(ms))
	b := labels.NewBuilder(none)
	for _, m := range ms {
		if m.Type != labels.MatchEqual {
			return none, fmt.Errorf("cannot read series name %q: label %s uses %s; a series name only allows =", s, m.Name, m.Type)
		}
		if seen[m.Name] {
			return none, fmt.Errorf("cannot read series name %q: label %s stands twice; keep one", s, m.Name)
		}
		seen[m.Name] = true
		b.Set(m.Name, m.Value)
	}
	return b.Labels(), nil
}

// FormatSeries writes a series in the notation ParseSeries reads: the metric
// name, then the other labels in braces, sorted by name. Names that are no
// identifiers are quoted as PromQL wants them, except a metric name that
// stands alone: it is written as it is, so that a CSV header comes back as it
// was. For all labels in UTF-8, ParseSeries(FormatSeries(ls)) is ls again.
func FormatSeries(ls labels.Labels) string {
	name := ls.Get(labels.MetricName)
	if name != "" && ls.Len() == 1 && isBare(name) && strings.TrimSpace(name) == name {
		return name
	}
	var b strings.Builder
	plain := isIdentifier(name, true)
	if plain {
		b.WriteString(name)
		if ls.Len() == 1 {
			return b.String()
		}
	}
	b.WriteByte('{')
	sep := ""
	if name != "" && !plain {
		writeQuoted(&b, name)
		sep = ","
	}
	ls.Range(func(l labels.Label) {
		if l.Name == labels.MetricName {
			return
		}
		b.WriteString(sep)
		sep = ","
		if isIdentifier(l.Name, false) {
			b.WriteString(l.Name)
		} else {
			writeQuoted(&b, l.Name)
		}
		b.WriteByte('=')
		writeQuoted(&b, l.Value)
	})
	b.WriteByte('}')
	return b.String()
}

// isBare reports whether ParseSeries takes s whole as a metric name.
func isBare(s string) bool {
	return !strings.Contains(s, "{") || !strings.HasSuffix(s, "}")
}

// isIdentifier reports whether PromQL reads s as a name without quotes; a
// metric name may hold colons.
func isIdentifier(s string, metric bool) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || metric && c == ':'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func writeQuoted(b *strings.Builder, s string) {
	var buf [64]byte
	b.Write(strconv.AppendQuote(buf[:0], s))
}
