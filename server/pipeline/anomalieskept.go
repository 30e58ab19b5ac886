package pipeline

import (
	"maps"
	"slices"
)

// The list of anomalies over a restart: keep.go writes and reads it.

// all returns every anomaly in order of first sight, and a number that grows
// with every change.
func (a *Anomalies) all() ([]Finding, uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]Finding, 0, len(a.order))
	for _, id := range a.order {
		out = append(out, *a.byID[id])
	}
	return out, a.version
}

// restore puts an anomaly of an earlier process into the list, without telling
// anyone.
func (a *Anomalies) restore(f Finding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID[f.ID] != nil {
		return
	}
	if v := a.verdicts[f.ID]; v != nil {
		f.Verdict = v
	}
	a.order = append(a.order, f.ID)
	a.byID[f.ID] = &f
	if f.Anomaly.Open {
		a.open++
		if a.inherited == nil {
			a.inherited = map[string]bool{}
		}
		a.inherited[f.ID] = true
	}
	a.makeRoom()
}

// inheritedOpen returns, once, the open anomalies of an earlier process that
// nobody has found again, in order of their ids.
func (a *Anomalies) inheritedOpen() []Finding {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Finding
	for _, id := range slices.Sorted(maps.Keys(a.inherited)) {
		if f := a.byID[id]; f != nil && f.Anomaly.Open {
			out = append(out, *f)
		}
	}
	a.inherited = nil
	return out
}
