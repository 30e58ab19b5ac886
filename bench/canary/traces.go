package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
)

// Real series, where nobody deployed anything.

func realTraces(w io.Writer, corpus string) {
	fmt.Fprint(w, "\n## Real traces\n\n")
	if corpus == "" {
		fmt.Fprint(w, "Not run: set BELLWETHER_CORPUS to a folder with nab/ (github.com/numenta/NAB) and wsd/ (github.com/alumik/AnoTransfer-data).\n")
		return
	}
	fmt.Fprint(w, "Consecutive windows of 60 samples of one series as baseline and canary, 1,440 samples of the same comparison as history; windows that touch a labelled anomaly left out. One metric, one look. A FAIL is false as far as the labels go: series with daily waves and drifts do change from hour to hour. Goal: 2 % a metric.\n\n| series | windows | Bellwether, history | Bellwether, cold | Kayenta | Mann-Whitney 2 % | threshold 10 % |\n|---|---|---|---|---|---|---|\n")
	nab, err := loadNAB(corpus)
	if err != nil {
		fmt.Fprintf(w, "cannot read NAB: %v\n", err)
	}
	wsd, err := loadWSD(corpus, 40)
	if err != nil {
		fmt.Fprintf(w, "cannot read WSD: %v\n", err)
	}
	groups := map[string][]canary.Metric{}
	for _, tr := range append(nab, wsd...) {
		groups[tr.group] = append(groups[tr.group], tr.placebos()...)
	}
	var names []string
	for g := range groups {
		names = append(names, g)
	}
	slices.Sort(names)
	for _, g := range names {
		ms := groups[g]
		if len(ms) == 0 {
			fmt.Fprintf(w, "| %s | 0 | its series are too short | | | | |\n", g)
			continue
		}
		if over := len(ms)/2000 + 1; over > 1 {
			var kept []canary.Metric
			for i := 0; i < len(ms); i += over {
				kept = append(kept, ms[i])
			}
			ms = kept
		}
		run := func(history bool, j judge) string {
			return pct(replicate(len(ms), func(i int) tally {
				m := ms[i]
				if !history {
					m.History = nil
				}
				return watch([]canary.Metric{m}, []int{sideSamples}, j)
			}).failRate())
		}
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %s |\n", g, len(ms), run(true, native(canary.Policy{})), run(false, native(canary.Policy{})),
			run(false, kayentaJudge), run(false, plainMannWhitney), run(false, threshold))
	}
}
