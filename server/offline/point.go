package offline

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// maxSeries bounds how many series one run holds state for.
const maxSeries = 1_000_000

// Series is one series of an input, interned once so that ten million cells
// cost ten million floats and not ten million names.
type Series struct {
	ID     int           // Position in order of first appearance, from 0.
	Name   string        // As results print it: as the input wrote it, with a file label added where two files collide.
	Labels labels.Labels // Name parsed; see metric.ParseSeries.

	file  int    // The input the series was last seen in.
	lastT int64  // Newest instant seen, Unix milliseconds.
	first string // Name of the input it was first seen in.
	clash bool   // Another input has a series of this name that is not this one.
}

// Cell is one value of a row.
type Cell struct {
	Series *Series
	V      float64 // Never NaN: a missing value is no cell. May be infinite.
	Late   bool    // The instant does not advance the series: a duplicate, or out of order.
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

// column is a series as one input knows it. It is resolved to a Series at its
// first sample, because only then is it known whether the series continues one
// of an earlier file.
type column struct {
	name   string
	labels labels.Labels
	series *Series
}

func newColumn(name string) (*column, error) {
	ls, err := metric.ParseSeries(name)
	if err != nil {
		return nil, err
	}
	return &column{name: name, labels: ls}, nil
}

// seriesSet holds the series of all inputs of a run. A series named in two
// files is one series if the second file starts after the first ended (a month
// of data cut by day); otherwise two files speak of different things under one
// name (a directory of benchmarks), and the later one gets a file label.
type seriesSet struct {
	all    []*Series
	byName map[string]*Series // By canonical name: metric.FormatSeries.
	notes  *notes
}

func newSeriesSet(n *notes) *seriesSet {
	return &seriesSet{byName: map[string]*Series{}, notes: n}
}

// cell turns a value of column c at instant t into a Cell of input number
// file, named fileName.
func (s *seriesSet) cell(c *column, file int, fileName string, t int64, v float64) (Cell, error) {
	if c.series == nil {
		if err := s.resolve(c, file, fileName, t); err != nil {
			return Cell{}, err
		}
	}
	late := c.series.file >= 0 && t <= c.series.lastT
	if !late {
		c.series.lastT = t
	}
	c.series.file = file
	return Cell{Series: c.series, V: v, Late: late}, nil
}

func (s *seriesSet) resolve(c *column, file int, fileName string, t int64) error {
	key := metric.FormatSeries(c.labels)
	old := s.byName[key]
	if old != nil && old.file != file && t <= old.lastT {
		old.clash = true
		c.labels, c.name = withFile(c.labels, fileName)
		s.notes.say("%s: series %s is in an earlier file too and overlaps it in time; this one is reported as %s", fileName, key, c.name)
		key, old = c.name, s.byName[c.name]
	}
	if old != nil {
		c.series = old
		return nil
	}
	if len(s.all) >= maxSeries {
		return fmt.Errorf("cannot read %s: more than %d series; split the input", fileName, maxSeries)
	}
	c.series = &Series{ID: len(s.all), Name: c.name, Labels: c.labels, file: -1, first: fileName}
	s.all = append(s.all, c.series)
	s.byName[key] = c.series
	return nil
}

// withFile adds the file to the labels of a series, and returns its new name.
func withFile(ls labels.Labels, file string) (labels.Labels, string) {
	ls = labels.NewBuilder(ls).Set("file", file).Labels()
	return ls, metric.FormatSeries(ls)
}
