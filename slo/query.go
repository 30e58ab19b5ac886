package slo

// People write sum(rate(http_requests_total{code!~"5.."}[5m])) where the counter
// itself is meant. The evaluator counts exact increases from raw samples, so what
// matters is the selector inside: this file finds it, and leaves any other
// expression as it is.

import (
	"regexp"
	"strings"

	"github.com/bellwether-ts/bellwether/metric"
)

var (
	wrapper   = regexp.MustCompile(`^(sum|rate|increase|irate)\s*(?:(?:by|without)\s*\([^()]*\)\s*)?\(`)
	byClause  = regexp.MustCompile(`\)\s*(?:by|without)\s*\([^()]*\)$`)
	rangePart = regexp.MustCompile(`\s*\[[^\[\]{}"]+\]$`)
	bareName  = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	nameFirst = regexp.MustCompile(`^[a-zA-Z_:]?[a-zA-Z0-9_:]*\s*\{`)
)

// parseQuery finds the selector in a query. rated is true if it stood inside
// rate, irate or increase: then it is surely a counter.
func parseQuery(text string) (q Query, rated bool) {
	q.Text = strings.TrimSpace(text)
	s := q.Text
	for {
		s = byClause.ReplaceAllString(s, ")")
		m := wrapper.FindStringSubmatch(s)
		if m == nil || closing(s, len(m[0])-1) != len(s)-1 {
			break
		}
		rated = rated || m[1] != "sum"
		s = strings.TrimSpace(s[len(m[0]) : len(s)-1])
	}
	if rated {
		s = rangePart.ReplaceAllString(s, "")
	}
	if !bareName.MatchString(s) && (!nameFirst.MatchString(s) || closing(s, strings.IndexByte(s, '{')) != len(s)-1) {
		return q, false
	}
	if ms, err := metric.ParseMatchers(s); err != nil || len(ms) == 0 {
		return q, false
	}
	q.Selector = s
	return q, rated
}

// closing returns the index of the bracket that closes the one at open, reading
// over quoted text; -1 if there is none.
func closing(s string, open int) int {
	depth, quote := 0, byte(0)
	for i := open; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '{':
			depth++
		case c == ')' || c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
