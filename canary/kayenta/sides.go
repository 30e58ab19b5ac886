package kayenta

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kayenta puts a scope into each query; a run of ours puts matchers where $side
// stands. To go from one to the other the query is written with marks in place
// of the scope, and every matcher that carries a mark becomes part of the side.

// Marks stand for the scope's values; no query can hold them.
const (
	markScope    = "\x00scope\x00"
	markLocation = "\x00location\x00"
)

var symbolicScope = Scope{Scope: markScope, Location: markLocation}

const sideMark = "$side"

// splitSides replaces the matchers that carry marks by $side, in every selector
// alike, and returns them as the form of a side.
func splitSides(query string) (string, string, error) {
	var out strings.Builder
	form := ""
	rest := query
	for {
		open, end, ok := selector(rest)
		if !ok {
			break
		}
		out.WriteString(rest[:open])
		var kept, side []string
		for _, m := range splitMatchers(rest[open+1 : end]) {
			if strings.Contains(m, "\x00") {
				side = append(side, m)
			} else if m != "" {
				kept = append(kept, m)
			}
		}
		if len(side) > 0 {
			f := strings.Join(side, ",")
			if form != "" && form != f {
				return "", "", fmt.Errorf("its query names the scope in two ways, %s and %s; a run has one", plainForm(form), plainForm(f))
			}
			form = f
			kept = append(kept, sideMark)
		}
		out.WriteString("{" + strings.Join(kept, ",") + "}")
		rest = rest[end+1:]
	}
	out.WriteString(rest)
	switch text := out.String(); {
	case strings.Contains(text, "\x00"):
		return "", "", errors.New("its query uses the scope outside the matchers of a selector, and a run can only put matchers in")
	case form == "":
		return "", "", errors.New("its query does not use ${scope}, so both sides would be the same series")
	default:
		return text, form, nil
	}
}

// selector finds the next {...} outside quotes.
func selector(s string) (open, end int, ok bool) {
	open = -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'' || c == '`':
			if i = afterQuote(s, i); i >= len(s) {
				return 0, 0, false
			}
		case c == '{' && open < 0:
			open = i
		case c == '}' && open >= 0:
			return open, i, true
		}
	}
	return 0, 0, false
}

// afterQuote returns the index of the quote that closes the one at i, or len(s).
func afterQuote(s string, i int) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		if s[i] == '\\' && quote != '`' {
			i++
			continue
		}
		if s[i] == quote {
			return i
		}
	}
	return len(s)
}

// splitMatchers splits at the commas outside quotes.
func splitMatchers(s string) []string {
	var out []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\'', '`':
			i = afterQuote(s, i)
		case ',':
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return slices.DeleteFunc(append(out, strings.TrimSpace(s[min(from, len(s)):])), func(m string) bool { return m == "" })
}

// fillForm writes the matchers of one side.
func fillForm(form string, s Scope) string {
	return strings.NewReplacer(markScope, s.Scope, markLocation, s.Location).Replace(form)
}

// plainForm shows a form as Kayenta writes it.
func plainForm(form string) string {
	return strings.NewReplacer(markScope, "${scope}", markLocation, "${location}").Replace(form)
}

// commonForm finds how two sides' matchers differ: one value of one matcher,
// which becomes ${scope}. Otherwise the whole of the matchers is the scope.
func commonForm(baseline, canary string) (form, control, experiment string) {
	b, c := splitMatchers(strings.Trim(baseline, "{} ")), splitMatchers(strings.Trim(canary, "{} "))
	whole := func() (string, string, string) {
		return "${scope}", strings.Join(b, ","), strings.Join(c, ",")
	}
	if len(b) != len(c) {
		return whole()
	}
	at := -1
	for i := range b {
		if b[i] == c[i] {
			continue
		}
		if at >= 0 {
			return whole()
		}
		at = i
	}
	if at < 0 {
		return whole()
	}
	bl, bv, ok1 := cutMatcher(b[at])
	cl, cv, ok2 := cutMatcher(c[at])
	if !ok1 || !ok2 || bl != cl {
		return whole()
	}
	parts := slices.Clone(b)
	parts[at] = bl + `"${scope}"`
	return strings.Join(parts, ","), bv, cv
}

// cutMatcher splits label="value" into label= and value, if the value is quoted
// plainly.
func cutMatcher(m string) (label, value string, ok bool) {
	label, rest, found := strings.Cut(m, `"`)
	value, tail, closed := strings.Cut(rest, `"`)
	if !found || !closed || strings.TrimSpace(tail) != "" || strings.ContainsAny(value, "\\${}") {
		return "", "", false
	}
	return strings.TrimSpace(label), value, true
}
