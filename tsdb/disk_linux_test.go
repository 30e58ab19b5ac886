package tsdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
)

// A really full disk: the sender is told what to do, nothing of the failed
// commit reaches the tap, what was committed stays readable, and once there is
// space again writing goes on.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("cannot mount a small file system: %v; run as root to test a full disk", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, Options{Dir: dir})
	defer s.Close()
	heard := 0
	s.SetTap(func(b *metric.Batch) { heard += b.Len() })
	stored := 0
	write := func(from, n int) (err error) {
		for i := from; i < from+n && err == nil; i++ {
			tx := s.Begin(context.Background())
			for j := range 500 {
				// Noise, so that it does not compress.
				if _, err := tx.Add(0, named("x", "i", fmt.Sprint(i), "j", fmt.Sprint(j), "noise", fmt.Sprint(uint64(i*j+1)*0x9e3779b97f4a7c15)), t0, float64(i), nil, nil); err != nil {
					return errors.Join(err, tx.Rollback())
				}
			}
			var r AppendResult
			if r, err = tx.Commit(); err == nil {
				stored += r.New
			}
		}
		return err
	}
	err := write(0, 10_000)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "send the same again") {
		t.Fatalf("got %v", err)
	}
	if heard != stored || s.Stats().New != uint64(stored) {
		t.Errorf("stored %d, the tap heard %d, stats %+v", stored, heard, s.Stats())
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := write(20_000, 3); err != nil {
		t.Errorf("writing does not go on when there is space again: %v", err)
	}
	r, err := s.Query(context.Background(), "count(x)", t0)
	if err != nil || len(r.Vector) != 1 || int(r.Vector[0].V) < stored {
		t.Errorf("%+v, %v; stored %d", r, err, stored)
	}
}
