// Package strict reads JSON that people write by hand: a field nobody knows is an
// error that names the nearest known one, a sample that is missing is the string
// "NaN", and all errors come at once. It refuses to guess: what it cannot read it
// names.
package strict

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reader reads objects and collects what is wrong on the way down. Its zero value
// is ready for use.
type Reader struct{ errs []error }

// maxErrors bounds what one request can make us report.
const maxErrors = 100

// Failf notes an error; past maxErrors it only keeps what it has.
func (r *Reader) Failf(format string, args ...any) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, fmt.Errorf(format, args...))
	}
}

// Object splits a JSON object into its known fields.
func (r *Reader) Object(what string, data []byte, known ...string) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil || m == nil {
		if err == nil {
			err = errors.New("it is null")
		}
		r.Failf("cannot read %s: %w; expected an object with the fields %s", what, err, strings.Join(known, ", "))
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		ok := false
		for _, n := range known {
			ok = ok || n == k
		}
		if !ok {
			r.Failf("cannot read %s: unknown field %s%s", what, Clip(k), Suggest(k, known))
		}
	}
	return m
}

// Err is everything noted, joined; nil if nothing was.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// Failures is the number of errors noted.
func (r *Reader) Failures() int { return len(r.errs) }
