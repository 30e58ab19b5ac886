package report

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// JUnit XML, in the form that Jenkins, GitLab and GitHub's reporters read: one
// case for the canary, one per metric, one per gate.
//
//	PASS          passes
//	FAIL          failure
//	INCONCLUSIVE  skipped, with its reason; a failure where the run says that
//	              undecided is to be told as FAIL (canary --on-undecided fail)
//	NO_DATA       error: what could not be read is never green

type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Time    string       `xml:"time,attr"`
	Failure *junitResult `xml:"failure,omitempty"`
	Error   *junitResult `xml:"error,omitempty"`
	Skipped *junitResult `xml:"skipped,omitempty"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (r *Report) junit() ([]byte, error) {
	s := junitSuite{Name: r.title(), Time: "0"}
	if w := r.Meta; w.From != 0 && w.To > w.From {
		s.Timestamp = time.UnixMilli(w.From).UTC().Format("2006-01-02T15:04:05")
		s.Time = fmt.Sprintf("%d", (w.To-w.From)/1000)
	}
	for _, p := range [][2]string{{"verdict", string(word(r.Verdict.Verdict))}, {"judge", r.Verdict.Judge}, {"run", r.Meta.Run}, {"digest", r.Verdict.Digest}, {"report", r.Meta.Link}} {
		if p[1] != "" {
			s.Properties = append(s.Properties, junitProperty{p[0], p[1]})
		}
	}
	why := append(append([]string{}, r.Verdict.Reasons...), r.Meta.Notes...)
	s.add(r, "canary", "verdict", r.Verdict.Verdict, r.headline(), strings.Join(why, "\n"))
	for _, l := range r.lines() {
		s.add(r, "canary.metric", l.v.Name, l.v.Verdict, l.v.Reason, traceText(l.v))
	}
	for _, g := range r.Verdict.Gates {
		s.add(r, "canary.gate", g.Objective, g.Verdict, g.Reason, g.Detail)
	}
	out, err := xml.MarshalIndent(junitSuites{Suite: s}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot write the report as JUnit XML: %w", err)
	}
	return append([]byte(xml.Header), append(out, '\n')...), nil
}

// add appends a case and counts it.
func (s *junitSuite) add(r *Report, class, name string, o canary.Outcome, reason, detail string) {
	c := junitCase{Class: class, Name: name, Time: "0"}
	result := &junitResult{Message: reason, Type: string(word(o)), Text: detail}
	s.Tests++
	switch word(o) {
	case canary.Pass:
		c.Out = strings.TrimSuffix(reason+"\n"+detail, "\n")
	case canary.Fail:
		s.Failures++
		c.Failure = result
	case canary.Inconclusive:
		if r.Meta.UndecidedFails {
			s.Failures++
			c.Failure = result
		} else {
			s.Skipped++
			result.Type = ""
			c.Skipped = result
		}
	default:
		s.Errors++
		c.Error = result
	}
	s.Cases = append(s.Cases, c)
}

// traceText is the way a metric was judged, a line a step.
func traceText(v *canary.MetricVerdict) string {
	var b strings.Builder
	for _, s := range v.Trace.Steps {
		fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Detail)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
