package custom

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// A companion is what a detector reads beside its own series: the sum of the
// newest values of the series that match, one sum for each set of equal
// labels. "Newest" must not depend on which of two samples of one instant
// arrived first, so samples of series that have to do with companions wait
// until the next Tick that is joinDelay later, and are judged in order of
// time: companions first, then subjects, each in order of reference.

const (
	joinDelay  = 10 * time.Second
	maxPending = 1_000_000 // Samples that wait, 24 bytes each.
	maxGroup   = 1_000     // Series of one sum.

	minCompanionAge = 5 * time.Minute
)

// group is one sum.
type group struct{ members []*companion }

// companion is one series of a sum.
type companion struct {
	ref    uint64
	reader detect.Reader
	group  *group
	t      int64
	x      float64
	has    bool
}

// group returns the sum that belongs to a series by its labels.
func (l *lot) group(i int, ls labels.Labels) *group {
	key := joinKey(l.d.with[i].on, ls)
	g := l.groups[i][key]
	if g == nil {
		g = &group{}
		l.groups[i][key] = g
	}
	return g
}

// joinKey writes the labels that must be equal.
func joinKey(on []string, ls labels.Labels) string {
	if on == nil {
		return metric.FormatSeries(labels.NewBuilder(ls).Del(labels.MetricName).Labels())
	}
	return metric.FormatSeries(labels.NewBuilder(ls).Keep(on...).Labels())
}

// feed makes a series part of a sum.
func (r *Runner) feed(ref uint64, k *known, l *lot, i int) {
	g := l.group(i, k.labels)
	if len(g.members) >= maxGroup {
		l.leftOut["companion: more than "+grouped(maxGroup)+" series in one sum"]++
		return
	}
	reader, err := detect.NewReader(k.meta)
	if err != nil {
		l.leftOut[err.Error()]++
		return
	}
	c := &companion{ref: ref, reader: reader, group: g}
	at, _ := slices.BinarySearchFunc(g.members, ref, func(m *companion, ref uint64) int { return cmp.Compare(m.ref, ref) })
	g.members = slices.Insert(g.members, at, c) // In order, so that sums are the same on every run.
	k.feeds = append(k.feeds, c)
}

// take reads one sample.
func (c *companion) take(t int64, v float64) {
	if x, read := c.reader.Read(t, v); read == detect.ReadValue {
		c.t, c.x, c.has = t, x, true
	}
}

func (c *companion) leave() {
	c.group.members = slices.DeleteFunc(c.group.members, func(m *companion) bool { return m == c })
}

// sum adds what is not older at t than age; NaN if nothing is.
func (g *group) sum(t int64, age time.Duration) float64 {
	out, some := 0.0, false
	for _, c := range g.members {
		if c.has && t-c.t <= age.Milliseconds() {
			out += c.x
			some = true
		}
	}
	if !some {
		return math.NaN()
	}
	return out
}

// Tick tells the runner that the time is now (Unix milliseconds): samples that
// waited long enough for their companions are judged.
func (r *Runner) Tick(now int64) { r.flush(now - joinDelay.Milliseconds()) }

// Finish judges everything that waits: the data has ended.
func (r *Runner) Finish() { r.flush(1<<63 - 1) }

func (r *Runner) flush(until int64) {
	if len(r.pending) == 0 {
		return
	}
	slices.SortStableFunc(r.pending, func(a, b reading) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.ref, b.ref)) })
	done := 0
	for done < len(r.pending) && r.pending[done].t <= until {
		end := done + 1
		for end < len(r.pending) && r.pending[end].t == r.pending[done].t {
			end++
		}
		r.instant(r.pending[done:end])
		done = end
	}
	r.pending = append(r.pending[:0], r.pending[done:]...)
}

// instant judges the samples of one instant.
func (r *Runner) instant(list []reading) {
	for _, x := range list {
		if k := r.series[x.ref]; k != nil {
			for _, c := range k.feeds {
				c.take(x.t, x.v)
			}
		}
	}
	for _, x := range list {
		k := r.series[x.ref]
		if k == nil {
			continue
		}
		for i := range k.use {
			u := &k.use[i]
			if !u.lot.d.Joined() {
				continue
			}
			for j, g := range u.groups {
				u.with[j] = g.sum(x.t, u.s.companionAge())
			}
			r.judge(x.ref, k, u, x.t, x.v)
		}
	}
}
