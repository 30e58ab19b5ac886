package main

import (
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
)

// The check of our scorer: from the published rows of every detector of the
// scoreboard it must compute the published scores.

// publishedSection scores the published rows of every detector at the published
// thresholds, beside the published scores, and compares the skyline profile
// with the rows of Etsy Skyline. Without the folder it says what it wants.
func publishedSection(r *report, dir, results string, set []corpus.Series) error {
	r.text("### Our scorer on the published results")
	results, err := corpus.NABResultsDir(results, dir)
	if errors.Is(err, corpus.ErrNoNABResults) {
		fmt.Fprintln(os.Stderr, "not measured:", err)
		r.text("Not measured: " + err.Error() + ".")
		return nil
	}
	all, err := corpus.NABPublished(results, set)
	if err != nil {
		return err
	}
	r.text("The benchmark publishes the score of every row of every detector. From these rows and the published thresholds our scorer must compute " +
		"the published final scores (a test asserts it to 1e-4, and the number of false rows exactly). \"Best\" is our own sweep over every threshold: " +
		"where it is higher, the benchmark's search stopped short of the best threshold. A threshold above every score is a candidate of both, so no best score is below 0.")
	r.table("detector", "published", "ours at the published thresholds", "best", "windows hit", "false rows, published / ours")
	var etsy [][]float64
	for _, d := range all {
		if d.Name == "skyline" {
			etsy = d.Rows
		}
		var pub, ours [3]float64
		var std measure.NABResult
		for i, p := range measure.NABProfiles {
			x := measure.NABAt(set, d.Rows, p, d.Profiles[i].Threshold)
			pub[i], ours[i] = d.Profiles[i].Final, x.Score
			if p == measure.NABStandard {
				std = x
			}
		}
		best := measure.NAB(set, d.Rows)
		fp := fmt.Sprintf("%d / %d", d.Profiles[0].FP, std.FP)
		if n := d.Profiles[0].Files; n != len(set) {
			fp += fmt.Sprintf(" (its counts are of %d files)", n)
		}
		r.row(d.Name, three(pub), three(ours), three([3]float64{best.Standard, best.LowFP, best.LowFN}), fmt.Sprint(std.Hit), fp)
	}
	r.end()
	if etsy == nil {
		return nil
	}
	return skylineAgreement(r, set, etsy)
}

// three writes the scores of the three profiles.
func three(x [3]float64) string {
	if math.IsNaN(x[0]) {
		return "not in final_results.json"
	}
	return fmt.Sprintf("%.2f / %.2f / %.2f", x[0], x[1], x[2])
}
