package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/canary"
)

// Whatever a metric is called, a page stays a page, a suite a suite, a line a
// line.

func TestHostileNames(t *testing.T) {
	wellFormed(t, hostile())
}

func FuzzReport(f *testing.F) {
	f.Add("latency p99", "the canary is higher", "FAIL", 0.2, 0.1, 0.02, uint64(7))
	f.Add("</script><script>", "::error::\n|`<!--", "PASS", math.Inf(1), math.NaN(), 1e308, uint64(0))
	f.Add("a\u2028b\x00]]>", "{{.}}", "whatever", -1e-300, 5e-324, -1.0, uint64(99))
	f.Fuzz(func(t *testing.T, name, reason, verdict string, effect, width, margin float64, shape uint64) {
		r := failing()
		r.Meta.Name, r.Meta.Link = name, reason
		r.Verdict.Verdict, r.Verdict.Limiting, r.Verdict.MinutesNeeded = canary.Outcome(verdict), name, width
		for i := range r.Verdict.Metrics {
			m := &r.Verdict.Metrics[i]
			m.Name, m.Reason, m.Verdict, m.Effect, m.MinEffect = name, reason, canary.Outcome(verdict), effect, margin
			m.Interval, m.LogP, m.NEff = [2]float64{effect - width, effect + width}, -width, margin
			q := &r.Request.Metrics[i]
			q.Name, q.StepSeconds = name, width
			q.Baseline, q.Canary = q.Baseline[:min(len(q.Baseline), int(shape%7))], append(q.Canary, effect, width, margin)
			if d := q.Distribution; d != nil && len(d.Canary) > 0 {
				d.Canary[0] = []float64{effect, width, margin}
				d.Bounds = d.Bounds[:shape%9]
			}
		}
		wellFormed(t, r)
	})
}

func wellFormed(t *testing.T, r *Report) {
	t.Helper()
	forms := map[Form][]byte{}
	for _, f := range Forms() {
		out, err := r.Render(f)
		if err != nil && f != Request { // Not every request can be judged again; it says so.
			t.Fatalf("%s: %v", f, err)
		}
		forms[f] = out
	}
	checkPage(t, forms[HTML])
	var suites junitSuites
	if err := xml.Unmarshal(forms[JUnit], &suites); err != nil {
		t.Errorf("junit: %v", err)
	}
	if s := suites.Suite; s.Tests != 1+len(r.Verdict.Metrics)+len(r.Verdict.Gates) || s.Tests != len(s.Cases) {
		t.Errorf("junit: %d tests, %d cases", s.Tests, len(s.Cases))
	}
	checkMarkdown(t, string(forms[Markdown]))
	for _, line := range strings.Split(strings.TrimSuffix(string(forms[GitHub]), "\n"), "\n") {
		if !regexp.MustCompile(`^(::(error|warning|notice) title=[^:,]*::[^\r\n]*|\d+ more do not pass.*)$`).MatchString(line) {
			t.Errorf("github: %q is not a command", line)
		}
	}
	if lines := strings.Count(string(forms[GitHubOutput]), "\n"); lines != 5 {
		t.Errorf("github-output: %d lines, want 5: %q", lines, forms[GitHubOutput])
	}
}

// allowed are the elements of a page; what else is there was smuggled in.
var (
	allowed = strings.Fields("html head meta title style body header main div p span b h1 h2 dl dt dd table thead tbody tr th td small a i details summary svg rect path figure figcaption pre code ul li")
	placed  = regexp.MustCompile(`^(left|width):[0-9.]+%(; transform:translateX\(-[0-9.]+%\))?$`)
	drawn   = regexp.MustCompile(`^[Mlhv0-9. -]*$`)
)

// checkPage reads the page as a tree that must close, of known elements with
// harmless attributes.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page does not parse: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			if !slices.Contains(allowed, e.Name.Local) {
				t.Errorf("the page has an element %q", e.Name.Local)
			}
			for _, a := range e.Attr {
				name, v := a.Name.Local, a.Value
				switch {
				case strings.HasPrefix(name, "on") || name == "src",
					name == "href" && !strings.HasPrefix(v, "#m"),
					name == "style" && !placed.MatchString(v),
					name == "d" && !drawn.MatchString(v),
					slices.Contains([]string{"x", "width"}, name) && strings.Trim(v, "0123456789.") != "":
					t.Errorf("<%s> has the attribute %s=%q", e.Name.Local, name, v)
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 {
		t.Errorf("%d elements are left open", depth)
	}
	if strings.Contains(string(page), "ZgotmplZ") {
		t.Error("the template refused a value")
	}
}

// checkMarkdown sees that nothing but our own tags is HTML, and that a row of a
// table stays one.
func checkMarkdown(t *testing.T, md string) {
	t.Helper()
	rest := regexp.MustCompile(`</?(code|details|summary|sub)>|\(<https?://[^<>\n]*>\)`).ReplaceAllString(md, "")
	if i := strings.IndexByte(rest, '<'); i >= 0 {
		t.Errorf("Markdown has HTML of its own: %q", rest[i:min(len(rest), i+60)])
	}
	for _, line := range strings.Split(md, "\n") {
		if n := strings.Count(line, "|"); strings.HasPrefix(line, "|") && n != 7 && n != 6 {
			t.Errorf("a row of %d bars: %q", n, line)
		}
	}
}
