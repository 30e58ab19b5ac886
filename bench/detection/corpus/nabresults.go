package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The published results of the Numenta Anomaly Benchmark: for every detector
// of its scoreboard the anomaly score of every row, and the final scores
// computed from them. A scorer that reads the first must reproduce the second.

// NABResultsSource says where the published results come from.
const NABResultsSource = "the folder results of numenta/NAB (results/<detector>/<group>/<detector>_<file>.csv, results/final_results.json); " +
	"name it in BELLWETHER_NAB_RESULTS, or put it at nab/results in BELLWETHER_CORPUS"

// ErrNoNABResults says that the published results are not there.
var ErrNoNABResults = errors.New("no published results of the Numenta benchmark: wanted is " + NABResultsSource)

// nabProfiles are the names of the application profiles, in the order standard,
// low false positives, low false negatives.
var nabProfiles = [3]string{"standard", "reward_low_FP_rate", "reward_low_FN_rate"}

// NABPublishedProfile is what was published of one detector in one profile.
type NABPublishedProfile struct {
	Final     float64 // Of final_results.json; NaN where it does not list the detector.
	Threshold float64 // The threshold the benchmark chose.
	FP        int     // Rows outside every window at that threshold.
	Files     int     // Files the published sum covers: 58, or the sum is of an older corpus.
}

// NABDetector is a detector of the scoreboard. Profiles are in the order
// standard, low false positives, low false negatives.
type NABDetector struct {
	Name     string
	Profiles [3]NABPublishedProfile
	Rows     [][]float64 // The column anomaly_score.
}

// NABResultsDir returns the folder of published results: named, if it is not
// empty, else nab/results in the corpus folder dir. ErrNoNABResults if there
// is none.
func NABResultsDir(named, dir string) (string, error) {
	if named == "" {
		if dir == "" {
			return "", ErrNoNABResults
		}
		named = filepath.Join(dir, "nab", "results")
		if _, err := os.Stat(named); errors.Is(err, fs.ErrNotExist) {
			return "", ErrNoNABResults
		}
	}
	return named, nil
}

// NABPublished reads the published results of every detector in the folder
// results, in order of name. Rows[i] of a detector belongs to set[i], row by
// row; a file whose timestamps are not those of the series is an error. Their
// order may differ: one detector had its rows sorted where a clock went back.
func NABPublished(results string, set []Series) ([]NABDetector, error) {
	raw, err := os.ReadFile(filepath.Join(results, "final_results.json"))
	if err != nil {
		return nil, fmt.Errorf("cannot read published results: %w; wanted is %s", err, NABResultsSource)
	}
	var final map[string]map[string]float64
	if err := json.Unmarshal(raw, &final); err != nil {
		return nil, fmt.Errorf("cannot read final_results.json: %w", err)
	}
	entries, err := os.ReadDir(results)
	if err != nil {
		return nil, fmt.Errorf("cannot read published results: %w", err)
	}
	var out []NABDetector
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		d := NABDetector{Name: e.Name(), Rows: make([][]float64, len(set))}
		for i, profile := range nabProfiles {
			if d.Profiles[i], err = nabTotals(results, d.Name, profile); err != nil {
				return nil, err
			}
			if f, ok := final[d.Name][profile]; ok {
				d.Profiles[i].Final = f
			}
		}
		for i := range set {
			if d.Rows[i], err = nabRows(results, d.Name, &set[i]); err != nil {
				return nil, err
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// nabRows reads the column anomaly_score of one detector on one series.
func nabRows(results, detector string, s *Series) ([]float64, error) {
	group, file, _ := strings.Cut(s.Name, "/")
	path := filepath.Join(results, detector, group, detector+"_"+file)
	head, err := header(path)
	if err != nil {
		return nil, err
	}
	at := slices.Index(head, "anomaly_score")
	if at < 0 {
		return nil, fmt.Errorf("cannot read %s: no column anomaly_score", path)
	}
	out, times := make([]float64, 0, len(s.T)), make([]int64, 0, len(s.T))
	err = rows(path, func(rec []string) error {
		t, err := nabTime(rec[0])
		if err != nil {
			return err
		}
		x, err := strconv.ParseFloat(rec[at], 64)
		out, times = append(out, x), append(times, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(times)
	if !slices.Equal(times, slices.Sorted(slices.Values(s.T))) {
		return nil, fmt.Errorf("cannot read %s: its timestamps are not those of the data; use results and data of one version", path)
	}
	return out, nil
}

// nabTotals reads the threshold and the counts of one detector and profile:
// one line a file, and their sum.
func nabTotals(results, detector, profile string) (NABPublishedProfile, error) {
	out := NABPublishedProfile{Final: math.NaN()}
	path := filepath.Join(results, detector, detector+"_"+profile+"_scores.csv")
	err := rows(path, func(rec []string) (err error) {
		if rec[0] == "Totals" {
			out.FP, err = strconv.Atoi(rec[7])
			return err
		}
		out.Files++
		out.Threshold, err = strconv.ParseFloat(rec[3], 64)
		return err
	})
	return out, err
}
