//go:build unix

package bellwether_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bellwether-ts/bellwether/tools/doctest"
)

// TestDocs executes the commands of every Markdown file with the binary built
// from this tree, and follows every link into it (tools/doctest says how a
// page states what it expects). Pages under third_party are not ours.
func TestDocs(t *testing.T) {
	var documents []doctest.Document
	commands := 0
	for _, name := range tracked(t) {
		if filepath.Ext(name) != ".md" || strings.HasPrefix(name, "third_party/") || strings.Contains(name, "/testdata/") {
			continue
		}
		src, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // Removed, not yet committed.
		}
		if err != nil {
			t.Fatal(err)
		}
		d, errs := doctest.Parse(name, string(src))
		for _, err := range append(errs, d.CheckLinks(".")...) {
			t.Error(err)
		}
		documents = append(documents, d)
		for _, b := range d.Blocks {
			if b.Skip == "" {
				commands++
			}
		}
	}
	if len(documents) == 0 {
		t.Fatal("found no Markdown file: the check looks at nothing")
	}
	if testing.Short() {
		t.Skip("-short: commands of the documentation are not run")
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	// A page has a home of its own; what Go has built and fetched it shares.
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, strings.TrimSpace(string(out)))
	}
	r := doctest.Runner{Root: root}
	if commands > 0 {
		r.Bin = binary(t)
	}
	for _, d := range documents {
		if len(d.Blocks) > 0 {
			t.Run(d.Name, func(t *testing.T) { r.Run(t, d) })
		}
	}
}

// binary builds bellwether and returns the folder that holds it.
func binary(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "bellwether"), "./cmd/bellwether").CombinedOutput()
	if err != nil {
		t.Fatalf("cannot build the binary the documentation talks about: %v\n%s", err, out)
	}
	return dir
}
