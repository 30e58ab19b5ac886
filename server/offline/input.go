package offline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// Inputs are opened here, and the form of each is found from its first bytes,
// never from its name: gzip by its magic number, JSON by an opening brace,
// OpenMetrics by a comment line, CSV otherwise.

// OpenInputs opens the named files; "-" is stdin. A file named twice is an
// error, since its samples would count twice. The returned function closes
// them.
func OpenInputs(paths []string, stdin io.Reader) ([]Input, func() error, error) {
	var inputs []Input
	var files []*os.File
	closeAll := func() error {
		var errs []error
		for _, f := range files {
			errs = append(errs, f.Close())
		}
		return errors.Join(errs...)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[path] {
			return nil, nil, errors.Join(fmt.Errorf("cannot read %s: it is named twice; name each file once", path), closeAll())
		}
		seen[path] = true
		if path == "-" {
			inputs = append(inputs, Input{Name: "stdin", R: stdin})
			continue
		}
		in, f, err := openFile(path)
		if err != nil {
			return nil, nil, errors.Join(err, closeAll())
		}
		inputs, files = append(inputs, in), append(files, f)
	}
	return inputs, closeAll, nil
}

func openFile(path string) (Input, *os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return Input{}, nil, fmt.Errorf("cannot open %s: %w; name a file, or - for standard input", path, errors.Unwrap(err))
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		if err == nil {
			err = fmt.Errorf("cannot read %s: it is a directory; name the files in it", path)
		}
		return Input{}, nil, errors.Join(err, f.Close())
	}
	in := Input{Name: path, R: f}
	if info.Mode().IsRegular() {
		in.Size = info.Size()
	}
	return in, f, nil
}

// NewReader reads inputs one after the other.
func NewReader(inputs []Input, o ReadOptions) Reader {
	n := newNotes(o.Notes)
	return &chainReader{inputs: inputs, set: newSeriesSet(n), notes: n, options: o}
}

// chainReader opens the reader of each input when its turn comes.
type chainReader struct {
	inputs  []Input
	set     *seriesSet
	notes   *notes
	options ReadOptions
	at      int
	open    Reader
}

// Next implements Reader.
func (c *chainReader) Next() (Row, error) {
	for {
		if c.open == nil {
			if c.at == len(c.inputs) {
				return Row{}, io.EOF
			}
			r, err := c.sniff(c.inputs[c.at])
			if err != nil {
				return Row{}, err
			}
			c.open = r
		}
		row, err := c.open.Next()
		if err == nil {
			return row, nil
		}
		if !errors.Is(err, io.EOF) {
			return Row{}, err
		}
		c.open = nil
		c.at++
	}
}

// unpack returns the text of an input: without gzip and byte order mark.
func unpack(in Input) (*bufio.Reader, error) {
	r := bufio.NewReaderSize(in.R, 1<<16)
	head, _ := r.Peek(4) // A short file gives a short head; reading errors show again below.
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("cannot unpack %s: %w", in.Name, err)
		}
		r = bufio.NewReaderSize(z, 1<<16)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xfd7zX")), bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return nil, fmt.Errorf("cannot read %s: it is compressed, and not by gzip; unpack it and pipe it to -", in.Name)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fmt.Errorf("cannot read %s: it is UTF-16 text; save it as UTF-8", in.Name)
	}
	if bom, _ := r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = r.Discard(3)
	}
	return r, nil
}

// sniff opens the reader of one input.
func (c *chainReader) sniff(in Input) (Reader, error) {
	r, err := unpack(in)
	if err != nil {
		return nil, err
	}
	f := from{file: c.at, name: in.Name, set: c.set, notes: c.notes}
	f.setPlace("line", c.options)
	first, err := firstByte(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", in.Name, err)
	case first == '{' || first == '[':
		f.setPlace("value", c.options)
		return newJSONReader(f, r), nil
	case first == '#':
		return newOpenMetricsReader(f, r), nil
	}
	return newCSVReader(f, r)
}

// firstByte looks at the first byte that is not white space, without taking
// it.
func firstByte(r *bufio.Reader) (byte, error) {
	for n := 64; n <= 4096; n *= 2 {
		head, err := r.Peek(n)
		if rest := bytes.TrimLeft(head, " \t\r\n"); len(rest) > 0 {
			return rest[0], nil
		}
		if errors.Is(err, io.EOF) {
			return 0, errors.New("it is empty; a header row and at least one row are needed")
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, errors.New("it starts with 4 kB of white space")
}
