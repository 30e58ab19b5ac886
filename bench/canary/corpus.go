package main

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// Real traces as healthy canaries: the baseline is an hour's worth of samples,
// the canary the same number right after it, the history a day's worth of the
// same comparison before. Whatever touches a labelled anomaly is left out, so
// every FAIL is false (as far as the labels go).

// trace is one real series with the samples people labelled as anomalous.
type trace struct {
	group string
	v     []float64
	bad   []bool
}

const (
	sideSamples = 60
	daySamples  = 1440
)

// placebos cuts a trace into canaries that do not overlap.
func (tr trace) placebos() []canary.Metric {
	var out []canary.Metric
	for at := daySamples + 2*sideSamples; at+sideSamples <= len(tr.v); at += 2 * sideSamples {
		from := at - daySamples - sideSamples
		if slices.Contains(tr.bad[from:at+sideSamples], true) {
			continue
		}
		out = append(out, canary.Metric{
			Name: "trace", StepSeconds: 60,
			Baseline: tr.v[at-sideSamples : at],
			Canary:   tr.v[at : at+sideSamples],
			History:  &canary.History{Baseline: tr.v[from : at-sideSamples], Canary: tr.v[from+sideSamples : at]},
		})
	}
	return out
}

// readCSV reads timestamp,value[,label] from a gzipped file.
func readCSV(path string) (times []time.Time, v []float64, bad []bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, nil, nil, err
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return times, v, bad, nil
		}
		if err != nil {
			return nil, nil, nil, err
		}
		x, err := strconv.ParseFloat(rec[1], 64)
		if err != nil {
			if rec[1] == "value" {
				continue
			}
			x = math.NaN()
		}
		at, _ := time.Parse("2006-01-02 15:04:05", rec[0])
		times, v = append(times, at), append(v, x)
		bad = append(bad, len(rec) > 2 && rec[2] != "0")
	}
}

// loadNAB reads the Numenta Anomaly Benchmark's real series; windows are
// anomalous.
func loadNAB(root string) ([]trace, error) {
	raw, err := os.ReadFile(filepath.Join(root, "nab", "combined_windows.json"))
	if err != nil {
		return nil, err
	}
	windows := map[string][][2]string{}
	if err := json.Unmarshal(raw, &windows); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(root, "nab", "data", "real*", "*.csv.gz"))
	if err != nil {
		return nil, err
	}
	var out []trace
	for _, p := range paths {
		times, v, bad, err := readCSV(p)
		if err != nil {
			return nil, err
		}
		group := filepath.Base(filepath.Dir(p))
		for _, w := range windows[group+"/"+strings.TrimSuffix(filepath.Base(p), ".gz")] {
			from, _ := time.Parse("2006-01-02 15:04:05.000000", w[0])
			to, _ := time.Parse("2006-01-02 15:04:05.000000", w[1])
			for i, t := range times {
				bad[i] = bad[i] || !t.Before(from) && !t.After(to)
			}
		}
		out = append(out, trace{"NAB " + strings.TrimPrefix(group, "real"), v, bad})
	}
	return out, nil
}

// loadWSD reads the first n series of the Web Service Dataset.
func loadWSD(root string, n int) ([]trace, error) {
	paths, err := filepath.Glob(filepath.Join(root, "wsd", "*.csv.gz"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var out []trace
	for _, p := range paths[:min(n, len(paths))] {
		if filepath.Base(p) == "manifest.csv.gz" {
			continue
		}
		_, v, bad, err := readCSV(p)
		if err != nil {
			return nil, err
		}
		out = append(out, trace{"WSD", v, bad})
	}
	return out, nil
}
