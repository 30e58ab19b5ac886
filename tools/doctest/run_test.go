//go:build unix

package doctest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o777); err != nil {
		t.Fatal(err)
	}
}

// TestRun runs a page whose every command must succeed: the tree is there, the
// binary is on PATH, files stay between blocks, hidden blocks run.
func TestRun(t *testing.T) {
	root := t.TempDir()
	write(t, root, "examples/cpu.csv", "time,cpu\n")
	write(t, root, "tools/tool", "#!/bin/sh\necho \"tool $*\"\n")
	d, errs := Parse("p.md", `
<!-- test: run
echo hidden > made
-->
`+"```sh"+`
cat made examples/cpu.csv
tool x
echo noise >&2
`+"```"+`
<!-- test: output -->
`+"```text"+`
hidden
...
tool x
`+"```"+`
<!-- test: exit=20 -->
`+"```sh"+`
exit 20
`+"```"+`
`)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	Runner{Root: root, Bin: filepath.Join(root, "tools")}.Run(t, d)
	if _, err := os.Stat(filepath.Join(root, "made")); err == nil {
		t.Error("a page wrote into the tree")
	}
}

// TestForegroundRefuses shows that each expectation can fail.
func TestForegroundRefuses(t *testing.T) {
	f := func(want string, b Block) {
		t.Helper()
		if b.Timeout == 0 {
			b.Timeout = time.Minute
		}
		err := Runner{}.foreground(b, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q in it", b, err, want)
		}
	}
	f("exit code 1, want 0", Block{Script: "false\necho not reached"})
	f("exit code 0, want 20", Block{Script: "true", Exit: 20})
	f("not what the page shows", Block{Script: "echo a", Output: text("b")})
	f("said so", Block{Script: "echo said so >&2; false"})
	f("not done after", Block{Script: "sleep 60", Timeout: 50 * time.Millisecond})
	f("exit code 127", Block{Script: "no-such-program"})
}

func TestUnwanted(t *testing.T) {
	if why := (Block{Skip: "a reason"}).unwanted(); why != "a reason" {
		t.Errorf("a block to skip: %q", why)
	}
	if why := (Block{Needs: "sh"}).unwanted(); why != "" {
		t.Errorf("a block to run: %q", why)
	}
	t.Setenv(RequireEnv, "")
	if why := (Block{Needs: "no-such-program"}).unwanted(); !strings.Contains(why, "make servers") {
		t.Errorf("a missing program: %q", why)
	}
	t.Setenv(RequireEnv, "1")
	if why := (Block{Needs: "no-such-program"}).unwanted(); why != "" {
		t.Errorf("a missing program is skipped although required: %q", why)
	}
}

// TestBackground starts a block that lives until the page ends, and sees that
// it was stopped, by what it wrote on SIGTERM.
func TestBackground(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	ready := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer ready.Close()

	mark := filepath.Join(t.TempDir(), "stopped")
	script := fmt.Sprintf("trap 'echo yes > %s; exit 0' TERM\nwhile :; do sleep 0.05; done", mark)
	t.Run("page", func(t *testing.T) {
		Runner{Root: t.TempDir()}.Run(t, Document{Name: "p.md", Blocks: []Block{
			{Line: 1, Script: script, Until: ready.URL, Timeout: time.Minute},
			{Line: 2, Script: "test ! -e " + mark, Timeout: time.Minute},
		}})
	})
	if _, err := os.Stat(mark); err != nil {
		t.Error("the background block was not stopped at the end of the page")
	}

	never := make(chan struct{})
	if err := await(web.URL, 100*time.Millisecond, never); err == nil {
		t.Error("404 counts as ready")
	}
	ended := make(chan struct{})
	close(ended)
	if err := await(web.URL, time.Minute, ended); err == nil || !strings.Contains(err.Error(), "ended before") {
		t.Errorf("a process that ended: %v", err)
	}
}

func TestCheckLinks(t *testing.T) {
	root := t.TempDir()
	write(t, root, "docs/a.md", "# One thing\n## Two, three\n")
	write(t, root, "LICENSE", "")
	d, errs := Parse("docs/b.md", `# Here
[ok](a.md) [ok](a.md#two-three) [ok](../LICENSE) [ok](/LICENSE) [ok](#here) [ok](https://example.org/x)
[bad](c.md) [bad](a.md#four) [bad](#there)
<img src="pic.png">
`)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var got []string
	for _, err := range d.CheckLinks(root) {
		got = append(got, err.Error())
	}
	want := `docs/b.md:3: link to c.md: there is no such file
docs/b.md:3: link to a.md#four: there is no such heading
docs/b.md:3: link to #there: there is no such heading
docs/b.md:4: link to pic.png: there is no such file`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
