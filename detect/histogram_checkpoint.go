package detect

import (
	"encoding/binary"
	"fmt"
	"reflect"
)

// A checkpoint of a histogram is laid out as that of a Series, with its own
// magic: see checkpoint.go.
var (
	histogramMagic  = [4]byte{'b', 'w', 'h', 1}
	histogramLayout = layoutHash(reflect.TypeFor[histogramState]())
	histogramSize   = binary.Size(histogramState{})
)

// AppendState appends a checkpoint of the histogram to b: versioned, with a hash
// of the layout, so a foreign one is refused by RestoreHistogram.
func (s *HistogramSeries) AppendState(b []byte) []byte {
	start := len(b)
	b = append(b, histogramMagic[:]...)
	b = binary.LittleEndian.AppendUint64(b, histogramLayout)
	b = binary.LittleEndian.AppendUint64(b, s.configHash())
	out, err := binary.Append(b, binary.LittleEndian, &s.s)
	if err != nil { // Only a field without a fixed size can cause it; a test holds that.
		return b
	}
	return binary.LittleEndian.AppendUint64(out, checksum(out[start:]))
}

// RestoreHistogram returns the detector a checkpoint was taken from: continued,
// it gives the results of the uninterrupted run. It fails if the checkpoint is
// of another version, layout or configuration: start from NewHistogram then and
// replay.
func RestoreHistogram(cfg Config, meta HistogramMeta, state []byte) (*HistogramSeries, error) {
	s, err := NewHistogram(cfg, meta)
	if err != nil {
		return nil, err
	}
	if want := 28 + histogramSize; len(state) != want {
		return nil, fmt.Errorf("cannot restore histogram detector from %d bytes, want %d: %w", len(state), want, ErrForeignState)
	}
	end := len(state) - 8
	if binary.LittleEndian.Uint64(state[end:]) != checksum(state[:end]) {
		return nil, fmt.Errorf("cannot restore histogram detector: damaged state: %w", ErrForeignState)
	}
	if [4]byte(state) != histogramMagic || binary.LittleEndian.Uint64(state[4:]) != histogramLayout ||
		binary.LittleEndian.Uint64(state[12:]) != s.configHash() {
		return nil, fmt.Errorf("cannot restore histogram detector: %w", ErrForeignState)
	}
	if _, err := binary.Decode(state[20:end], binary.LittleEndian, &s.s); err != nil {
		return nil, fmt.Errorf("cannot restore histogram detector: %w", err)
	}
	if s.s.Grid.Len > 0 {
		s.s.Grid.gaps(&s.gap)
	}
	return s, nil
}

// configHash covers everything that changes what a state means.
func (s *HistogramSeries) configHash() uint64 {
	return configHash(Config{Budget: s.cfg.Budget, Open: s.cfg.Open, Adapt: s.cfg.Adapt}, Meta{Step: s.meta.Step})
}
