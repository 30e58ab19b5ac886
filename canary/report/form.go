package report

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Form names a way to write a report.
type Form string

// The forms.
const (
	HTML         Form = "html"
	Markdown     Form = "markdown"
	JUnit        Form = "junit"
	Text         Form = "text"
	GitHub       Form = "github"
	GitHubOutput Form = "github-output"
	Request      Form = "request"
)

// Forms lists every form.
func Forms() []Form { return []Form{HTML, Markdown, JUnit, Text, GitHub, GitHubOutput, Request} }

// ContentType is the MIME type of a form.
func (f Form) ContentType() string {
	switch f {
	case HTML:
		return "text/html; charset=utf-8"
	case Markdown:
		return "text/markdown; charset=utf-8"
	case JUnit:
		return "application/xml"
	case Request:
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// FormOf finds the form of a file by its suffix: .html, .htm, .md, .markdown,
// .xml, .txt. It fails for any other.
func FormOf(path string) (Form, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".html", ".htm":
		return HTML, nil
	case ".md", ".markdown":
		return Markdown, nil
	case ".xml":
		return JUnit, nil
	case ".txt":
		return Text, nil
	}
	return "", fmt.Errorf("cannot tell the form of report %q: end its name in .html, .md, .xml (JUnit) or .txt", path)
}

// Render writes the report in a form. It fails for a form that does not exist,
// and for Request when the samples are not at hand.
func (r *Report) Render(f Form) ([]byte, error) {
	switch f {
	case HTML:
		return r.html()
	case Markdown:
		return []byte(r.markdown()), nil
	case JUnit:
		return r.junit()
	case Text:
		return []byte(r.Verdict.Text()), nil
	case GitHub:
		return []byte(r.commands()), nil
	case GitHubOutput:
		return []byte(r.outputs()), nil
	case Request:
		return r.request()
	}
	var known []string
	for _, k := range Forms() {
		known = append(known, string(k))
	}
	return nil, fmt.Errorf("cannot write a report as %q: known forms are %s", f, strings.Join(known, ", "))
}
