package offline

import "errors"

// from is what the reader of one input knows about its place in the run, and
// where the faults of its rows are counted.
type from struct {
	file  int
	name  string
	set   *seriesSet
	notes *notes
	bad   *rowCounter // Rows that cannot be read.
	late  *rowCounter // Rows whose instant does not advance their series; nil where any order will do.

	lateAt int // The place counted last: a row counts once, however many cells it has.
}

// setPlace says what a place in this input is: "line" or "value".
func (f *from) setPlace(place string, o ReadOptions) {
	f.bad = &rowCounter{file: f.name, fate: "skipped", place: place, strict: o.Strict, notes: f.notes}
	if !o.anyOrder {
		f.late = &rowCounter{file: f.name, fate: "not judged", place: place, strict: o.Strict, notes: f.notes}
	}
}

var errLate = errors.New("its time does not come after the sample before it; sort the file by time and keep one sample an instant")

// cell makes the cell of value v of column c at instant t; at is the place.
func (f *from) cell(c *column, at int, t int64, v float64) (Cell, error) {
	cell, err := f.set.cell(c, f.file, f.name, t, v)
	if err == nil && cell.Late && f.late != nil && f.lateAt != at {
		f.lateAt = at
		err = f.late.add(at, errLate)
	}
	return cell, err
}

// close ends the counts.
func (f *from) close() {
	f.bad.close()
	if f.late != nil {
		f.late.close()
	}
}
