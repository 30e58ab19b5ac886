package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// memFS is a file system that forgets, on Crash, what was not synced, and fails
// writes and syncs once its budget of bytes is spent.
type memFS struct {
	mu     sync.Mutex
	files  map[string]*memFile
	synced map[string]*memFile // Directory entries that survive a crash.
	budget int                 // Bytes that may still be written; -1 = any number.
	fail   error               // What a write beyond the budget returns.
	syncs  int
}

type memFile struct {
	data   []byte
	stable []byte // The content at the last sync.
}

func newMemFS() *memFS {
	return &memFS{files: map[string]*memFile{}, synced: map[string]*memFile{}, budget: -1, fail: syscall.ENOSPC}
}

// Crash loses what was not synced: each file keeps its synced content and any
// prefix of what was appended since, possibly with damaged bytes in it.
func (m *memFS) Crash(rng *rand.Rand) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.budget = -1
	for name, f := range m.files {
		if m.synced[name] != f && rng.IntN(2) == 0 {
			delete(m.files, name) // The directory was not synced.
			continue
		}
		if extra := len(f.data) - len(f.stable); extra > 0 {
			keep := len(f.stable) + rng.IntN(extra+1)
			data := slices.Clone(f.data[:keep])
			if keep > len(f.stable) && rng.IntN(2) == 0 {
				// Pages reach the disk in any order: a hole of zeros.
				at := len(f.stable) + rng.IntN(keep-len(f.stable))
				clear(data[at:min(at+rng.IntN(64), keep)])
			}
			f.data = data
		} else if len(f.stable) > len(f.data) && rng.IntN(2) == 0 {
			f.data = slices.Clone(f.stable) // The truncation was not synced.
		}
		f.stable = slices.Clone(f.data)
	}
	for name, f := range m.synced {
		if m.files[name] == nil { // A removal that did not reach the disk.
			m.files[name] = f
			f.data = slices.Clone(f.stable)
		}
	}
	m.synced = map[string]*memFile{}
	for name, f := range m.files {
		m.synced[name] = f
	}
}

func (m *memFS) MkdirAll(string) error { return nil }
func (m *memFS) ReadDir(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.files {
		if filepath.Dir(name) == dir {
			names = append(names, filepath.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (m *memFS) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[name] != nil {
		return nil, fs.ErrExist
	}
	if m.budget == 0 {
		return nil, m.fail
	}
	m.files[name] = &memFile{}
	return &memHandle{fs: m, f: m.files[name], write: true}, nil
}

func (m *memFS) handle(name string, write bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.files[name]
	if f == nil {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &memHandle{fs: m, f: f, write: write}, nil
}

func (m *memFS) Append(name string) (File, error) { return m.handle(name, true) }
func (m *memFS) Open(name string) (File, error)   { return m.handle(name, false) }

func (m *memFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[to] = m.files[from]
	delete(m.files, from)
	return nil
}

func (m *memFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[name] == nil {
		return fs.ErrNotExist
	}
	delete(m.files, name)
	return nil
}

func (m *memFS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.synced {
		if filepath.Dir(name) == dir {
			delete(m.synced, name)
		}
	}
	for name, f := range m.files {
		if filepath.Dir(name) == dir {
			m.synced[name] = f
		}
	}
	return nil
}

func (m *memFS) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

type memHandle struct {
	fs    *memFS
	f     *memFile
	at    int
	write bool
}

func (h *memHandle) Read(p []byte) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.at >= len(h.f.data) {
		return 0, io.EOF
	}
	n := copy(p, h.f.data[h.at:])
	h.at += n
	return n, nil
}

func (h *memHandle) Write(p []byte) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	n := len(p)
	var err error
	if b := h.fs.budget; b >= 0 && n > b {
		n, err = b, h.fs.fail
	}
	if h.fs.budget >= 0 {
		h.fs.budget -= n
	}
	h.f.data = append(h.f.data, p[:n]...)
	return n, err
}

func (h *memHandle) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	h.fs.syncs++
	h.f.stable = slices.Clone(h.f.data)
	return nil
}

func (h *memHandle) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if int(size) > len(h.f.data) {
		return errors.New("memFS does not extend files")
	}
	h.f.data = h.f.data[:size:size]
	return nil
}

func (h *memHandle) Close() error { return nil }

// first returns the path of the only file with the suffix.
func (m *memFS) only(suffix string) *memFile {
	for name, f := range m.files {
		if strings.HasSuffix(name, suffix) {
			return f
		}
	}
	return nil
}
