//go:build unix

package journal

// This file keeps two processes from writing one log.

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Lock takes an advisory lock that the kernel drops when the process ends,
// however it ends.
func (osFS) Lock(dir string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("another process has it open; stop that one, or use another directory")
		}
		return nil, err
	}
	return f, nil
}
