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

// part is one section of the report; corpus says that it reads public sets.
type part struct {
	name   string
	corpus bool
	write  func(*report, string) error
}

// parts lists the sections in the order of the report; results is the folder of
// published results of the Numenta benchmark, or empty.
func parts(results string) []part {
	return []part{
		{"nab", true, nabSection(results)},
		{"aiops", true, kpiSection("aiops", 7)},
		{"wsd", true, kpiSection("wsd", 35)},
		{"ucr", true, ucrSection},
		{"tods", true, todsSection},
		{"tcpd", true, tcpdSection},
		{"scenarios", false, scenarioSection},
		{"null", false, nullSection},
		{"soak", false, soakSection},
		{"fleet", false, fleetSection},
		{"peers", false, peerSection},
		{"histogram", false, histogramSection},
		{"etsy", false, etsySection},
		{"pass", false, passSection},
		{"cost", false, costSection},
	}
}

func main() {
	all := parts(os.Getenv("BELLWETHER_NAB_RESULTS"))
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	out := flag.String("o", "bench/detection/REPORT.md", "file to write; - for stdout")
	sets := flag.String("sets", strings.Join(names, ","), "parts to measure, by comma")
	flag.Parse()
	if err := run(*out, strings.Split(*sets, ","), all, os.Getenv("BELLWETHER_CORPUS")); err != nil {
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

// run measures the parts asked for, in the order asked, and writes the report.
// dir is the corpus, or empty: then parts that read it are left out and said so.
func run(out string, want []string, all []part, dir string) error {
	var r report
	r.intro()
	if dir == "" {
		note := "BELLWETHER_CORPUS is not set: only generated series were measured. The public sets wanted are:\n\n" + indent(corpus.Sets)
		fmt.Fprintln(os.Stderr, note)
		r.text(note)
	}
	for _, name := range want {
		i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("cannot measure part %q: -h lists the parts", name)
		}
		if all[i].corpus && dir == "" {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", name)
		if err := all[i].write(&r, dir); err != nil {
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
