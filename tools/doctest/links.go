package doctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Link is a reference from a document to something.
type Link struct {
	Line   int
	Target string // As written.
}

var (
	inlineLink = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)`)
	definition = regexp.MustCompile(`^\s{0,3}\[[^\]^]+\]:\s*<?(\S+?)>?(?:\s|$)`)
	attribute  = regexp.MustCompile(`(?:src|href|srcset)="([^"]+)"`)
	codeSpan   = regexp.MustCompile("`+[^`]*`+")
	scheme     = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
)

// links finds the links of one line of prose. Text in code spans is no link.
func links(line int, text string) []Link {
	var found []Link
	text = codeSpan.ReplaceAllString(text, "code")
	for _, re := range []*regexp.Regexp{inlineLink, definition, attribute} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			found = append(found, Link{Line: line, Target: m[1]})
		}
	}
	return found
}

// anchor is the fragment GitHub gives a heading: lower case, punctuation gone,
// spaces as hyphens.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// CheckLinks returns an error for each link of the document into the tree at
// root that leads nowhere: a missing file, or a missing heading of a Markdown
// file. Links to other places are not followed, since a test must not depend
// on somebody else's server.
func (d Document) CheckLinks(root string) []error {
	var errs []error
	for _, l := range d.Links {
		if scheme.MatchString(l.Target) || strings.HasPrefix(l.Target, "//") {
			continue
		}
		if why := d.follow(root, l.Target); why != "" {
			errs = append(errs, fmt.Errorf("%s:%d: link to %s: %s", d.Name, l.Line, l.Target, why))
		}
	}
	return errs
}

// follow returns why a target leads nowhere, or "".
func (d Document) follow(root, target string) string {
	file, fragment, _ := strings.Cut(target, "#")
	headings := d.Headings
	if file != "" {
		path := filepath.Join(root, filepath.Dir(d.Name), file)
		if strings.HasPrefix(file, "/") {
			path = filepath.Join(root, file)
		}
		if _, err := os.Stat(path); err != nil {
			return "there is no such file"
		}
		if fragment == "" || filepath.Ext(path) != ".md" {
			return ""
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		other, _ := Parse(file, string(src)) // Its own test tells its errors.
		headings = other.Headings
	}
	if fragment != "" && !slices.Contains(headings, fragment) {
		return "there is no such heading"
	}
	return ""
}
