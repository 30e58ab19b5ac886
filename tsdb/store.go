package tsdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/util/compression"
)

// Store is the embedded time-series database. It is safe for concurrent use.
type Store struct {
	opts      Options
	dir       string
	temporary bool
	db        *promtsdb.DB
	engine    *promql.Engine
	gate      chan struct{} // One token per running query.

	tap       tap
	meta      metadataByName
	counts    counts
	active    atomic.Int64 // Series in the head.
	lastBatch atomic.Int64 // Samples of the last commit.
	configMu  sync.Mutex   // One ApplyConfig at a time.
	ready     atomic.Bool  // The write-ahead log is replayed; limits apply.
	space     func(dir string) (free, size uint64, ok bool)
}

// Open opens or creates the store and replays its write-ahead log.
func Open(o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Store{opts: o, dir: o.Dir, gate: make(chan struct{}, o.MaxQueries), space: diskSpace}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "bellwether-tsdb-"); err != nil {
			return nil, fmt.Errorf("cannot create a temporary store: %w", err)
		}
		s.temporary = true
	}
	s.db, err = promtsdb.Open(s.dir, o.Log, o.Registerer, s.promOptions(), nil)
	if err != nil {
		s.removeTemporary()
		return nil, fmt.Errorf("cannot open store %s: %w; check that the directory is writable and that no other process uses it", s.dir, err)
	}
	if err := s.restoreTap(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.engine = newEngine(o)
	s.ready.Store(true)
	return s, nil
}

// promOptions sets what differs from Prometheus's defaults, with the reason.
func (s *Store) promOptions() *promtsdb.Options {
	o := promtsdb.DefaultOptions()
	o.RetentionDuration = s.opts.Retention.Milliseconds()
	o.OutOfOrderTimeWindow = s.opts.OutOfOrderWindow.Milliseconds()
	o.WALCompression = compression.Snappy // Half the disk writes for little CPU.
	// Isolation costs memory per series and guards against a reader seeing half
	// of a commit; our readers ask for the past.
	o.IsolationDisabled = true
	o.FloatChunkEncoding = chunkenc.EncXOR2 // Cheaper to decode than XOR.
	// Merged blocks make long reads cheaper: as Prometheus, a tenth of the
	// retention, at most 31 days.
	o.MaxBlockDuration = max(o.MinBlockDuration, min(o.RetentionDuration/10, (31*24*time.Hour).Milliseconds()))
	o.EnableMemorySnapshotOnShutdown = !s.temporary // Halves the time of a restart.
	o.SeriesLifecycleCallback = lifecycle{s}
	if s.temporary {
		o.StripeSize = 512 // 0.4 MiB instead of 4 MiB for an empty store.
		o.NoLockfile = true
	}
	return o
}

// restoreTap learns the newest instant of every replayed series, so that what
// was seen before the restart does not count as new.
func (s *Store) restoreTap() error {
	fail := func(err error) error { return fmt.Errorf("cannot read the head of store %s: %w", s.dir, err) }
	ix, err := s.db.Head().Index()
	if err != nil {
		return fail(err)
	}
	defer ix.Close()
	cr, err := s.db.Head().Chunks()
	if err != nil {
		return fail(err)
	}
	defer cr.Close()
	withCopy, ok := cr.(promtsdb.ChunkReaderWithCopy)
	if !ok {
		return fail(errors.New("the chunk reader does not tell the end of an open chunk"))
	}
	name, value := index.AllPostingsKey()
	p, err := ix.Postings(context.Background(), name, value)
	if err != nil {
		return fail(err)
	}
	var b labels.ScratchBuilder
	var metas []chunks.Meta
	for p.Next() {
		if err := ix.Series(p.At(), &b, &metas); err != nil {
			return fail(err)
		}
		if len(metas) == 0 {
			continue
		}
		c, _, maxT, err := withCopy.ChunkOrIterableWithCopy(metas[len(metas)-1])
		if err != nil {
			return fail(err)
		}
		s.tap.restore(uint64(p.At()), maxT, c.Encoding() != chunkenc.EncXOR && c.Encoding() != chunkenc.EncXOR2)
	}
	if p.Err() != nil {
		return fail(p.Err())
	}
	return nil
}

