package main

import (
	"errors"
	"math"
	"os"
	"testing"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
)

// publishedNAB reads the benchmark and its published results, or skips.
func publishedNAB(t *testing.T) ([]corpus.Series, []corpus.NABDetector) {
	t.Helper()
	dir := os.Getenv("BELLWETHER_CORPUS")
	if dir == "" {
		t.Skip("BELLWETHER_CORPUS is not set; wants numenta/NAB data and combined_windows.json under nab/")
	}
	results, err := corpus.NABResultsDir(os.Getenv("BELLWETHER_NAB_RESULTS"), dir)
	if errors.Is(err, corpus.ErrNoNABResults) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	set, err := corpus.NAB(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := corpus.NABPublished(results, set)
	if err != nil {
		t.Fatal(err)
	}
	return set, all
}

// From the published rows of every detector our scorer computes the published
// scores (results/final_results.json) and counts the published false rows.
func TestScorerReproducesThePublishedScores(t *testing.T) {
	set, all := publishedNAB(t)
	checked := 0
	for _, d := range all {
		best := measure.NAB(set, d.Rows)
		for i, p := range measure.NABProfiles {
			want := d.Profiles[i]
			got := measure.NABAt(set, d.Rows, p, want.Threshold)
			if !math.IsNaN(want.Final) {
				checked++
				if math.Abs(got.Score-want.Final) > 1e-4 {
					t.Errorf("%s, profile %d: score %.5f, published %.5f", d.Name, i, got.Score, want.Final)
				}
			}
			if want.Files == len(set) && got.FP != want.FP {
				t.Errorf("%s, profile %d: %d false rows, published %d", d.Name, i, got.FP, want.FP)
			}
			if b := [3]float64{best.Standard, best.LowFP, best.LowFN}[i]; b < got.Score-1e-9 {
				t.Errorf("%s, profile %d: the best threshold scores %.5f, the published one %.5f", d.Name, i, b, got.Score)
			}
		}
	}
	if checked < 3*15 {
		t.Errorf("only %d scores were published: is this the results folder of numenta/NAB?", checked)
	}
}

// The rows of our windowed Gaussian are the published ones.
func TestWindowedGaussianReproducesThePublishedRows(t *testing.T) {
	set, all := publishedNAB(t)
	got, _, err := windowedGaussian.score(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Name != "windowedGaussian" {
			continue
		}
		for i := range set {
			for j, want := range d.Rows[i] {
				if math.Abs(got[i][j]-want) > 1e-6 {
					t.Fatalf("%s row %d scores %v, published %v", set[i].Name, j, got[i][j], want)
				}
			}
		}
		return
	}
	t.Error("no published rows of windowedGaussian")
}
