package etsy

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed skyline.py votes.py timing.py
var scripts embed.FS

// Timing is what one evaluation by Etsy's code takes.
type Timing struct {
	Points int `json:"points"`
	// US is the CPU time in microseconds of each algorithm, and of the whole
	// evaluation under "all".
	US map[string]float64 `json:"us"`
}

// Time runs the algorithms of the clone of etsy/skyline on the cases, with
// python. It fails if python cannot import numpy, scipy, pandas and
// statsmodels. versions says what ran.
func Time(python, clone string, cases []Case) (timings []Timing, versions map[string]string, err error) {
	dir, err := os.MkdirTemp("", "etsy")
	if err != nil {
		return nil, nil, fmt.Errorf("cannot unpack scripts: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, scripts); err != nil {
		return nil, nil, fmt.Errorf("cannot unpack scripts: %w", err)
	}
	var in, out, complaint bytes.Buffer
	for _, c := range cases {
		in.Write(c.append(nil))
	}
	cmd := exec.Command(python, filepath.Join(dir, "timing.py"), clone)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &complaint
	if err := cmd.Run(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(complaint.Bytes()), []byte{'\n'})
		return nil, nil, fmt.Errorf("cannot run Etsy's code: %w: %s", err, lines[len(lines)-1])
	}
	d := json.NewDecoder(&out)
	if err := d.Decode(&versions); err != nil {
		return nil, nil, fmt.Errorf("cannot read timings: %w", err)
	}
	for range cases {
		var t Timing
		if err := d.Decode(&t); err != nil {
			return nil, nil, fmt.Errorf("cannot read timings: %w", err)
		}
		timings = append(timings, t)
	}
	return timings, versions, nil
}
