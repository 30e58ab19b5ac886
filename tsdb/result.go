package tsdb

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// HistogramSample is one native histogram observation of a series.
type HistogramSample struct {
	T int64                     // Unix milliseconds.
	H *histogram.FloatHistogram // Never nil; the receiver owns it.
}

// Series is one labelled series with its points, ascending in time. A series
// may hold both floats and histograms, never both at one instant.
type Series struct {
	Ref        uint64 // The store's reference, 0 if not active or not read by Select.
	Labels     labels.Labels
	Samples    []metric.Sample
	Histograms []HistogramSample
}

// Point is one element of an instant vector: a float, or a histogram when H is
// not nil.
type Point struct {
	Labels labels.Labels
	T      int64 // Unix milliseconds.
	V      float64
	H      *histogram.FloatHistogram
}

// ResultType says which field of a Result is set. The values are the
// Prometheus API's resultType strings.
type ResultType string

// The result types of PromQL.
const (
	Vector ResultType = "vector"
	Matrix ResultType = "matrix"
	Scalar ResultType = "scalar"
	String ResultType = "string"
)

// Result is what a PromQL expression evaluated to.
type Result struct {
	Type   ResultType
	Vector []Point       // Sorted by labels, unless the expression sorts.
	Matrix []Series      // Sorted by labels.
	Scalar metric.Sample // Also the instant of a String.
	String string

	// Warnings say why the result may be incomplete or wrong, Infos what looks
	// like a mistake in the expression.
	Warnings, Infos []string
}

// ErrorKind classes a failed query. The values are the Prometheus API's
// errorType strings.
type ErrorKind string

// The ways a query fails.
const (
	BadData   ErrorKind = "bad_data"  // The request is wrong: parse error, bad range.
	Execution ErrorKind = "execution" // The expression cannot be evaluated, or asks for too many samples.
	Timeout   ErrorKind = "timeout"
	Canceled  ErrorKind = "canceled"
	Internal  ErrorKind = "internal" // The store failed.
)

// QueryError is the error of Query and QueryRange.
type QueryError struct {
	Kind ErrorKind
	Expr string
	// Offset is the position of a parse error in Expr, in bytes from 0; Line and
	// Column count from 1. All are -1 when the error has no position.
	Offset, Line, Column int
	Err                  error
}

// Error says which expression failed, where and why.
func (e *QueryError) Error() string {
	if e.Offset >= 0 {
		return fmt.Sprintf("cannot parse expression %q: line %d, column %d: %v", e.Expr, e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("cannot evaluate expression %q: %v", e.Expr, e.Err)
}

// Unwrap returns the cause.
func (e *QueryError) Unwrap() error { return e.Err }
