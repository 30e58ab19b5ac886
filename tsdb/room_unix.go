//go:build unix && !netbsd && !openbsd && !solaris && !illumos && !aix

package tsdb

import "syscall"

// diskSpace returns the bytes free for this user and in all on the disk of a
// directory.
func diskSpace(dir string) (free, size uint64, ok bool) {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil || st.Blocks == 0 {
		return 0, 0, false
	}
	return uint64(st.Bavail) * uint64(st.Bsize), uint64(st.Blocks) * uint64(st.Bsize), true
}
