package main

import (
	"fmt"
	"strings"
)

// report is Markdown being written.
type report struct{ strings.Builder }

func (r *report) intro() {
	r.text("# Detection: accuracy, false alarms and cost")
	r.text("Written by `BELLWETHER_CORPUS=/path/to/data go run ./bench/detection`; do not edit. `-sets` takes some of its parts. " +
		"One configuration for all sets (the defaults, with the opening bar of the offline csv: one false alarm per series-day); where a part uses another it says so. " +
		"\"score\" and \"alarm\" are the columns of that csv; \"with shape\" is the default profile with the member that Config.Shape asks for, which `bellwether detect FILE` has on. FA are alarms outside every label, merged while less than an hour apart, " +
		"per 1000 series-days; on KPI sets they include true events nobody labelled, so they are upper bounds. " +
		"Every detector sees one sample at a time, and the run fails if a future sample changes a past score. " +
		"The members and most constants of the profile were found on these same sets, so figures are in-sample for that choice; " +
		"the p10 columns say how far a figure depends on which series happened to be measured, and the last chapter what constants chosen without a series do on it.")
}

func (r *report) text(s string)           { fmt.Fprintf(r, "%s\n\n", s) }
func (r *report) head(s string)           { r.text("## " + s) }
func (r *report) line(f string, a ...any) { fmt.Fprintf(r, f+"\n", a...) }
func (r *report) table(columns ...string) {
	r.line("| %s |", strings.Join(columns, " | "))
	r.line("|%s", strings.Repeat("---|", len(columns)))
}
func (r *report) row(cells ...string) { r.line("| %s |", strings.Join(cells, " | ")) }
func (r *report) end()                { r.WriteString("\n") }
