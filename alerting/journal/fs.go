package journal

// This file is the little of a file system that the journal needs, so that
// tests can make writes fail at any byte.

import (
	"io"
	"os"
)

// FS is the file system under a journal. Names are paths.
type FS interface {
	MkdirAll(dir string) error
	ReadDir(dir string) ([]string, error) // Base names, sorted.
	Create(name string) (File, error)     // Fails if it exists.
	Append(name string) (File, error)     // Opens for writing; writes go to the end.
	Open(name string) (File, error)       // Opens for reading.
	Rename(from, to string) error
	Remove(name string) error
	SyncDir(dir string) error
	// Lock takes the directory for this process until the closer is closed
	// or the process ends.
	Lock(dir string) (io.Closer, error)
}

// File is an open file.
type File interface {
	io.Reader
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// osFS is the real one.
type osFS struct{}

func open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o640)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o750) }

func (osFS) ReadDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (osFS) Create(name string) (File, error) { return open(name, os.O_CREATE|os.O_EXCL|os.O_RDWR) }
func (osFS) Append(name string) (File, error) { return open(name, os.O_RDWR|os.O_APPEND) }
func (osFS) Open(name string) (File, error)   { return open(name, os.O_RDONLY) }
func (osFS) Rename(from, to string) error     { return os.Rename(from, to) }
func (osFS) Remove(name string) error         { return os.Remove(name) }

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
