package tsdb

import (
	"errors"
	"fmt"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// RefusedError is the error of one sample that was refused. The transaction
// goes on without the sample.
type RefusedError struct {
	Reason Reason
	Err    error
}

// Error says why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("cannot take sample: %s: %v", e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// Is makes Prometheus's own writers (scrape above all) treat a refused sample
// as they treat one that is out of bounds: they skip it and go on.
func (e *RefusedError) Is(target error) bool { return target == storage.ErrOutOfBounds }

var errSeriesLimit = errors.New("too many active series; raise MaxSeries or send fewer")

// lifecycle is asked by the head before a series is made and told after it is
// gone.
type lifecycle struct{ s *Store }

// PreCreation refuses a new series beyond the limit. While the write-ahead log
// is replayed everything is let in: it was accepted once.
func (l lifecycle) PreCreation(labels.Labels) error {
	if l.s.ready.Load() && l.s.active.Load() >= int64(l.s.opts.MaxSeries) {
		return errSeriesLimit
	}
	return nil
}

// PostCreation counts the series.
func (l lifecycle) PostCreation(labels.Labels) { l.s.active.Add(1) }

// PostDeletion frees what was kept for the series.
func (l lifecycle) PostDeletion(deleted map[chunks.HeadSeriesRef]labels.Labels) {
	l.s.active.Add(-int64(len(deleted)))
	l.s.tap.forget(deleted)
}

// checkLabels returns why a label set is refused, or nil.
func (o *Options) checkLabels(ls labels.Labels) *RefusedError {
	if !ls.Has(labels.MetricName) {
		return &RefusedError{ReasonInvalidLabels, fmt.Errorf("no metric name (label %s)", labels.MetricName)}
	}
	n := 0
	var bad *RefusedError
	ls.Range(func(l labels.Label) {
		n++
		switch {
		case bad != nil:
		case len(l.Name) > o.MaxLabelNameLength:
			bad = &RefusedError{ReasonLabelLength, fmt.Errorf("a label name has %d bytes, the limit is %d", len(l.Name), o.MaxLabelNameLength)}
		case len(l.Value) > o.MaxLabelLength:
			bad = &RefusedError{ReasonLabelLength, fmt.Errorf("label %s has a value of %d bytes, the limit is %d", l.Name, len(l.Value), o.MaxLabelLength)}
		}
	})
	switch {
	case bad != nil:
		return bad
	case n > o.MaxLabels:
		return &RefusedError{ReasonLabelLimit, fmt.Errorf("%d labels, the limit is %d", n, o.MaxLabels)}
	case !ls.IsValid(model.UTF8Validation):
		return &RefusedError{ReasonInvalidLabels, errors.New("a label name is empty, or a name or value is not UTF-8")}
	}
	if name, dup := ls.HasDuplicateLabelNames(); dup {
		return &RefusedError{ReasonInvalidLabels, fmt.Errorf("label %s is given twice", name)}
	}
	return nil
}

// fitHistogram brings an exponential histogram within the bucket limit by
// halving its resolution as often as needed (at most down to schema -4). The
// arguments belong to the caller, so what changes is a copy.
func (o *Options) fitHistogram(h *histogram.Histogram, fh *histogram.FloatHistogram) (*histogram.Histogram, *histogram.FloatHistogram, *RefusedError) {
	var schema int32
	var buckets func() int
	var reduce func(to int32) error
	if fh != nil {
		schema = fh.Schema
		buckets = func() int { return len(fh.PositiveBuckets) + len(fh.NegativeBuckets) }
		reduce = func(to int32) error { return fh.ReduceResolution(to) }
	} else {
		schema = h.Schema
		buckets = func() int { return len(h.PositiveBuckets) + len(h.NegativeBuckets) }
		reduce = func(to int32) error { return h.ReduceResolution(to) }
	}
	if buckets() <= o.MaxHistogramBuckets && (schema <= histogram.ExponentialSchemaMax || !reducible(schema)) {
		return h, fh, nil
	}
	if fh != nil {
		fh = fh.Copy()
	} else {
		h = h.Copy()
	}
	for reducible(schema) && schema > histogram.ExponentialSchemaMin &&
		(schema > histogram.ExponentialSchemaMax || buckets() > o.MaxHistogramBuckets) {
		schema = min(schema-1, histogram.ExponentialSchemaMax)
		if err := reduce(schema); err != nil {
			return nil, nil, &RefusedError{ReasonInvalidHistogram, err}
		}
	}
	if n := buckets(); n > o.MaxHistogramBuckets {
		return nil, nil, &RefusedError{ReasonBucketLimit, fmt.Errorf("%d buckets at schema %d, the limit is %d", n, schema, o.MaxHistogramBuckets)}
	}
	return h, fh, nil
}

// reducible reports whether a schema is exponential, also one finer than the
// TSDB stores.
func reducible(schema int32) bool { return histogram.IsExponentialSchemaReserved(schema) }

// refusal classes an error of the head's appender; nil means the store itself
// failed.
func refusal(err error) *RefusedError {
	reason := Reason("")
	switch {
	case errors.Is(err, errSeriesLimit):
		reason = ReasonSeriesLimit
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		reason = ReasonDuplicateValue
	case errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfOrderSample):
		reason = ReasonTooOld
	case errors.Is(err, promtsdb.ErrInvalidSample):
		reason = ReasonInvalidLabels
	case errors.As(err, new(histogram.Error)):
		reason = ReasonInvalidHistogram
	default:
		return nil
	}
	return &RefusedError{reason, err}
}

func describe(ls labels.Labels, t int64) string {
	const long = 300
	name := metric.FormatSeries(ls)
	if len(name) > long {
		name = name[:long] + "..."
	}
	return fmt.Sprintf("%q at %d", name, t)
}
