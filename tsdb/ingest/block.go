package ingest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/prometheus/model/labels"
)

// The block-list is how an operator sheds a metric that hurts, at run time and
// for every way in. A list is never changed: an edit makes a new one.

// maxBlocked bounds the entries; each costs a match per sample.
const maxBlocked = 1000

// BlockEntry is one line of the block-list.
type BlockEntry struct {
	Name     string
	Matchers []*labels.Matcher
	Refused  uint64 // Samples refused so far.
}

type blockEntry struct {
	name     string
	matchers []*labels.Matcher
	refused  *atomic.Uint64
}

type blockList struct{ entries []blockEntry }

// find returns the first entry that matches, or nil.
func (b *blockList) find(ls labels.Labels) *blockEntry {
	for i := range b.entries {
		if metric.Matches(b.entries[i].matchers, ls) {
			return &b.entries[i]
		}
	}
	return nil
}

func (e *blockEntry) refusal() *tsdb.RefusedError {
	e.refused.Add(1)
	return &tsdb.RefusedError{Reason: tsdb.ReasonBlocked, Err: fmt.Errorf("the block-list entry %q names it", e.name)}
}

// Block refuses, from now on, every series that matches all of ms. The name
// identifies the entry for Unblock and Blocked; an entry of that name is
// replaced. An entry that would block nearly everything is an error.
func (s *Sink) Block(name string, ms []*labels.Matcher) error {
	fail := func(why string) error {
		return fmt.Errorf("cannot block %q %v: %s", name, ms, why)
	}
	if name == "" {
		return fail("it has no name; give it one to remove it by")
	}
	if matchesNearlyAll(ms) {
		return fail("it matches every series, or all but a few; name the metric or label value to block")
	}
	var full error
	s.editBlocks(func(entries []blockEntry) []blockEntry {
		e := blockEntry{name, slices.Clone(ms), new(atomic.Uint64)}
		at, found := slices.BinarySearchFunc(entries, name, func(e blockEntry, n string) int { return strings.Compare(e.name, n) })
		switch {
		case found:
			entries[at] = e
		case len(entries) >= maxBlocked:
			full = fail(fmt.Sprintf("the list already has %d entries; remove one or use a regular expression", maxBlocked))
		default:
			entries = slices.Insert(entries, at, e)
		}
		return entries
	})
	return full
}

// Unblock removes an entry and reports whether there was one.
func (s *Sink) Unblock(name string) bool {
	removed := false
	s.editBlocks(func(entries []blockEntry) []blockEntry {
		n := len(entries)
		entries = slices.DeleteFunc(entries, func(e blockEntry) bool { return e.name == name })
		removed = len(entries) < n
		return entries
	})
	return removed
}

// Blocked lists the entries, sorted by name.
func (s *Sink) Blocked() []BlockEntry {
	var out []BlockEntry
	for _, e := range s.block.Load().entries {
		out = append(out, BlockEntry{e.name, e.matchers, e.refused.Load()})
	}
	return out
}

// editBlocks swaps in a changed copy. Requests in flight end under the list they
// began with.
func (s *Sink) editBlocks(edit func([]blockEntry) []blockEntry) {
	for {
		old := s.block.Load()
		if s.block.CompareAndSwap(old, &blockList{edit(slices.Clone(old.entries))}) {
			return
		}
	}
}

// matchesNearlyAll probes the matchers with names and values nobody uses: what
// matches those too does not name anything.
func matchesNearlyAll(ms []*labels.Matcher) bool {
	for _, m := range ms {
		wide := m.Matches("bellwether:probe") && m.Matches("zq7_probe_2")
		if m.Name != labels.MetricName {
			wide = wide && m.Matches("")
		}
		if !wide {
			return false
		}
	}
	return true
}
