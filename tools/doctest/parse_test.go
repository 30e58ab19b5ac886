package doctest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func text(s string) *string { return &s }

const page = "# A page, with `code`\n" + `
Text with [a link](docs/x.md#part), ![a picture](pic.png "title"), and ` + "`[no](link)`" + `.

` + "```sh" + `
echo one
echo two
` + "```" + `

<!-- test: output -->
` + "```text" + `
one
...
` + "```" + `

<!-- test: exit=20 timeout=5s needs=prometheus -->

` + "```sh" + `
false
` + "```" + `
- in a list:
  ` + "```sh" + `
  indented
    more
  ` + "```" + `

<!-- test: run background until=http://localhost:1/ready
server &
-->
<!-- test: skip reason=takes an hour -->
` + "```sh" + `
make world
` + "```" + `
` + "```go" + `
not a command
` + "```" + `
[ref]: <other.md>
`

func TestParse(t *testing.T) {
	got, errs := Parse("page.md", page)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := Document{
		Name:     "page.md",
		Headings: []string{"a-page-with-code"},
		Links:    []Link{{3, "docs/x.md#part"}, {3, "pic.png"}, {37, "other.md"}},
		Blocks: []Block{
			{Line: 6, Script: "echo one\necho two", Timeout: time.Minute, Output: text("one\n...")},
			{Line: 19, Script: "false", Exit: 20, Timeout: 5 * time.Second, Needs: "prometheus"},
			{Line: 23, Script: "indented\n  more", Timeout: time.Minute},
			{Line: 28, Script: "server &\n", Timeout: time.Minute, Until: "http://localhost:1/ready"},
			{Line: 32, Script: "make world", Timeout: time.Minute, Skip: "takes an hour"},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseRefuses(t *testing.T) {
	f := func(want, src string) {
		t.Helper()
		_, errs := Parse("p.md", src)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("Parse(%q) = %v, want one error with %q", src, errs, want)
		}
	}
	f("p.md:1: a block marked bash", "```bash\nls\n```\n")
	f("p.md:2: a prompt", "```sh\n$ ls\n```\n")
	f("never closed", "```sh\nls\n")
	f("never closed", "<!-- test: run\nls\n")
	f("without a block", "<!-- test: exit=1 -->\nprose\n")
	f("without a block", "<!-- test: exit=1 -->\n")
	f("unknown word", "<!-- test: exot=1 -->\n```sh\nls\n```\n")
	f("cannot read \"exit=x\"", "<!-- test: exit=x -->\n```sh\nls\n```\n")
	f("needs its reason", "<!-- test: skip -->\n```sh\nls\n```\n")
	f("background needs until", "<!-- test: background -->\n```sh\nls\n```\n")
	f("output without", "<!-- test: output -->\n```text\nx\n```\n")
	f("not sh", "<!-- test: exit=1 -->\n```text\nx\n```\n")
	f("describes a text block", "<!-- test: output -->\n```sh\nx\n```\n")
	f("write <!-- test: run", "<!-- test: exit=1\nls -->\n```sh\nls\n```\n")
}

func TestMatches(t *testing.T) {
	f := func(ok bool, want, got string) {
		t.Helper()
		if matches(want, got) != ok {
			t.Errorf("matches(%q, %q) = %v", want, got, !ok)
		}
	}
	f(true, "a\nb", "a \nb\n\n")
	f(false, "a", "a\nb")
	f(true, "a\n...", "a\nb\nc")
	f(true, "...\nc", "a\nb\nc")
	f(true, "a\n...\nc", "a\nc")
	f(true, "...\nb\n...\nb\nd", "b\nb\nc\nb\nd")
	f(false, "a\n...\nd", "a\nb\nc")
	f(true, "took ... on ... cores", "took 3 s on 2 cores")
	f(false, "took ... on ... cores", "took 3 s")
	f(true, "x...", "x")
	f(false, "aa...aa", "aaa")
	f(true, "", "")
	f(false, "", "x")
}

func FuzzParse(f *testing.F) {
	f.Add(page)
	f.Add("```sh\n")
	f.Add("<!-- test: run -->\n")
	f.Add("~~~sh\nx\n~~~")
	f.Fuzz(func(t *testing.T, src string) {
		d, _ := Parse("p.md", src)
		lines := strings.Count(src, "\n") + 2
		for _, b := range d.Blocks {
			if b.Line < 1 || b.Line > lines || b.Timeout == 0 {
				t.Errorf("block %+v in %d lines", b, lines)
			}
		}
	})
}
