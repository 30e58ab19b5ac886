package metric

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
)

// ParseSeries reads a series name in Prometheus notation: bare (`cpu`), with
// labels (`http_requests_total{service="cart"}`), or labels only
// (`{service="cart"}`). A bare cell that is not a metric name ("CPU load, %")
// is taken whole as the name, since a CSV header may hold anything; only text
// with a closing brace is read as notation.
func ParseSeries(s string) (labels.Labels, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return labels.EmptyLabels(), fmt.Errorf("cannot read series name %q: it is empty; name the series or drop the column", s)
	}
	if !utf8.ValidString(s) {
		return labels.EmptyLabels(), fmt.Errorf("cannot read series name %q: not UTF-8; save the file as UTF-8", s)
	}
	open := strings.IndexByte(s, '{')
	if open < 0 || !strings.HasSuffix(s, "}") {
		return labels.FromStrings(labels.MetricName, s), nil
	}
	ms, err := ParseMatchers(s)
	if err != nil {
		return labels.EmptyLabels(), err
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, m := range ms {
		if m.Type != labels.MatchEqual {
			return labels.EmptyLabels(), fmt.Errorf("cannot read series name %q: label %s uses %s; a series name only allows =", s, m.Name, m.Type)
		}
		b.Set(m.Name, m.Value)
	}
	return b.Labels(), nil
}

// FormatSeries writes a series in the notation ParseSeries reads: the metric
// name, then the other labels in braces, sorted by name.
func FormatSeries(ls labels.Labels) string {
	name := ls.Get(labels.MetricName)
	var b strings.Builder
	b.WriteString(name)
	first := true
	ls.Range(func(l labels.Label) {
		if l.Name == labels.MetricName {
			return
		}
		if first {
			b.WriteByte('{')
			first = false
		} else {
			b.WriteByte(',')
		}
		b.WriteString(l.Name)
		b.WriteByte('=')
		b.WriteString(strconv.Quote(l.Value))
	})
	if !first {
		b.WriteByte('}')
	}
	if b.Len() == 0 {
		return "{}"
	}
	return b.String()
}

// ParseMatchers reads a PromQL-style selector: `name{a="b",c=~"d.*"}`,
// `{a!="b"}`, or the list alone, `a="b",c!~"d"`. Operators are =, !=, =~, !~
// (RE2, anchored at both ends). An empty list gives no matchers and no error;
// the caller decides whether that is allowed.
func ParseMatchers(s string) ([]*labels.Matcher, error) {
	p := matcherParser{in: s, rest: strings.TrimSpace(s)}
	return p.selector()
}

// matcherParser walks the text left to right; rest is what is still unread.
type matcherParser struct {
	in   string
	rest string
	out  []*labels.Matcher
}

func (p *matcherParser) fail(why string) error {
	return fmt.Errorf("cannot read selector %q: %s at %q; write it as name{label=\"value\",other=~\"regex\"}", p.in, why, p.rest)
}

func (p *matcherParser) selector() ([]*labels.Matcher, error) {
	open := strings.IndexByte(p.rest, '{')
	if quote := strings.IndexAny(p.rest, "\"'`"); quote >= 0 && quote < open {
		open = -1 // The brace stands inside a quoted value.
	}
	if open < 0 {
		if p.rest != "" && !strings.ContainsAny(p.rest, "=!") {
			return []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, p.rest)}, nil
		}
		return p.list("")
	}
	if name := strings.TrimSpace(p.rest[:open]); name != "" {
		p.out = append(p.out, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
	}
	p.rest = p.rest[open+1:]
	return p.list("}")
}

// list reads matchers separated by commas up to end ("" for end of text).
func (p *matcherParser) list(end string) ([]*labels.Matcher, error) {
	for {
		p.rest = strings.TrimSpace(p.rest)
		if end != "" && strings.HasPrefix(p.rest, end) {
			p.rest = strings.TrimSpace(p.rest[len(end):])
			end = ""
			if p.rest != "" {
				return nil, p.fail("text after the closing brace")
			}
		}
		if p.rest == "" {
			if end != "" {
				return nil, p.fail("missing closing brace")
			}
			return p.out, nil
		}
		if err := p.matcher(); err != nil {
			return nil, err
		}
		p.rest = strings.TrimSpace(p.rest)
		switch {
		case strings.HasPrefix(p.rest, ","):
			p.rest = p.rest[1:]
		case p.rest == "" || (end != "" && strings.HasPrefix(p.rest, end)):
		default:
			return nil, p.fail("expected a comma")
		}
	}
}

// matcher reads one `name op "value"`.
func (p *matcherParser) matcher() error {
	at := strings.IndexAny(p.rest, "=!")
	if at < 0 {
		return p.fail("expected an operator")
	}
	name := strings.TrimSpace(p.rest[:at])
	if unquoted, err := strconv.Unquote(name); err == nil {
		name = unquoted
	}
	if name == "" || strings.ContainsAny(name, "{},\"") {
		return p.fail("expected a label name")
	}
	typ, width, ok := operator(p.rest[at:])
	if !ok {
		return p.fail("unknown operator")
	}
	p.rest = strings.TrimSpace(p.rest[at+width:])
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		return p.fail("expected a quoted value")
	}
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return p.fail("bad escape in value")
	}
	m, err := labels.NewMatcher(typ, name, value)
	if err != nil {
		return p.fail("bad regular expression: " + err.Error())
	}
	p.rest = p.rest[len(quoted):]
	p.out = append(p.out, m)
	return nil
}

func operator(s string) (labels.MatchType, int, bool) {
	switch {
	case strings.HasPrefix(s, "=~"):
		return labels.MatchRegexp, 2, true
	case strings.HasPrefix(s, "!~"):
		return labels.MatchNotRegexp, 2, true
	case strings.HasPrefix(s, "!="):
		return labels.MatchNotEqual, 2, true
	case strings.HasPrefix(s, "="):
		return labels.MatchEqual, 1, true
	}
	return 0, 0, false
}

// Matches reports whether ls satisfies every matcher (an absent label counts
// as the empty string, as in Prometheus).
func Matches(ms []*labels.Matcher, ls labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}
