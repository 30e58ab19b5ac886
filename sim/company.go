package sim

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Kind is what the values of a series are.
type Kind uint8

// The kinds of series.
const (
	Gauge   Kind = iota // Any value.
	Counter             // Cumulative; classic histogram _bucket, _sum and _count are counters too.
	Native              // A native histogram; the samples are in Step.Histograms.
)

// String returns gauge, counter or native.
func (k Kind) String() string { return [...]string{"gauge", "counter", "native"}[min(k, Native)] }

// Description is one series of the company.
type Description struct {
	Labels labels.Labels
	Kind   Kind
	Hist   int    // Native: the index of its samples in Next's hists; -1 otherwise.
	Decoy  string // Why an analysis should not blame it, in words; empty if it takes part in the company's work.
}

// Options is everything a company follows from.
type Options struct {
	Seed     uint64   // Any; the default 0 is a seed too.
	Start    int64    // The first sample, Unix milliseconds; should be a multiple of Step.
	Step     int64    // Milliseconds between samples, 1 s to 10 min; default 30 s.
	Scenario Scenario // The zero value is a calm company.
}

// Company generates the samples, step by step.
type Company struct {
	o Options
}

// New founds a company. Options outside their ranges take the nearest value.
func New(o Options) *Company { return &Company{o: o} }

// Series returns every series the company will ever have, in the order of
// Next's values. The caller must not modify it.
func (c *Company) Series() []Description { return nil }

// Next generates the next step: its instant in Unix milliseconds, one value per
// series (NaN: the series has no sample now, for example a pod that is not
// running yet), and one histogram per native series (nil: no sample now).
// The slices are reused by the next call; the histograms are the caller's.
// The company goes on for as long as it is asked to.
func (c *Company) Next() (t int64, values []float64, hists []*histogram.Histogram) {
	return 0, nil, nil
}

// Steps returns how many calls of Next fill the scenario's history: the last
// one lies at "now".
func (c *Company) Steps() int { return 0 }

// OpenSLO returns the company's objectives as an OpenSLO v1 file.
func (c *Company) OpenSLO() []byte { return nil }

// Topology returns the call graph as (caller, callee) pairs, sorted.
func (c *Company) Topology() [][2]string { return nil }

// Deploy is a deploy marker.
type Deploy struct {
	At      int64 // Unix milliseconds.
	Service string
	Version string
	Track   string // canary or stable.
}

// Deploys returns every deploy of the scenario, in time order.
func (c *Company) Deploys() []Deploy { return nil }

// Truth returns what really happens, for tests and benches.
func (c *Company) Truth() Truth { return Truth{} }
