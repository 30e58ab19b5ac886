package ingest

import (
	"context"
	"errors"

	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// intake is one transaction of the sink, whatever the protocol: the block-list
// is asked, the store appends, the books are kept.
//
// Once the store has failed, samples are only counted and commit rolls back,
// so a protocol decodes to the end without minding errors and every sample it
// brought is in the books.
type intake struct {
	sink  *Sink
	tx    *tsdb.Tx
	block *blockList
	err   error // The first error of the store.

	undecodable int
	floats      tally
	histograms  tally
}

// tally counts the samples of one kind that were given to add.
type tally struct{ given, refused int }

func (t tally) accepted() int { return t.given - t.refused }

func (s *Sink) begin(ctx context.Context) *intake {
	return &intake{sink: s, tx: s.store.Begin(ctx), block: s.block.Load()}
}

// add passes one sample on. A refused sample gives reference 0 and a
// *tsdb.RefusedError; any other error is the store's.
func (in *intake) add(ref uint64, ls labels.Labels, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) (uint64, error) {
	count := &in.floats
	if h != nil || fh != nil {
		count = &in.histograms
	}
	count.given++
	if in.err != nil {
		return 0, in.err
	}
	if len(in.block.entries) > 0 {
		if e := in.block.find(ls); e != nil {
			count.refused++
			return 0, in.tx.Refuse(e.refusal(), ls, t)
		}
	}
	got, err := in.tx.Add(ref, ls, t, v, h, fh)
	if err != nil {
		var refused *tsdb.RefusedError
		if errors.As(err, &refused) {
			count.refused++
		} else {
			in.err = err
		}
	}
	return got, err
}

// refuseHistogram counts a histogram that cannot even be given to the store.
func (in *intake) refuseHistogram(ls labels.Labels, t int64, why error) {
	in.histograms.given++
	if in.err == nil {
		in.histograms.refused++
		_ = in.tx.Refuse(&tsdb.RefusedError{Reason: tsdb.ReasonInvalidHistogram, Err: why}, ls, t)
	}
}

// commit stores what was added and books it, or gives everything back if the
// store failed.
func (in *intake) commit() (tsdb.AppendResult, error) {
	if in.err != nil {
		return tsdb.AppendResult{}, errors.Join(in.err, in.rollback())
	}
	r, err := in.tx.Commit()
	if err != nil {
		in.sink.books.giveBack(in.undecodable, in.floats.given+in.histograms.given)
		return r, err
	}
	in.sink.books.settle(in.undecodable, r)
	return r, nil
}

// rollback gives everything back to the sender.
func (in *intake) rollback() error {
	err := in.tx.Rollback()
	in.sink.books.giveBack(in.undecodable, in.floats.given+in.histograms.given)
	return err
}

// appendable is the sink for Prometheus's own pullers.
type appendable struct{ sink *Sink }

func (a appendable) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return appender{a.sink.begin(ctx)}
}

type appender struct{ in *intake }

func (a appender) Append(ref storage.SeriesRef, ls labels.Labels, _, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	if ref == 0 && !o.Metadata.IsEmpty() {
		a.in.tx.SetMeta(ls.Get(labels.MetricName), string(o.Metadata.Type), o.Metadata.Unit, o.Metadata.Help)
	}
	got, err := a.in.add(uint64(ref), ls, t, v, h, fh)
	return storage.SeriesRef(got), err
}

func (a appender) Commit() error {
	_, err := a.in.commit()
	return err
}

func (a appender) Rollback() error { return a.in.rollback() }
