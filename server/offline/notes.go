package offline

import (
	"fmt"
	"io"
)

// maxShown bounds how many bad rows of one input are named one by one; the
// rest are counted.
const maxShown = 5

// notes says on one writer what was ignored, skipped or assumed, each thing
// once. Results never go here.
type notes struct {
	w    io.Writer
	said map[string]bool
}

func newNotes(w io.Writer) *notes {
	if w == nil {
		w = io.Discard
	}
	return &notes{w: w, said: map[string]bool{}}
}

// say writes one note; a note already written is not written again.
func (n *notes) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n.said[text] {
		return
	}
	if len(n.said) < 10000 { // Beyond that, repeating is cheaper than remembering.
		n.said[text] = true
	}
	fmt.Fprintln(n.w, "note: "+text)
}

// rowCounter counts the rows of one input that share a fault: the first few
// are named with file and place, all are counted, and in strict mode the first
// ends the reading.
type rowCounter struct {
	file   string
	fate   string // What becomes of such a row: "skipped".
	place  string // What a place is: "line" of text, or "value" of a JSON document.
	strict bool
	notes  *notes
	count  int
}

func (c *rowCounter) add(at int, why error) error {
	if c.strict {
		return fmt.Errorf("cannot read %s, %s %d: %w", c.file, c.place, at, why)
	}
	c.count++
	if c.count <= maxShown {
		c.notes.say("%s, %s %d: %s: %v", c.file, c.place, at, c.fate, why)
	}
	return nil
}

// close says how many there were in all, if not all were named.
func (c *rowCounter) close() {
	if c.count > maxShown {
		c.notes.say("%s: %d %ss %s in all; --strict stops at the first", c.file, c.count, c.place, c.fate)
	}
}
