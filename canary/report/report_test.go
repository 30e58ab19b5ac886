package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is rendered into testdata")

// Every form of every fixture, byte for byte. After a wanted change run it with
// -update, look at the pages, and commit only what you understand.
func TestGoldens(t *testing.T) {
	for name, r := range map[string]*Report{"fail": failing(), "inconclusive": waiting(), "pass": passing(), "nodata": empty()} {
		for form, suffix := range map[Form]string{HTML: "html", Markdown: "md", JUnit: "xml", GitHub: "github", GitHubOutput: "output"} {
			got, err := r.Render(form)
			if err != nil {
				t.Errorf("%s as %s: %v", name, form, err)
				continue
			}
			if again, _ := r.Render(form); !bytes.Equal(got, again) {
				t.Errorf("%s as %s: the same report gives other bytes", name, form)
			}
			file := filepath.Join("testdata", name+"."+suffix+".golden")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s: run with -update and look at it (-want +got)\n%s", file, diff)
			}
		}
	}
}

// A thousand metrics make a page of about a megabyte.
func TestSize(t *testing.T) {
	r := crowd(1000)
	page, err := r.Render(HTML)
	if err != nil {
		t.Fatal(err)
	}
	if len(page) > 1<<20 {
		t.Errorf("a page of 1,000 metrics has %d bytes, want at most %d", len(page), 1<<20)
	}
	if !bytes.Contains(page, []byte("800 more are in the table")) {
		t.Error("the page does not say that it leaves plots out")
	}
	if md, _ := r.Render(Markdown); len(md) > 65_536 {
		t.Errorf("Markdown of 1,000 metrics has %d bytes, more than GitHub takes", len(md))
	}
	t.Logf("%d bytes", len(page))
}
