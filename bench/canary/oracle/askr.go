package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// The stream to R and back: little-endian, described at the top of search.R.

// answer is what R says of a case. A side it refuses is NaN.
type answer struct {
	low, high, estimate float64
	kept                float64   // The estimate with the continuity correction kept.
	proof               []float64 // Interval and estimate of wilcox.test, for leading cases.
}

// askR runs one batch.
func askR(dir, script string, ps []pair, proofs int) ([]answer, error) {
	var b bytes.Buffer
	for _, p := range ps {
		for _, n := range []int{len(p.x), len(p.y)} {
			b.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
		}
		for _, side := range [][]float64{{p.level}, p.x, p.y} {
			for _, v := range side {
				b.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
			}
		}
	}
	in, out := filepath.Join(dir, "batch"), filepath.Join(dir, "answers")
	if err := os.WriteFile(in, b.Bytes(), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command("Rscript", "--vanilla", script, in, out, strconv.Itoa(proofs), filepath.Join(dir, "version"))
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("cannot run Rscript %s: %w; run this from the root of the repository", script, err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	take := func() float64 {
		v := math.Float64frombits(binary.LittleEndian.Uint64(data))
		data = data[8:]
		return v
	}
	as := make([]answer, len(ps))
	for i := range as {
		fields := 4
		if i < proofs {
			fields = 7
		}
		if len(data) < 8*fields {
			return nil, fmt.Errorf("cannot read R's answers: they end at case %d of %d", i, len(ps))
		}
		as[i] = answer{low: take(), high: take(), estimate: take(), kept: take()}
		for range fields - 4 {
			as[i].proof = append(as[i].proof, take())
		}
	}
	return as, nil
}

// writeSample keeps leading cases with R's answers as a test table.
func writeSample(path string, ps []pair, as []answer, version string) error {
	type row struct {
		Kind  string    `json:"kind"`
		Level float64   `json:"level"`
		X     []float64 `json:"x"`
		Y     []float64 `json:"y"`
		R     []float64 `json:"r"` // Low, high, estimate, estimate with the correction kept.
	}
	var rows []row
	for i := 0; i < len(ps) && len(rows) < 300; i++ {
		a := as[i]
		if math.IsNaN(a.low+a.high+a.estimate+a.kept) || len(ps[i].x)+len(ps[i].y) > 130 {
			continue
		}
		rows = append(rows, row{ps[i].kind, ps[i].level, ps[i].x, ps[i].y, []float64{a.low, a.high, a.estimate, a.kept}})
	}
	head, err := json.Marshal(version)
	if err != nil {
		return err
	}
	b := append([]byte(`{"source":"go run ./bench/canary/oracle -sample","version":`), head...)
	b = append(b, `,"cases":[`...)
	for i, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, '\n'), line...)
	}
	return os.WriteFile(path, append(b, "\n]}\n"...), 0o644)
}
