// Command detection measures how well and at what price detect finds
// anomalies, and writes bench/detection/REPORT.md.
//
//	BELLWETHER_CORPUS=/path/to/data go run ./bench/detection
//
// The corpus is a folder with the public sets named in package corpus. Without
// it the command says so and measures on generated series only. If the folder
// results of numenta/NAB is at nab/results in it, or named in
// BELLWETHER_NAB_RESULTS, the published rows of every detector are scored too,
// beside their published scores: that checks our scorer. Everything is
// causal: a detector sees one sample at a time, one configuration serves all
// sets, and the run fails if a future sample changes a past score.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
)

func main() {
	out := flag.String("o", "bench/detection/REPORT.md", "file to write; - for stdout")
	sets := flag.String("sets", "nab,aiops,wsd,ucr,tods,tcpd,histogram,null,scenarios,soak,cost,etsy,pass,fleet,peers", "parts to measure, by comma")
	flag.Parse()
	if err := run(*out, strings.Split(*sets, ","), os.Getenv("BELLWETHER_CORPUS"), os.Getenv("BELLWETHER_NAB_RESULTS")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// study says how the constants hold on series left out, and what was tried. It
// was made once, with a build that lets them vary, and is quoted, not measured,
// by this command.
//
//go:embed study.md
var study string

// run measures the parts asked for and writes the report. dir is the corpus,
// results the folder of published results; both may be empty.
func run(out string, parts []string, dir, results string) error {
	var r report
	r.intro()
	if dir == "" {
		note := "BELLWETHER_CORPUS is not set: only generated series were measured. The public sets wanted are:\n\n" + indent(corpus.Sets)
		fmt.Fprintln(os.Stderr, note)
		r.text(note)
	}
	section := map[string]func(*report, string) error{
		"nab": nabSection(results), "aiops": kpiSection("aiops", 7), "wsd": kpiSection("wsd", 35),
		"ucr": ucrSection, "tods": todsSection, "tcpd": tcpdSection, "histogram": histogramSection, "soak": soakSection, "null": nullSection, "scenarios": scenarioSection, "cost": costSection,
		"etsy": etsySection, "pass": passSection, "fleet": fleetSection, "peers": peerSection,
	}
	for _, p := range parts {
		f, ok := section[p]
		if !ok {
			return fmt.Errorf("cannot measure part %q: want some of nab, aiops, wsd, ucr, tods, tcpd, histogram, soak, null, scenarios, cost, etsy, pass, fleet, peers", p)
		}
		if dir == "" && !slices.Contains([]string{"histogram", "soak", "null", "scenarios", "cost", "etsy", "pass", "fleet", "peers"}, p) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", p)
		if err := f(&r, dir); err != nil {
			return err
		}
	}
	r.WriteString(study)
	if out == "-" {
		_, err := fmt.Print(r.String())
		return err
	}
	return os.WriteFile(out, []byte(r.String()), 0o644)
}

// indent turns lines into a code block.
func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
