package offline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/report"
)

// The verdict on a file as documents: what a run's GetReport gives, without a
// server.

// Documents is called with a renderer of the verdict's documents. Forms are
// those of canary/report, and json, the document of -o json.
type Documents func(render func(form string) ([]byte, error))

// ReportForm finds the form of a report by the suffix of its file: .html, .md,
// .xml, .txt or .json.
func ReportForm(path string) (string, error) {
	if strings.EqualFold(filepath.Ext(path), ".json") {
		return "json", nil
	}
	form, err := report.FormOf(path)
	if err != nil {
		return "", fmt.Errorf("cannot tell the form of report %q: end its name in .html, .md, .xml (JUnit), .json or .txt", path)
	}
	return string(form), nil
}

// document hands the renderer of a verdict over, if anybody asked.
func (o JudgeOptions) document(v canary.Verdict, req canary.Request, name string) {
	if o.Documents == nil {
		return
	}
	r := &report.Report{Verdict: v, Request: req, Meta: report.Meta{Replay: "bellwether canary judge " + name}}
	if name != "-" {
		r.Meta.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	if v.Judge != "" && v.Judge != "native" {
		r.Meta.Replay += " --judge " + v.Judge
	}
	o.Documents(func(form string) ([]byte, error) {
		if form != "json" {
			return r.Render(report.Form(form))
		}
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		err := errors.Join(writeJSON(w, verdictDocument(v)), w.Flush())
		return b.Bytes(), err
	})
}
