package pipeline

import (
	"slices"

	"github.com/bellwether-ts/bellwether/canary"
)

// What runs keep in memory. A look is cheap if the samples of the look before
// are at hand: only the new ones are read. Those samples are most of what a run
// weighs: a day of history at one minute is 23 KB a metric. So there is one
// budget for all runs. A running run keeps its place once it has one: were the
// oldest evicted instead, runs looked at in turn would each come back to find
// theirs gone. Who finds no room reads everything anew at every look, which is
// slower and finds the same. Ended runs make room first.

// keptBudget is the memory for samples and verdicts at hand, in bytes.
const keptBudget = 1 << 30

// kept is the account. Canaries.mu guards it.
type kept struct {
	budget int64
	bytes  int64
	ended  []*entry // Holding something though over, oldest first.
}

// take notes the newest verdict and samples of a run, or lets go of both if
// there is no room.
func (k *kept) take(e *entry, v canary.Verdict, req *canary.Request) {
	k.bytes -= e.bytes
	e.bytes = weight(&v, req)
	k.bytes += e.bytes
	e.run.Verdict, e.run.Request = v, req
	for k.bytes > k.budget && len(k.ended) > 0 {
		oldest := k.ended[0]
		k.ended = k.ended[1:]
		if oldest != e {
			k.drop(oldest)
		}
	}
	if k.bytes > k.budget {
		k.drop(e)
	}
}

// over notes that a run has ended: what it holds may go.
func (k *kept) over(e *entry) {
	if len(k.ended) == cap(k.ended) { // Before it grows, those that hold nothing any more go.
		k.ended = slices.DeleteFunc(k.ended, func(e *entry) bool { return e.bytes == 0 })
	}
	k.ended = append(k.ended, e)
}

// drop lets go of a run's samples and verdict but for what Last remembers.
func (k *kept) drop(e *entry) {
	k.bytes -= e.bytes
	e.bytes = 0
	e.run.Verdict, e.run.Request = e.run.Last.summary(), nil
}

// weight estimates the bytes of a verdict and the samples under it.
func weight(v *canary.Verdict, req *canary.Request) int64 {
	n := 512
	for i := range v.Metrics {
		m := &v.Metrics[i]
		n += 512 + len(m.Name) + len(m.Reason) + 160*len(m.Channels)
		for _, s := range m.Trace.Steps {
			n += 32 + len(s.Detail)
		}
	}
	for _, r := range v.Reasons {
		n += 16 + len(r)
	}
	for i := range req.Metrics {
		n += 256 + 8*floats(&req.Metrics[i])
	}
	return int64(n)
}

// floats counts the numbers a metric holds.
func floats(m *canary.Metric) int {
	n := len(m.Baseline) + len(m.Canary)
	if h := m.History; h != nil {
		n += len(h.Baseline) + len(h.Canary)
	}
	lists := func(all ...[][]float64) {
		for _, rows := range all {
			for _, row := range rows {
				n += 3 + len(row)
			}
		}
	}
	if s := m.Shards; s != nil {
		lists(s.Baseline, s.Canary)
	}
	if d := m.Distribution; d != nil {
		lists(d.Baseline, d.Canary, d.HistoryBaseline, d.HistoryCanary)
	}
	return n
}
