package main

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
	"github.com/bellwether-ts/bellwether/detect"
)

// The sets whose anomalies are of form: the UCR archive and TODS. They are
// measured with the shape member and without it.

// ucrSection measures the UCR archive.
func ucrSection(r *report, dir string) error {
	set, err := corpus.UCR(dir)
	if err != nil {
		return err
	}
	r.head("UCR anomaly archive")
	r.text(fmt.Sprintf("%d series with one anomaly each; accuracy is the share whose highest row is within 100 rows of it. Most of these anomalies are of shape.", len(set)))
	r.table("detector", "accuracy, score", "accuracy, alarm")
	for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, difference, record, random} {
		score, alarm, err := d.score(set)
		if err != nil {
			return err
		}
		r.row(d.name, fmt.Sprintf("%.3f", measure.UCR(set, score)), fmt.Sprintf("%.3f", measure.UCR(set, alarm)))
	}
	r.end()
	return nil
}

// todsSection measures the synthetic TODS series. Their step is a second, so
// all of them together last under a series-day and false alarms per 1000
// series-days mean nothing: recall is given at a share of false rows instead.
func todsSection(r *report, dir string) error {
	set, err := corpus.KPI(dir, "tods")
	if err != nil {
		return err
	}
	r.head("TODS (synthetic)")
	r.text("Rows are taken as minutes, so that a rate of false alarms has a meaning.")
	for i := range set {
		set[i].StepMS = 60_000
		for j := range set[i].T {
			set[i].T[j] *= 60
		}
	}
	r.table("detector", "recall at 300 FA per 1000 sd", "at 1000", "at 3000")
	for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, difference, record, random} {
		score, _, err := d.score(set)
		if err != nil {
			return err
		}
		p := measure.RecallAt(measure.Collect(set, score), []float64{300, 1000, 3000})
		r.row(d.name, f2(p[0].Recall), f2(p[1].Recall), f2(p[2].Recall))
	}
	r.end()
	return nil
}
