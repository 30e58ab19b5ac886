package offline

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// table is a wide CSV of one row a minute.
func table(header string, rows int, row func(i int) []float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "timestamp,%s\n", header)
	for i := range rows {
		fmt.Fprintf(&b, "%d", 1_767_225_600+60*i)
		for _, v := range row(i) {
			if math.IsNaN(v) {
				b.WriteByte(',')
				continue
			}
			fmt.Fprintf(&b, ",%g", v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestShippedDetectors runs each detector in deploy/detectors over a fault it
// is for and over the same without the fault.
func TestShippedDetectors(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 11))
	errors, requests := 0.0, 0.0
	traffic := func(i int) float64 { return 6000 * (2 + math.Sin(float64(i)/200)) }
	count := func(mean float64) float64 { return math.Max(0, math.Round(mean+math.Sqrt(mean)*chance.NormFloat64())) }
	for _, c := range []struct {
		file, header string
		rows         int
		row          func(i int) []float64
		want         []string // What is told, in order; sentences up to their numbers.
	}{
		{"queue_stuck.yaml", `"queue_depth{queue=""mail""}","queue_depth{queue=""idle""}"`, 300, func(i int) []float64 {
			if i >= 200 && i < 240 {
				return []float64{17, 0}
			}
			return []float64{float64(i % 7), 0}
		}, []string{
			`2026-01-01T03:31:00Z  opened: queue_depth{queue="mail"}: detector queue_stuck: 17 wait, no change for 10 minutes.`,
			`2026-01-01T04:04:00Z  closed: queue_depth{queue="mail"}: detector queue_stuck finds nothing any more.`,
		}},
		{"error_ratio.yaml", `"http_errors_total{service=""cart""}","http_requests_total{service=""cart"",pod=""a""}"`, 1500, func(i int) []float64 {
			share := .01
			if i >= 1400 && i < 1420 {
				share = .05
			}
			requests += count(traffic(i))
			errors += count(traffic(i) * share)
			return []float64{errors, requests}
		}, []string{
			`2026-01-01T23:20:00Z  opened: http_errors_total{service="cart"}: detector error_ratio: `,
			`2026-01-01T23:44:00Z  closed: http_errors_total{service="cart"}: detector error_ratio finds nothing any more.`,
		}},
		{"disk_full.yaml", `"node_filesystem_avail_bytes{mountpoint=""/"",fstype=""ext4""}","node_filesystem_avail_bytes{mountpoint=""/run"",fstype=""tmpfs""}"`, 600, func(i int) []float64 {
			left := 100e9 - 1e6*float64(i)
			if i > 300 {
				left -= 300e6 * float64(min(i, 500)-300)
			}
			return []float64{left + 1e6*chance.NormFloat64(), 1e9 - 1e6*float64(i)}
		}, []string{
			`opened: node_filesystem_avail_bytes{fstype="ext4",mountpoint="/"}: detector disk_full: full in 3.`,
			`closed: node_filesystem_avail_bytes{fstype="ext4",mountpoint="/"}: detector disk_full finds nothing any more.`,
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			src := table(c.header, c.rows, c.row)
			var out bytes.Buffer
			err := CheckDetectors(context.Background(), []string{filepath.Join("..", "..", "deploy", "detectors", c.file)},
				[]Input{{Name: "t.csv", R: strings.NewReader(src)}}, DetectOptions{}, &out)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "2026-") {
					told = append(told, strings.TrimSpace(line))
				}
			}
			if len(told) != len(c.want) {
				t.Fatalf("told %d things, want %d:\n%s", len(told), len(c.want), out.String())
			}
			for i, want := range c.want {
				if !strings.Contains(told[i], want) {
					t.Errorf("told %q, want %q in it", told[i], want)
				}
			}
		})
	}
}

const twoDetectors = `name: high
match: a
evidence: 'value > 10 ? bar : 0'
reason: '"it is " + text(value)'
---
name: beside
match: a
with:
  other: {match: b, on: []}
evidence: 'value > other ? bar : 0'
`

// TestDetectorColumns pins the three outputs of a user's detector.
func TestDetectorColumns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.yaml")
	if err := os.WriteFile(file, []byte(twoDetectors), 0o600); err != nil {
		t.Fatal(err)
	}
	detectors, err := LoadDetectors([]string{file, file}, "")
	if err != nil {
		t.Fatal(err)
	}
	src := "time,a,b\n2026-01-01 00:00:00,1,5\n2026-01-01 00:01:00,20,5\n2026-01-01 00:02:00,2,50\n"
	var out, notes bytes.Buffer
	run := func(form Format) string {
		out.Reset()
		notes.Reset()
		o := DetectOptions{Output: form, Detectors: detectors, ReadOptions: ReadOptions{Notes: &notes}}
		if err := Detect(context.Background(), []Input{{Name: "t.csv", R: strings.NewReader(src)}}, o, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	var ours []string
	for line := range strings.Lines(run(CSV)) {
		if strings.Contains(line, "detector/") {
			ours = append(ours, strings.TrimSpace(line))
		}
	}
	want := []string{
		"2026-01-01 00:00:00,detector/high of a,1,0,0,1,1,1,0",
		"2026-01-01 00:01:00,detector/high of a,20,3.1583624920952498,3.1583624920952498,20,20,20,1",
		"2026-01-01 00:00:00,detector/beside of a,1,0,0,1,1,1,0",
		"2026-01-01 00:02:00,detector/high of a,2,0,0,2,2,2,1",
		"2026-01-01 00:01:00,detector/beside of a,20,3.1583624920952498,3.1583624920952498,20,20,20,1",
		"2026-01-01 00:02:00,detector/beside of a,2,0,0,2,2,2,1",
	}
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Errorf("csv (-want +got):\n%s", diff)
	}
	if got := notes.String(); !strings.Contains(got, "note: detector high version 1: running, 1 series, 1 open, 3 samples judged") {
		t.Errorf("notes:\n%s", got)
	}
	if got := run(JSON); strings.Count(got, `"kind": "custom"`) != 2 || !strings.Contains(got, `"name": "detector/beside of a"`) {
		t.Errorf("json:\n%s", got)
	}
	if got := run(Text); strings.Count(got, "reason: it is 20") != 1 {
		t.Errorf("text:\n%s", got)
	}
}

func TestLoadDetectorsTellsEveryFault(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]string{"a.yaml": "name: x\nmatch: a\nscore: valu\n", "b.yaml": "name: x\n", "c.yaml": "name: y\nmatch: a\nscore: value\n", "d.yaml": "name: y\nmatch: a\nscore: value\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := LoadDetectors([]string{"[", "*.yaml", "no*.yml"}, dir)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`did you mean "value"?`, "b.yaml", `"x" does not say which series`, "no file matches", "syntax error in pattern", `two detectors named "y"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}
