package kayenta

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// The offline half: files in, files out, for who moves from Kayenta. Results go
// to out, what was not carried over to notes, a line each.

// Form is how a document is written.
type Form string

// The forms of documents.
const (
	JSON     Form = "json"
	YAML     Form = "yaml"
	Text     Form = "text"
	Markdown Form = "markdown"
)

// Sides are the scopes of both sides as a command line gives them.
type Sides struct {
	ControlScope, ControlLocation       string
	ExperimentScope, ExperimentLocation string
}

// runDocument is the body of POST /v1/canaries.
type runDocument struct {
	Spec kayenta.RunSpec `json:"spec" yaml:"spec"`
}

// Import writes a canaryConfig as the body of POST /v1/canaries.
func Import(in io.Reader, sides Sides, form Form, out, notes io.Writer) error {
	data, err := readAll(in)
	if err != nil {
		return err
	}
	im, err := kayenta.ImportConfig(data, kayenta.Sides{
		Control:    kayenta.Scope{Scope: sides.ControlScope, Location: sides.ControlLocation},
		Experiment: kayenta.Scope{Scope: sides.ExperimentScope, Location: sides.ExperimentLocation},
	})
	if err != nil {
		return err
	}
	if err := tell(notes, im.Left); err != nil {
		return err
	}
	if len(im.Spec.Metrics) == 0 {
		return fmt.Errorf("cannot import canary config %q: not one of its metrics can be carried over; why is said above", im.Spec.Name)
	}
	return writeDocument(out, runDocument{im.Spec}, form)
}

// Export writes a run, as JSON or YAML, as a canaryConfig for a judge; empty is
// Kayenta's own. The scopes to run it with are notes.
func Export(in io.Reader, judge string, out, notes io.Writer) error {
	data, err := readAll(in)
	if err != nil {
		return err
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] != '{' {
		var doc any
		if err := yaml.Unmarshal(data, &doc); err != nil {
			return fmt.Errorf("cannot read run as YAML: %w", err)
		}
		if data, err = json.Marshal(doc); err != nil {
			return fmt.Errorf("cannot read run as YAML: %w", err)
		}
	}
	ex, err := kayenta.ExportConfig(data, judge)
	if err != nil {
		return err
	}
	if err := tell(notes, ex.Left); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(notes, "run it with controlScope %s and experimentScope %s\n", ex.Control, ex.Experiment); err != nil {
		return err
	}
	_, err = out.Write(append(ex.Config, '\n'))
	return err
}

// Compare judges a RemoteJudge request by both judges and writes where they
// differ and why.
func Compare(in io.Reader, form Form, out io.Writer) error {
	data, err := readAll(in)
	if err != nil {
		return err
	}
	req, err := kayenta.ParseRequest(data)
	if err != nil {
		return err
	}
	d, err := kayenta.Compare(req, kayenta.Options{})
	if err != nil {
		return err
	}
	text := d.Text()
	if form == Markdown {
		text = d.Markdown()
	}
	_, err = io.WriteString(out, text)
	return err
}

// maxDocument bounds a file.
const maxDocument = 256 << 20

// readAll reads a file, plain or compressed by gzip.
func readAll(in io.Reader) ([]byte, error) {
	r := bufio.NewReader(in)
	var from io.Reader = r
	if magic, err := r.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("cannot unpack: %w", err)
		}
		from = z
	}
	data, err := io.ReadAll(io.LimitReader(from, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("cannot read: longer than %d MiB", maxDocument>>20)
	}
	return data, nil
}

func tell(notes io.Writer, lines []string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintf(notes, "not carried over: %s\n", l); err != nil {
			return err
		}
	}
	return nil
}

func writeDocument(out io.Writer, doc any, form Form) error {
	if form == YAML {
		enc := yaml.NewEncoder(out)
		enc.SetIndent(2)
		if err := enc.Encode(doc); err != nil {
			return err
		}
		return enc.Close()
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
