package tsdb

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// Near the end of the disk samples are refused before the write-ahead log sees
// them, and taken again when there is room; a small disk keeps less back.
func TestFullDiskIsRefusedBeforeTheLog(t *testing.T) {
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := s.opts.Now().UnixMilli()
	add := func(at int64) error {
		_, err := s.Append(context.Background(), []Series{{Labels: labels.FromStrings("__name__", "m"), Samples: []metric.Sample{{T: at, V: 1}}}})
		return err
	}
	for i, c := range []struct {
		free, size uint64
		known      bool
		refused    bool
	}{
		{free: 1 << 40, size: 1 << 41, known: true},
		{free: 31 << 20, size: 1 << 41, known: true, refused: true},
		{free: 33 << 20, size: 1 << 41, known: true},
		{free: 2 << 20, size: 64 << 20, known: true, refused: true},
		{free: 4 << 20, size: 64 << 20, known: true},
		{known: false},
	} {
		s.space = func(string) (uint64, uint64, bool) { return c.free, c.size, c.known }
		if err := add(now + int64(i)); errors.Is(err, syscall.ENOSPC) != c.refused || (err != nil) != c.refused {
			t.Errorf("%d of %d bytes free: %v; refused should be %v", c.free, c.size, err, c.refused)
		}
	}
	if free, size, ok := diskSpace(t.TempDir()); ok && (size == 0 || free > size) {
		t.Errorf("the disk of the tests: %d of %d free", free, size)
	}
}