// Close ends background work and releases the directory; a temporary one is
// removed. The store must not be used afterwards.
func (s *Store) Close() error {
	s.SetTap(nil)
	var err error
	if s.engine != nil {
		err = s.engine.Close()
	}
	err = errors.Join(err, s.db.Close(), s.removeTemporary())
	if err != nil {
		return fmt.Errorf("cannot close store %s: %w", s.dir, err)
	}
	return nil
}

func (s *Store) removeTemporary() error {
	if !s.temporary {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// SetTap sets the function that receives what is new after each commit: for
// every series ascending in time, across commits too. Stale markers are passed
// on as values. The batch belongs to the receiver. tap is called from the
// committing goroutine, one call at a time, so it must not block and must not
// call SetTap or append; a panic in it is recovered and counted. nil removes
// the tap.
func (s *Store) SetTap(tap func(*metric.Batch)) {
	s.tap.mu.Lock()
	defer s.tap.mu.Unlock()
	s.tap.f = tap
}

// OnSeriesDeleted adds a function that is told which references are gone from
// the head, so that state kept by reference can be freed. It is called from
// the store's own goroutine, many times in a row, and must not block.
func (s *Store) OnSeriesDeleted(f func(refs []uint64)) {
	s.tap.mu.Lock()
	defer s.tap.mu.Unlock()
	s.tap.gone = append(s.tap.gone, f)
}

// Ref returns the reference of an active series.
func (s *Store) Ref(ls labels.Labels) (uint64, bool) {
	app := s.db.AppenderV2(context.Background())
	defer app.Rollback()
	g, ok := app.(storage.GetRef)
	if !ok {
		return 0, false
	}
	ref, _ := g.GetRef(ls, ls.Hash())
	return uint64(ref), ref != 0
}

// Labels returns the labels of an active series.
func (s *Store) Labels(ref uint64) (labels.Labels, bool) {
	ix, err := s.db.Head().Index()
	if err != nil {
		return labels.EmptyLabels(), false
	}
	defer ix.Close()
	var b labels.ScratchBuilder
	if err := ix.Series(storage.SeriesRef(ref), &b, nil); err != nil {
		return labels.EmptyLabels(), false
	}
	return b.Labels(), true
}

// SetOutOfOrderWindow changes how late a sample may be, from now on; for the
// time of a backfill, for example. It is never less than the one of Options,
// so 0 restores that.
func (s *Store) SetOutOfOrderWindow(d time.Duration) error {
	d = max(d, s.opts.OutOfOrderWindow)
	s.configMu.Lock()
	defer s.configMu.Unlock()
	err := s.db.ApplyConfig(&config.Config{StorageConfig: config.StorageConfig{
		TSDBConfig: &config.TSDBConfig{OutOfOrderTimeWindow: d.Milliseconds()},
	}})
	if err != nil {
		return fmt.Errorf("cannot set the out-of-order window to %s: %w", d, err)
	}
	return nil
}

// Queryable returns the store as Prometheus code reads it.
func (s *Store) Queryable() storage.SampleAndChunkQueryable { return s.db }

// Flush writes what the head holds beyond its usual two hours into blocks; the
// store does so by itself every minute. After a long backfill it saves memory.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.db.Compact(ctx); err != nil {
		return s.explain("compact", err)
	}
	return nil
}

// Newest returns the instant of the newest sample of an active series, in Unix
// milliseconds.
func (s *Store) Newest(ls labels.Labels) (int64, bool) {
	ref, ok := s.Ref(ls)
	if !ok {
		return 0, false
	}
	return s.tap.newest(ref)
}
