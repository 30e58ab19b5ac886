package tsdb

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options configures a Store. The zero value is a store in a temporary
// directory with every default; a negative number is refused.
type Options struct {
	// Dir is the data directory, created if missing. Empty means a temporary
	// directory that Close removes.
	Dir string
	// Retention is how long samples are kept; 0 means 15 days.
	Retention time.Duration
	// OutOfOrderWindow is how far behind the newest sample of the store a late
	// sample may be and still be stored; 0 means 10 minutes.
	OutOfOrderWindow time.Duration
	// MaxFutureSkew is how far ahead of the clock a sample may be; 0 means 10
	// minutes.
	MaxFutureSkew time.Duration

	// MaxSeries bounds the active series; 0 means 10 million. A sample of a
	// series beyond it is refused with ReasonSeriesLimit.
	MaxSeries int
	// MaxLabels bounds the labels of a series, the name included; 0 means 64.
	MaxLabels int
	// MaxLabelNameLength bounds a label name, in bytes; 0 means 256.
	MaxLabelNameLength int
	// MaxLabelLength bounds a label value, in bytes; 0 means 2048.
	MaxLabelLength int
	// MaxHistogramBuckets bounds the populated buckets of a native histogram;
	// 0 means 1024. A finer exponential histogram is first reduced in
	// resolution; what still does not fit is refused with ReasonBucketLimit.
	MaxHistogramBuckets int

	// QueryTimeout bounds one PromQL query; 0 means 1 minute.
	QueryTimeout time.Duration
	// MaxQuerySamples bounds the samples one query may hold in memory; 0 means
	// 50 million.
	MaxQuerySamples int
	// MaxQueryPoints bounds the steps of a range query; 0 means 11000.
	MaxQueryPoints int
	// MaxQueries bounds the queries evaluated at the same time, others wait;
	// 0 means 20.
	MaxQueries int
	// Lookback is how long after its last sample a series still has a value in
	// PromQL; 0 means 5 minutes.
	Lookback time.Duration

	// Log receives what the TSDB reports; nil discards it.
	Log *slog.Logger
	// Registerer receives the TSDB's and the engine's own metrics; nil keeps
	// them private.
	Registerer prometheus.Registerer
	// Now is the clock that MaxFutureSkew is measured against; nil means
	// time.Now. Simulations and tests set it.
	Now func() time.Time
}

// withDefaults returns o with every zero field set, or all complaints at once.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	durations := []struct {
		name string
		v    *time.Duration
		def  time.Duration
	}{
		{"Retention", &o.Retention, 15 * 24 * time.Hour},
		{"OutOfOrderWindow", &o.OutOfOrderWindow, 10 * time.Minute},
		{"MaxFutureSkew", &o.MaxFutureSkew, 10 * time.Minute},
		{"QueryTimeout", &o.QueryTimeout, time.Minute},
		{"Lookback", &o.Lookback, 5 * time.Minute},
	}
	for _, d := range durations {
		if *d.v < 0 {
			errs = append(errs, fmt.Errorf("cannot use %s %v: it is negative; give a positive duration or leave it out", d.name, *d.v))
		}
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	numbers := []struct {
		name string
		v    *int
		def  int
	}{
		{"MaxSeries", &o.MaxSeries, 10_000_000},
		{"MaxLabels", &o.MaxLabels, 64},
		{"MaxLabelNameLength", &o.MaxLabelNameLength, 256},
		{"MaxLabelLength", &o.MaxLabelLength, 2048},
		{"MaxHistogramBuckets", &o.MaxHistogramBuckets, 1024},
		{"MaxQuerySamples", &o.MaxQuerySamples, 50_000_000},
		{"MaxQueryPoints", &o.MaxQueryPoints, 11_000},
		{"MaxQueries", &o.MaxQueries, 20},
	}
	for _, n := range numbers {
		if *n.v < 0 {
			errs = append(errs, fmt.Errorf("cannot use %s %d: it is negative; give a positive number or leave it out", n.name, *n.v))
		}
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, errors.Join(errs...)
}
