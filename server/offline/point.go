package offline

import "github.com/prometheus/prometheus/model/labels"

// Series is one series of an input, interned once so that ten million cells
// cost ten million floats and not ten million names.
type Series struct {
	ID     int           // Position in order of first appearance, from 0.
	Name   string        // As results print it: the header cell, or the name with a file label where two files collide.
	Labels labels.Labels // Name parsed; see metric.ParseSeries.
}

// Cell is one value of a row.
type Cell struct {
	Series *Series
	V      float64 // Never NaN: a missing value is no cell.
}

// Row is one line of an input: an instant and the samples it carries. A long
// CSV, JSON and OpenMetrics give one cell a row.
type Row struct {
	T     int64  // Unix milliseconds.
	Time  string // The timestamp as the input wrote it.
	Cells []Cell // Valid until the next call of Reader.Next.
}

// Reader gives the rows of an input in input order. Next returns io.EOF after
// the last row; any other error ends the input.
type Reader interface {
	Next() (Row, error)
}
