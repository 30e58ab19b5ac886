package tsdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"syscall"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// Tx is one transaction: samples added are stored by Commit all together or,
// after Rollback or a failed Commit, not at all. A sample that is refused
// costs only itself. A Tx belongs to one goroutine and must end with exactly
// one Commit or Rollback.
type Tx struct {
	s      *Store
	app    storage.AppenderV2
	maxT   int64 // Later samples are in the future.
	room   bool  // The disk had room when the first sample came.
	batch  *metric.Batch
	result AppendResult
}

// minT is the year 1; what is before it is no instant but garbage, and would
// make the first block of an empty store span the ages.
const minT = -62_135_596_800_000

var batchPool = sync.Pool{New: func() any { return &metric.Batch{} }}

// maxBatchHint bounds the samples a fresh batch has room for at once.
const maxBatchHint = 10_000

// newBatch returns an empty batch with room for as much as the last one held,
// since a tap keeps its batches and senders repeat themselves.
func (s *Store) newBatch() *metric.Batch {
	b := batchPool.Get().(*metric.Batch)
	if cap(b.Refs) == 0 {
		n := int(min(maxBatchHint, s.lastBatch.Load()))
		b.Refs, b.T, b.V, b.H = make([]uint64, 0, n), make([]int64, 0, n), make([]float64, 0, n), make([]*histogram.FloatHistogram, 0, n)
	}
	return b
}

// Begin starts a transaction.
func (s *Store) Begin(ctx context.Context) *Tx {
	return &Tx{
		s:     s,
		app:   s.db.AppenderV2(ctx),
		maxT:  s.opts.Now().Add(s.opts.MaxFutureSkew).UnixMilli(),
		batch: s.newBatch(),
	}
}

// Add adds one sample at t (Unix milliseconds): a float histogram if fh is
// set, else a histogram if h is set, else the float v. ref is what an earlier
// Add of the same labels returned, or 0; with a ref the labels are not checked
// again. Histograms are copied where they are kept.
//
// The error is a *RefusedError, and the sample is already counted, or else the
// store's: then the whole transaction should be rolled back.
func (tx *Tx) Add(ref uint64, ls labels.Labels, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) (uint64, error) {
	return tx.add(ref, ls, 0, t, v, h, fh, storage.AOptions{})
}

func (tx *Tx) add(ref uint64, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (uint64, error) {
	if ref == 0 {
		if bad := tx.s.opts.checkLabels(ls); bad != nil {
			return 0, tx.Refuse(bad, ls, t)
		}
		if !o.Metadata.IsEmpty() {
			tx.s.meta.set(ls.Get(labels.MetricName), o.Metadata)
		}
	}
	if t < minT {
		return 0, tx.Refuse(&RefusedError{ReasonTooOld, errors.New("before the year 1")}, ls, t)
	}
	if t > tx.maxT {
		return 0, tx.Refuse(&RefusedError{ReasonFuture, fmt.Errorf("more than %s ahead of the clock", tx.s.opts.MaxFutureSkew)}, ls, t)
	}
	if h != nil || fh != nil {
		var bad *RefusedError
		if h, fh, bad = tx.s.opts.fitHistogram(h, fh); bad != nil {
			return 0, tx.Refuse(bad, ls, t)
		}
	}
	if !tx.room { // Here and not at the end: a rollback writes the log too, where it made series.
		if err := tx.s.enoughRoom(); err != nil {
			return 0, tx.s.explain("append", err)
		}
		tx.room = true
	}
	got, err := tx.app.Append(storage.SeriesRef(ref), ls, st, t, v, h, fh, o)
	if err != nil && !errors.Is(err, &storage.AppendPartialError{}) {
		if bad := refusal(err); bad != nil {
			return 0, tx.Refuse(bad, ls, t)
		}
		return 0, tx.s.explain("append", err)
	}
	switch {
	case fh != nil && value.IsStaleNaN(fh.Sum), h != nil && value.IsStaleNaN(h.Sum):
		tx.batch.Append(uint64(got), t, metric.StaleNaN(), nil)
	case fh != nil:
		tx.batch.Append(uint64(got), t, math.NaN(), fh.Copy())
	case h != nil:
		tx.batch.Append(uint64(got), t, math.NaN(), h.ToFloat(nil))
	default:
		tx.batch.Append(uint64(got), t, v, nil)
	}
	return uint64(got), nil
}

// Refuse counts a sample as refused and returns bad. It is for a caller with
// limits of its own.
func (tx *Tx) Refuse(bad *RefusedError, ls labels.Labels, t int64) error {
	tx.result.Refused.Add(bad.Reason, 1, func() string { return describe(ls, t) + ": " + bad.Err.Error() })
	return bad
}

// SetMeta records what a sender said about a metric. typ is an OpenMetrics
// type name: counter, gauge, histogram, summary, info, stateset or unknown.
func (tx *Tx) SetMeta(name, typ, unit, help string) {
	tx.s.meta.set(name, metadata.Metadata{Type: model.MetricType(typ), Unit: unit, Help: help})
}

// Pending returns the samples added and not refused so far.
func (tx *Tx) Pending() int { return tx.batch.Len() }

// Commit stores the samples, then hands the new ones to the tap. After an
// error nothing is stored, and the sender may send the same again.
func (tx *Tx) Commit() (AppendResult, error) {
	n := tx.batch.Len()
	if err := tx.app.Commit(); err != nil {
		tx.giveUp()
		return AppendResult{}, tx.s.explain(fmt.Sprintf("commit %d samples", n), err)
	}
	batch := tx.batch
	tx.batch = nil
	tx.s.lastBatch.Store(int64(n))
	tx.s.tap.commit(batch, &tx.result)
	if tx.result.Tapped == 0 {
		batch.Reset()
		batchPool.Put(batch)
	}
	tx.s.counts.add(tx.result)
	return tx.result, nil
}

// Rollback gives the samples up.
func (tx *Tx) Rollback() error {
	err := tx.app.Rollback()
	tx.giveUp()
	if err != nil {
		return tx.s.explain("roll back", err)
	}
	return nil
}

func (tx *Tx) giveUp() {
	tx.s.counts.rolledBack.Add(uint64(tx.batch.Len() + tx.result.Refused.Total()))
	tx.batch.Reset()
	batchPool.Put(tx.batch)
	tx.batch = nil
}

// explain names the store in an error of the disk and says what to do.
func (s *Store) explain(verb string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("cannot %s in %s: the disk is full: %w; free space or lower the retention, then send the same again", verb, s.dir, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("cannot %s in %s: %w; make the directory writable", verb, s.dir, err)
	}
	return fmt.Errorf("cannot %s in %s: %w", verb, s.dir, err)
}
