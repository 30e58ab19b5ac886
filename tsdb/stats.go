package tsdb

import (
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Stats is a picture of a Store. New + Late + Duplicate + all Refused +
// RolledBack is every sample that ended its way through a transaction.
type Stats struct {
	Series     int   // Active series.
	MinT, MaxT int64 // Of all data, Unix milliseconds; both 0 when empty.

	New        uint64            // Stored as the newest of their series.
	Late       uint64            // Stored behind the newest of their series.
	Duplicate  uint64            // Already there.
	Refused    map[Reason]uint64 // Not stored, by reason.
	RolledBack uint64            // Of transactions given up by the sender or lost to a failed commit.

	Tapped    uint64 // Handed to the tap.
	TapPanics uint64 // Batches lost to a panic of the tap; their samples are in Tapped.

	Blocks      int
	BytesOnDisk int64 // Blocks, write-ahead log and head chunks.
}

// counts are the store's counters since Open.
type counts struct {
	fresh, late, duplicate, rolledBack atomic.Uint64

	mu      sync.Mutex
	refused map[Reason]uint64
}

func (c *counts) add(r AppendResult) {
	c.fresh.Add(uint64(r.New))
	c.late.Add(uint64(r.Late))
	c.duplicate.Add(uint64(r.Duplicate))
	if len(r.Refused) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = make(map[Reason]uint64)
	}
	for _, one := range r.Refused {
		c.refused[one.Reason] += uint64(one.Count)
	}
}

// Stats returns counts since Open and sizes now. It walks the data directory,
// so it is for a page or a metrics endpoint, not for every sample.
func (s *Store) Stats() Stats {
	out := Stats{
		Series:     int(s.active.Load()),
		New:        s.counts.fresh.Load(),
		Late:       s.counts.late.Load(),
		Duplicate:  s.counts.duplicate.Load(),
		RolledBack: s.counts.rolledBack.Load(),
		Tapped:     s.tap.tapped.Load(),
		TapPanics:  s.tap.panics.Load(),
		Blocks:     len(s.db.Blocks()),
	}
	s.counts.mu.Lock()
	out.Refused = maps.Clone(s.counts.refused)
	s.counts.mu.Unlock()
	out.MinT, out.MaxT = s.extent()
	// A file that a compaction removes meanwhile just does not count.
	_ = filepath.WalkDir(s.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				out.BytesOnDisk += info.Size()
			}
		}
		return nil
	})
	return out
}

// extent returns the first and last instant of all data.
func (s *Store) extent() (minT, maxT int64) {
	minT, maxT = s.db.Head().MinTime(), s.db.Head().MaxTime()
	for _, b := range s.db.Blocks() {
		minT, maxT = min(minT, b.MinTime()), max(maxT, b.MaxTime()-1)
	}
	if minT == math.MaxInt64 || maxT == math.MinInt64 {
		return 0, 0
	}
	return minT, maxT
}
