package tsdb

import (
	"fmt"
	"syscall"
)

// A full disk must not reach the write-ahead log. A record that the log could
// write only in part is never taken back (Prometheus's wlog says so itself), so
// what is committed after it, once there is room again, is lost by the repair
// at the next start if the process is killed before. So transactions are
// refused while there is still a little room, before they touch the head (a
// rollback writes the log as well, for the series it made); it also lets others on the same disk, the
// alert log above all, write longer than the samples do.

// reserve is the room left free: 32 MiB, less on a small disk.
const (
	reserve      = 32 << 20
	reserveShare = 20 // At most one part in so many of the disk.
)

// enoughRoom returns an error like that of a full disk when little is left.
func (s *Store) enoughRoom() error {
	free, size, ok := s.space(s.dir)
	if keep := min(reserve, size/reserveShare); ok && free < keep {
		return fmt.Errorf("%d bytes are free, the last %d are kept back: %w", free, keep, syscall.ENOSPC)
	}
	return nil
}
