package tidy

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

const (
	generatedRule = "generated Go code lives in proto/ only"
	generatedWhy  = "everything else is written to be read, and a reader must be able to trust that; a table made by a script is data with its source named"
	builtRule     = "the built page lives in web/dist only"
	builtWhy      = "it is the one artefact we commit, checked against its source; a second place would be checked by nobody"
)

// CheckGenerated returns generated Go files outside proto/.
func CheckGenerated(packages []Package) []Offence {
	var offences []Offence
	for _, p := range packages {
		for _, f := range p.Files {
			if f.Generated && !within("proto", p.Path) {
				offences = append(offences, Offence{Where: f.Name, What: "generated code", Rule: generatedRule, Why: generatedWhy})
			}
		}
	}
	return sorted(offences)
}

// webEndings are the kinds of file a page is made of. pageLine is longer than
// any line a person writes: such a file came out of a bundler.
var webEndings = []string{".js", ".mjs", ".css", ".html", ".map"}

const pageLine = 5000

// CheckBuilt looks at the name, and if it is a web file the content, of each
// file in the tree, and returns those that are or look like a built page
// outside web/dist. vendored folders hold other people's builds and are
// skipped.
func CheckBuilt(names []string, read func(name string) ([]byte, error), vendored ...string) []Offence {
	var offences []Offence
	for _, name := range names {
		isWeb := slices.Contains(webEndings, path.Ext(name))
		if !isWeb || within("web/dist", name) || slices.ContainsFunc(vendored, func(v string) bool { return within(v, name) }) {
			continue
		}
		what := ""
		if !strings.HasPrefix(name, "web/") {
			what = "a web file outside web/"
		} else if src, err := read(name); err == nil && longLine(src) {
			what = "a bundled or minified file"
		}
		if what != "" {
			offences = append(offences, Offence{Where: name, What: what, Rule: builtRule, Why: builtWhy})
		}
	}
	return sorted(offences)
}

func longLine(src []byte) bool {
	for line := range bytes.Lines(src) {
		if len(line) > pageLine {
			return true
		}
	}
	return false
}
