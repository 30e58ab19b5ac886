// Package corpus reads the public labelled series the detection bench measures
// on. It reads them from a folder the user names; nothing is copied into the
// project, because part of the data carries no licence to redistribute.
//
// It refuses to mend the data: rows come out as they are in the file, and only
// NaN rows (no sample) are left out, with their labels.
package corpus

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Series is one labelled series.
type Series struct {
	Name   string
	T      []int64   // Unix milliseconds.
	V      []float64 // Values, without NaN.
	Label  []bool    // True where the data's owner says "anomalous"; nil for NAB.
	From   int       // Index of the first row that is scored; earlier rows are history.
	StepMS int64     // The usual distance between rows.

	Windows [][2]int64 // NAB only: scoring windows, Unix milliseconds, both ends inside.
}

// Days returns the scored span in days.
func (s *Series) Days() float64 {
	return float64(int64(len(s.T)-s.From)*s.StepMS) / 86400e3
}

// Sets says which public sets are read, and where they come from.
const Sets = `nab    numenta/NAB at ea702d7: data/<group>/<file>.csv.gz, combined_windows.json;
       optional: its folder results at nab/results, or named in BELLWETHER_NAB_RESULTS
aiops  AIOps Challenge 2018 KPIs, CSTCloudOps/datasets at 0c6dfa1, UTS/AIOPS
wsd    web service KPIs, alumik/AnoTransfer-data at 35d633b, real-world/
ucr    UCR anomaly archive, CSTCloudOps/datasets at 0c6dfa1, UTS/UCR
tods   TODS synthetic outliers, CSTCloudOps/datasets at 0c6dfa1, UTS/TODS
tcpd   Turing Change Point Dataset, alan-turing-institute/TCPD at 83b3039: series/*.json.gz, annotations.json;
       optional: perf-cpd, tests of mongodb/signal-processing-algorithms and apache/otava`

// KPI reads dir/<name>/*.csv.gz with the columns timestamp (Unix seconds),
// value, label, as AIOPS, WSD and TODS are laid out. The second half of each
// series is scored.
func KPI(dir, name string) ([]Series, error) {
	paths, err := filepath.Glob(filepath.Join(dir, name, "*.csv.gz"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("cannot read set %q: no *.csv.gz in %s; the bench wants\n%s", name, filepath.Join(dir, name), Sets)
	}
	out := make([]Series, 0, len(paths))
	for _, p := range paths {
		s := Series{Name: strings.TrimSuffix(filepath.Base(p), ".csv.gz")}
		err := rows(p, func(rec []string) error {
			t, err := strconv.ParseFloat(rec[0], 64)
			if err != nil {
				return err
			}
			v, err := strconv.ParseFloat(rec[1], 64)
			if err != nil || math.IsNaN(v) {
				return nil // A missing value is no sample.
			}
			s.T, s.V = append(s.T, int64(t*1000)), append(s.V, v)
			s.Label = append(s.Label, rec[2] == "1" || rec[2] == "1.0")
			return nil
		})
		if err != nil {
			return nil, err
		}
		s.StepMS, s.From = step(s.T), len(s.T)/2
		out = append(out, s)
	}
	return out, nil
}

// NAB reads the Numenta Anomaly Benchmark: every file with its windows. The
// first min(15 %, 750) rows are probation and are not scored.
func NAB(dir string) ([]Series, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "nab", "combined_windows.json"))
	if err != nil {
		return nil, fmt.Errorf("cannot read set \"nab\": %w; the bench wants\n%s", err, Sets)
	}
	var windows map[string][][2]string
	if err := json.Unmarshal(raw, &windows); err != nil {
		return nil, fmt.Errorf("cannot read nab/combined_windows.json: %w", err)
	}
	names := make([]string, 0, len(windows))
	for n := range windows {
		names = append(names, n)
	}
	slices.Sort(names)
	out := make([]Series, 0, len(names))
	for _, n := range names {
		s := Series{Name: n}
		for _, w := range windows[n] {
			a, errA := nabTime(w[0])
			b, errB := nabTime(w[1])
			if err := errors.Join(errA, errB); err != nil {
				return nil, fmt.Errorf("cannot read window of %s: %w", n, err)
			}
			s.Windows = append(s.Windows, [2]int64{a, b})
		}
		err := rows(filepath.Join(dir, "nab", "data", n+".gz"), func(rec []string) error {
			t, err := nabTime(rec[0])
			if err != nil {
				return err
			}
			v, err := strconv.ParseFloat(rec[1], 64)
			s.T, s.V = append(s.T, t), append(s.V, v)
			return err
		})
		if err != nil {
			return nil, err
		}
		s.StepMS = step(s.T)
		s.From = min(15*len(s.T)/100, 750)
		out = append(out, s)
	}
	return out, nil
}

// nabTime reads a timestamp of the Numenta benchmark as Unix milliseconds.
func nabTime(s string) (int64, error) {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	return t.UnixMilli(), err
}

// UCR reads the UCR archive: values only, so rows are laid one minute apart.
// The rows after train_points are scored; Label marks the one anomaly.
func UCR(dir string) ([]Series, error) {
	var out []Series
	err := rows(filepath.Join(dir, "ucr", "manifest.csv"), func(rec []string) error {
		s := Series{Name: rec[0], StepMS: 60_000}
		var n [3]int
		for i := range n {
			v, err := strconv.Atoi(rec[2+i])
			if err != nil {
				return err
			}
			n[i] = v
		}
		f, err := open(filepath.Join(dir, "ucr", rec[0]+".csv.gz"))
		if err != nil {
			return err
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		for sc.Scan() {
			v, err := strconv.ParseFloat(strings.TrimSpace(sc.Text()), 64)
			if err != nil {
				continue
			}
			i := len(s.V)
			s.V, s.T = append(s.V, v), append(s.T, int64(i)*s.StepMS)
			s.Label = append(s.Label, i >= n[1] && i <= n[2])
		}
		s.From = n[0]
		out = append(out, s)
		return sc.Err()
	})
	return out, err
}

// open opens a file, through gzip if its name ends in .gz.
func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read corpus file: %w", err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot read corpus file %s: %w", path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// rows calls f for every record after the header.
func rows(path string, f func([]string) error) error {
	r, err := open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	c := csv.NewReader(r)
	c.ReuseRecord = true
	for line := 1; ; line++ {
		rec, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil && line > 1 {
			err = f(rec)
		}
		if err != nil {
			return fmt.Errorf("cannot read %s line %d: %w", path, line, err)
		}
	}
}

// header returns the first record of a csv file.
func header(path string) ([]string, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	rec, err := csv.NewReader(r).Read()
	if err != nil {
		return nil, fmt.Errorf("cannot read header of %s: %w", path, err)
	}
	return rec, nil
}

// step returns the median distance of t.
func step(t []int64) int64 {
	d := make([]int64, 0, len(t))
	for i := 1; i < len(t); i++ {
		if t[i] > t[i-1] {
			d = append(d, t[i]-t[i-1])
		}
	}
	if len(d) == 0 {
		return 1000
	}
	slices.Sort(d)
	return d[len(d)/2]
}
