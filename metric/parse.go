package metric

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
)

// ParseMatchers reads a PromQL-style selector: `name{a="b",c=~"d.*"}`,
// `{a!="b"}`, `{"a name","a.b"="c"}`, or the list alone, `a="b",c!~"d"`.
// Operators are =, !=, =~, !~ (RE2, anchored at both ends); values stand in
// double quotes, single quotes or backquotes, as in PromQL, and are UTF-8. A
// label name with odd characters may also stand unquoted. An empty list gives
// no matchers and no error; the caller decides whether that is allowed.
func ParseMatchers(s string) ([]*labels.Matcher, error) {
	p := matcherParser{in: s, rest: strings.TrimSpace(s)}
	return p.selector()
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

// matcherParser walks the text left to right; rest is what is still unread.
type matcherParser struct {
	in   string
	rest string
	out  []*labels.Matcher
}

func (p *matcherParser) fail(why string) error {
	return fmt.Errorf("cannot read selector %q: %s at %q; write it as name{label=\"value\",other=~\"regex\"}", p.in, why, p.rest)
}

// named appends the matcher for a metric name.
func (p *matcherParser) named(name string) error {
	for _, m := range p.out {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return p.fail("a second metric name")
		}
	}
	p.out = append(p.out, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
	return nil
}

func (p *matcherParser) selector() ([]*labels.Matcher, error) {
	if !utf8.ValidString(p.in) {
		return nil, p.fail("text that is not UTF-8")
	}
	open := strings.IndexByte(p.rest, '{')
	if quote := strings.IndexAny(p.rest, "\"'`"); quote >= 0 && quote < open {
		open = -1 // The brace stands inside a quoted value.
	}
	if open < 0 {
		if p.rest != "" && !strings.ContainsAny(p.rest, "=!") {
			if strings.ContainsAny(p.rest[:1], "\"'`") {
				return nil, p.fail("a quoted metric name outside braces")
			}
			err := p.named(p.rest)
			return p.out, err
		}
		return p.list("")
	}
	if name := strings.TrimSpace(p.rest[:open]); name != "" {
		if err := p.named(name); err != nil {
			return nil, err
		}
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
		if err := p.matcher(end != ""); err != nil {
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

// matcher reads one `name op "value"` or, in braces, a quoted metric name.
func (p *matcherParser) matcher(braces bool) error {
	name, quoted, err := p.name()
	if err != nil {
		return err
	}
	typ, width, ok := operator(p.rest)
	if !ok {
		if quoted && braces && (p.rest == "" || p.rest[0] == ',' || p.rest[0] == '}') {
			return p.named(name)
		}
		return p.fail("expected an operator (=, !=, =~, !~)")
	}
	p.rest = strings.TrimSpace(p.rest[width:])
	value, rest, ok := quotedPrefix(p.rest)
	if !ok {
		return p.fail("expected a quoted value in UTF-8")
	}
	m, err := labels.NewMatcher(typ, name, value)
	if err != nil {
		return p.fail("bad regular expression: " + err.Error())
	}
	p.rest = rest
	p.out = append(p.out, m)
	return nil
}

// name reads a label name, quoted or up to the operator.
func (p *matcherParser) name() (name string, quoted bool, err error) {
	if name, rest, ok := quotedPrefix(p.rest); ok {
		if name == "" {
			return "", true, p.fail("an empty name")
		}
		p.rest = strings.TrimSpace(rest)
		return name, true, nil
	}
	at := strings.IndexAny(p.rest, "=!")
	if at < 0 {
		return "", false, p.fail("expected an operator (=, !=, =~, !~)")
	}
	name = strings.TrimSpace(p.rest[:at])
	if name == "" || strings.ContainsAny(name, "{},\"'`") {
		return "", false, p.fail("expected a label name")
	}
	p.rest = p.rest[at:]
	return name, false, nil
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

// quotedPrefix reads the quoted string that s begins with, in PromQL's three
// kinds of quotes, and returns what follows it. The string must be UTF-8, also
// after its escapes are read.
func quotedPrefix(s string) (value, rest string, ok bool) {
	if strings.HasPrefix(s, "'") {
		value, rest, ok = singleQuoted(s)
	} else if quoted, err := strconv.QuotedPrefix(s); err == nil {
		value, err = strconv.Unquote(quoted)
		rest, ok = s[len(quoted):], err == nil
	}
	return value, rest, ok && utf8.ValidString(value)
}

// singleQuoted reads '...', which Go's strconv knows for one character only.
// The escapes are those of double quotes, with the quotes swapped.
func singleQuoted(s string) (value, rest string, ok bool) {
	rest = s[1:]
	var b strings.Builder
	for rest != "" {
		if rest[0] == '\'' {
			return b.String(), rest[1:], true
		}
		c, multibyte, tail, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			return "", "", false
		}
		if c < utf8.RuneSelf || multibyte {
			b.WriteRune(c)
		} else {
			b.WriteByte(byte(c)) // \x80 and above: a byte, not a character.
		}
		rest = tail
	}
	return "", "", false
}
