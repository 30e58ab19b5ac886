package sim

// The company as a whole: it hires everybody in New, in one fixed order, and
// Next lets each live through one step.

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Kind is what the values of a series are.
type Kind uint8

// The kinds of series.
const (
	Gauge   Kind = iota // Any value.
	Counter             // Cumulative; classic histogram _bucket, _sum and _count are counters too.
	Native              // A native histogram; its samples are in the hists of Next.
)

// String returns gauge, counter or native.
func (k Kind) String() string { return [...]string{"gauge", "counter", "native"}[min(k, Native)] }

// Description is one series of the company.
type Description struct {
	Labels labels.Labels
	Kind   Kind
	Hist   int     // Native: the index of its samples in Next's hists; -1 otherwise.
	Decoy  string  // Why an analysis should not blame it, in words; empty if it takes part in the company's work.
	Resets []int64 // Counters: the planned instants (Unix milliseconds) at which it starts again from 0.
}

// Options is everything a company follows from.
type Options struct {
	Seed     uint64   // Any; the default 0 is a seed too.
	Start    int64    // The first sample, Unix milliseconds; should be a multiple of Step.
	Step     int64    // Milliseconds between samples, 1 s to 10 min; default 30 s.
	Scenario Scenario // The zero value is a week without any event; see BadCanary, Calm, Pool.
}

// Company generates the samples, step by step. It is not safe for concurrent use.
type Company struct {
	o      Options
	noise  noise
	dt     float64 // Step in seconds.
	step   uint64
	stream uint64 // The last random stream given out.

	series []Description
	values []float64
	hists  []*histogram.Histogram

	front    drift
	services []*service
	bases    []*database
	routines []routine

	pools    []poolState
	canaries []CanaryFault
}

// routine writes one or more values of a step: how hosts and decoys live.
type routine func(k uint64, t int64)

// New founds a company. Options outside their ranges take the nearest value.
func New(o Options) *Company {
	if o.Step == 0 {
		o.Step = 30 * second
	}
	o.Step = min(10*minute, max(second, o.Step))
	o.Start = min(1<<50, max(0, o.Start))
	if o.Scenario.History <= 0 {
		o.Scenario.History = 7 * day
	}
	c := &Company{o: o, noise: noise{o.Seed}, dt: float64(o.Step) / 1000}
	for _, f := range o.Scenario.Pools {
		c.pools = append(c.pools, poolState{f, hopsFrom(f.Database), databaseIndex(f.Database), c.newStream()})
	}
	c.canaries = o.Scenario.Canaries
	c.front = c.newDrift(.02, .97)
	for i := range services {
		c.services = append(c.services, c.newService(i))
	}
	for i := range databases {
		c.bases = append(c.bases, c.newDatabase(i))
	}
	c.newHosts()
	c.newDecoys()
	c.values = make([]float64, len(c.series))
	return c
}

// Series returns every series the company will ever have, in the order of
// Next's values. The caller must not modify it.
func (c *Company) Series() []Description { return c.series }

// Next generates the next step: its instant in Unix milliseconds, one value per
// series (NaN: the series has no sample now, for example a pod that is not
// running yet, or a native series), and one histogram per native series.
// The slices are reused by the next call; the histograms are the caller's.
// The company goes on for as long as it is asked to.
func (c *Company) Next() (t int64, values []float64, hists []*histogram.Histogram) {
	k := c.step
	c.step++
	t = c.o.Start + int64(k)*c.o.Step
	load := c.load(k, t)
	for _, s := range c.services {
		s.live(k, t, load)
	}
	for _, d := range c.bases {
		d.live(k, t, load)
	}
	for _, r := range c.routines {
		r(k, t)
	}
	return t, c.values, c.hists
}

// Steps returns how many calls of Next fill the scenario's history: the last
// one lies at "now", Now().
func (c *Company) Steps() int { return int(c.o.Scenario.History/c.o.Step) + 1 }

// Now returns the instant at which the history ends, Unix milliseconds.
func (c *Company) Now() int64 { return c.o.Start + int64(c.Steps()-1)*c.o.Step }

// Topology returns the call graph as (caller, callee) pairs, sorted; databases
// are callees too.
func (c *Company) Topology() [][2]string {
	var out [][2]string
	for _, s := range services {
		for _, callee := range s.calls {
			out = append(out, [2]string{s.name, callee})
		}
		if s.database != "" {
			out = append(out, [2]string{s.name, s.database})
		}
	}
	slices.SortFunc(out, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Deploy is a deploy marker.
type Deploy struct {
	At      int64 // Unix milliseconds.
	Service string
	Version string
	Track   string // canary or stable.
}

// Deploys returns every deploy of the scenario, in time order.
func (c *Company) Deploys() []Deploy {
	var out []Deploy
	for _, d := range c.o.Scenario.Deploys {
		out = append(out, Deploy{c.o.Start + d.At, d.Service, d.Version, d.Track})
	}
	slices.SortStableFunc(out, func(a, b Deploy) int { return int(max(-1, min(1, a.At-b.At))) })
	return out
}

// add registers a series and returns its index.
func (c *Company) add(kind Kind, decoy string, name string, pairs ...string) int {
	d := Description{
		Labels: labels.FromStrings(append([]string{labels.MetricName, name}, pairs...)...),
		Kind:   kind, Hist: -1, Decoy: decoy,
	}
	if kind == Native {
		d.Hist = len(c.hists)
		c.hists = append(c.hists, nil)
	}
	c.series = append(c.series, d)
	return len(c.series) - 1
}

func (c *Company) newStream() uint64 { c.stream++; return c.stream }

// round keeps a gauge to four significant decimals, as an exporter would, which
// also hides the last bits in which machines differ.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
