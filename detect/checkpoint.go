package detect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"time"
)

// A checkpoint is
//
//	"bwd" version | layout hash (8) | config hash (8) | state, little endian
//	              | skyline window, if that is the profile
//	              | shape, if the configuration asks for it | checksum (8)
//
// The layout hash covers the names, types and order of every field, so a state
// written by a build that remembers differently is refused and not misread. The
// checksum covers everything before it: a damaged state is refused, because
// indices and sums in it are trusted on every later step.

const checkpointVersion = 1

var (
	checkpointMagic = [4]byte{'b', 'w', 'd', checkpointVersion}
	layout          = layoutHash(reflect.TypeFor[state]())
	stateSize       = binary.Size(state{})
)

// ErrForeignState says that a checkpoint was not written by this version,
// layout, configuration and metadata.
var ErrForeignState = errors.New("checkpoint is of another version, layout or configuration; start anew and replay")

// AppendState appends a checkpoint of the series to b: versioned, with a hash
// of the layout, so a foreign one is refused by Restore.
func (s *Series) AppendState(b []byte) []byte {
	start := len(b)
	b = append(b, checkpointMagic[:]...)
	b = binary.LittleEndian.AppendUint64(b, layout)
	b = binary.LittleEndian.AppendUint64(b, s.set.hash)
	out, err := binary.Append(b, binary.LittleEndian, &s.s)
	if err != nil { // Only a field without a fixed size can cause it; a test holds that.
		return b
	}
	if s.sky != nil {
		out = s.sky.append(out)
	}
	if s.form != nil {
		if out, err = s.form.append(out); err != nil {
			return b
		}
	}
	return binary.LittleEndian.AppendUint64(out, checksum(out[start:]))
}

// Restore returns the series a checkpoint was taken from: continued, it gives
// the results of the uninterrupted run. It fails if the checkpoint is of
// another version, layout or configuration: start from New then and replay.
func Restore(cfg Config, meta Meta, state []byte) (*Series, error) {
	s, err := New(cfg, meta)
	if err != nil {
		return nil, err
	}
	if len(state) < 28+stateSize {
		return nil, fmt.Errorf("cannot restore detector from %d bytes, want at least %d: %w", len(state), 28+stateSize, ErrForeignState)
	}
	end := len(state) - 8
	if binary.LittleEndian.Uint64(state[end:]) != checksum(state[:end]) {
		return nil, fmt.Errorf("cannot restore detector: damaged state: %w", ErrForeignState)
	}
	state = state[:end]
	if [4]byte(state) != checkpointMagic ||
		binary.LittleEndian.Uint64(state[4:]) != layout ||
		binary.LittleEndian.Uint64(state[12:]) != s.set.hash {
		return nil, fmt.Errorf("cannot restore detector: %w", ErrForeignState)
	}
	if _, err := binary.Decode(state[20:], binary.LittleEndian, &s.s); err != nil {
		return nil, fmt.Errorf("cannot restore detector: %w", err)
	}
	rest := state[20+stateSize:]
	if s.sky != nil {
		if err := s.sky.restore(rest); err != nil {
			return nil, err
		}
		return s, nil
	}
	if s.form != nil {
		if err := s.form.restore(rest); err != nil {
			return nil, err
		}
		return s, nil
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("cannot restore detector: %d bytes too many: %w", len(rest), ErrForeignState)
	}
	return s, nil
}

// checksum returns the FNV-1a hash of b.
func checksum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// layoutHash describes a type by the names and types of its fields, all the
// way down, and hashes the description.
func layoutHash(t reflect.Type) uint64 {
	h := fnv.New64a()
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		fmt.Fprintf(h, "%s:%d;", t.Kind(), t.Size())
		switch t.Kind() {
		case reflect.Struct:
			for i := range t.NumField() {
				fmt.Fprintf(h, "%s ", t.Field(i).Name)
				walk(t.Field(i).Type)
			}
		case reflect.Array:
			fmt.Fprintf(h, "[%d]", t.Len())
			walk(t.Elem())
		}
	}
	walk(t)
	return h.Sum64()
}

// configHash covers everything that changes what a state means.
func configHash(c Config, m Meta) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v %+v", struct {
		Profile      Profile
		Budget, Open float64
		Adapt        time.Duration
		Skyline      SkylineConfig
	}{c.Profile, c.Budget, c.Open, c.Adapt, c.Skyline}, m)
	if c.Shape { // Added later: states without it stay readable.
		fmt.Fprint(h, " shape")
	}
	return h.Sum64()
}
