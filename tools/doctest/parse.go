package doctest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Document is what a Markdown file holds that can be tested.
type Document struct {
	Name     string
	Blocks   []Block
	Links    []Link
	Headings []string // As anchors, in GitHub's spelling.
}

// Block is one script to run, with what is expected of it.
type Block struct {
	Line    int // Of its first command.
	Script  string
	Skip    string        // Why it is not run; "" to run it.
	Exit    int           // The expected exit code.
	Until   string        // A URL; set for a block that runs in the background.
	Needs   string        // A program without which the block is skipped.
	Timeout time.Duration // For the block, or for Until to answer.
	Output  *string       // Expected standard output; nil for any.
}

// DefaultTimeout bounds a block that states none.
const DefaultTimeout = time.Minute

// Parse reads a Markdown file. It returns every error it finds, each with file
// and line.
func Parse(name, src string) (Document, []error) {
	p := parser{doc: Document{Name: name}, lines: strings.Split(strings.ReplaceAll(src, "\r\n", "\n"), "\n")}
	for p.next < len(p.lines) {
		p.line()
	}
	if p.pending != nil {
		p.fail(p.pendingAt, "a test comment without a block after it")
	}
	return p.doc, p.errs
}

// parser walks the lines; pending is a directive waiting for its block.
type parser struct {
	doc       Document
	lines     []string
	next      int
	pending   *directive
	pendingAt int
	errs      []error
}

func (p *parser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.doc.Name, line, fmt.Sprintf(format, args...)))
}

// line takes one line of prose, or a whole comment or fenced block.
func (p *parser) line() {
	at := p.next + 1
	text := p.lines[p.next]
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "<!-- test:"):
		p.comment(at)
		return
	case strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~"):
		p.fence(at, trimmed)
		return
	case trimmed != "" && p.pending != nil:
		p.fail(p.pendingAt, "a test comment without a block after it")
		p.pending = nil
	}
	if strings.HasPrefix(text, "#") {
		p.doc.Headings = append(p.doc.Headings, anchor(strings.TrimLeft(text, "# ")))
	}
	p.doc.Links = append(p.doc.Links, links(at, text)...)
	p.next++
}

// comment reads <!-- test: ... -->, over several lines for a hidden block.
func (p *parser) comment(at int) {
	var body []string
	closed := false
	for ; p.next < len(p.lines) && !closed; p.next++ {
		text := p.lines[p.next]
		if before, _, ok := strings.Cut(text, "-->"); ok {
			text, closed = before, true
		}
		body = append(body, text)
	}
	if !closed {
		p.fail(at, "a test comment that is never closed with -->")
		return
	}
	head := strings.TrimPrefix(strings.TrimSpace(body[0]), "<!-- test:")
	d, err := parseDirective(head)
	if err != nil {
		p.fail(at, "%v", err)
		return
	}
	script := strings.Join(body[1:], "\n")
	switch {
	case d.run:
		p.add(Block{Line: at + 1, Script: script}, &d, at)
	case strings.TrimSpace(script) != "":
		p.fail(at, "commands in a test comment: write <!-- test: run")
	default:
		p.pending, p.pendingAt = &d, at
	}
}

// fence reads a fenced block and decides what it is.
func (p *parser) fence(at int, opening string) {
	mark := opening[:len(opening)-len(strings.TrimLeft(opening, opening[:1]))]
	language, _, _ := strings.Cut(strings.TrimSpace(opening[len(mark):]), " ")
	indent := p.lines[p.next][:strings.Index(p.lines[p.next], mark)]
	var body []string
	closed := false
	for p.next++; p.next < len(p.lines) && !closed; p.next++ {
		text := strings.TrimPrefix(p.lines[p.next], indent)
		if closed = strings.TrimSpace(text) == mark; !closed {
			body = append(body, text)
		}
	}
	d := p.pending
	p.pending = nil
	text := strings.Join(body, "\n")
	switch {
	case !closed:
		p.fail(at, "a block that is never closed with %s", mark)
	case slices.Contains([]string{"bash", "shell", "console", "shell-session", "zsh"}, language):
		p.fail(at, "a block marked %s is not run: mark it sh and write commands without prompt and output", language)
	case language == "sh":
		p.add(Block{Line: at + 1, Script: text}, d, at)
	case d != nil && d.output:
		p.output(at, text)
	case d != nil:
		p.fail(p.pendingAt, "a test comment before a block that is not sh (only output may stand before text)")
	}
}

// add appends a block with the attributes of its directive.
func (p *parser) add(b Block, d *directive, at int) {
	b.Timeout = DefaultTimeout
	if d != nil {
		if d.output {
			p.fail(at, "output describes a text block, not commands")
		}
		d.apply(&b)
	}
	for i, line := range strings.Split(b.Script, "\n") {
		if strings.HasPrefix(line, "$ ") {
			p.fail(b.Line+i, "a prompt before a command: write only what is typed")
		}
	}
	p.doc.Blocks = append(p.doc.Blocks, b)
}

// output gives the last block its expected output.
func (p *parser) output(at int, text string) {
	if len(p.doc.Blocks) == 0 {
		p.fail(at, "output without a sh block before it")
		return
	}
	last := &p.doc.Blocks[len(p.doc.Blocks)-1]
	if last.Output != nil || last.Until != "" {
		p.fail(at, "the block before has its output already, or runs in the background")
		return
	}
	last.Output = &text
}

// directive is the head of a test comment.
type directive struct {
	run, output, background bool
	block                   Block // Only the attributes.
}

// apply copies what the directive says onto a block.
func (d *directive) apply(b *Block) {
	b.Skip, b.Exit, b.Until, b.Needs = d.block.Skip, d.block.Exit, d.block.Until, d.block.Needs
	if d.block.Timeout > 0 {
		b.Timeout = d.block.Timeout
	}
}

func parseDirective(head string) (directive, error) {
	var d directive
	skip := false
	rest := strings.TrimSpace(head)
	for rest != "" {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		rest = strings.TrimSpace(rest)
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "run":
			d.run = true
		case "output":
			d.output = true
		case "background":
			d.background = true
		case "skip":
			skip = true
		case "reason":
			d.block.Skip = strings.TrimSpace(value + " " + rest)
			rest = ""
		case "until":
			d.block.Until = value
		case "needs":
			d.block.Needs = value
		case "exit":
			d.block.Exit, err = strconv.Atoi(value)
		case "timeout":
			d.block.Timeout, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("unknown word; there are run, output, background, until=, skip, reason=, needs=, exit=, timeout=")
		}
		if err != nil {
			return d, fmt.Errorf("cannot read %q in a test comment: %w", word, err)
		}
	}
	switch {
	case skip != (d.block.Skip != ""):
		return d, fmt.Errorf("a skip needs its reason, and a reason its skip: <!-- test: skip reason=... -->")
	case d.background != (d.block.Until != ""):
		return d, fmt.Errorf("background needs until, and until background: <!-- test: background until=http://... -->")
	}
	return d, nil
}
