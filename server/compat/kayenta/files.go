package kayenta

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Objects are files: one a document, named by its id, written whole or not at
// all. Their number and their size are bounded.

// maxObject bounds one document, and a request body with it.
const maxObject = 32 << 20

// maxKind bounds all documents of a kind.
const maxKind = 2 << 30

var validID = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$`)

// notFound is an object that does not exist.
type notFound struct{ error }

// refused is a request that cannot be carried out as it is.
type refused struct{ error }

func refuse(format string, args ...any) error { return refused{fmt.Errorf(format, args...)} }

// full is a bound that is reached.
type full struct{ error }

// files are the objects of one kind.
type files struct {
	dir, what string
	max       int

	mu    sync.Mutex
	sizes map[string]int64
	total int64
}

func openFiles(dir, what string, max int) (*files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the directory of each %s: %w", what, err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list each %s: %w", what, err)
	}
	f := &files{dir: dir, what: what, max: max, sizes: map[string]int64{}}
	for _, e := range list {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if info, err := e.Info(); ok && err == nil && validID.MatchString(id) {
			f.sizes[id] = info.Size()
			f.total += info.Size()
		}
	}
	return f, nil
}

func (f *files) path(id string) string { return filepath.Join(f.dir, id+".json") }

// get reads an object.
func (f *files) get(id string) ([]byte, error) {
	missing := notFound{fmt.Errorf("cannot find %s %q: there is none of that id", f.what, id)}
	if !f.has(id) {
		return nil, missing
	}
	data, err := os.ReadFile(f.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s %q: %w", f.what, id, err)
	}
	return data, nil
}

func (f *files) has(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.sizes[id]
	return ok
}

// put keeps an object, durably, in the place of one of the same id.
func (f *files) put(id string, data []byte) error {
	if !validID.MatchString(id) {
		return refuse("cannot keep %s under id %.40q: use up to 128 letters, digits, dots, dashes and underscores", f.what, id)
	}
	if len(data) > maxObject {
		return refuse("cannot keep %s %q: %d bytes, the limit is %d", f.what, id, len(data), maxObject)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	old, exists := f.sizes[id]
	if !exists && len(f.sizes) >= f.max {
		return full{fmt.Errorf("cannot keep another %s: there are %d, the limit; delete some", f.what, len(f.sizes))}
	}
	if f.total-old+int64(len(data)) > maxKind {
		return full{fmt.Errorf("cannot keep %s %q: all of them take %d bytes, the limit is %d; delete some", f.what, id, f.total, maxKind)}
	}
	if err := writeWhole(f.path(id), data); err != nil {
		return fmt.Errorf("cannot keep %s %q: %w; is there room on the disk?", f.what, id, err)
	}
	f.total += int64(len(data)) - old
	f.sizes[id] = int64(len(data))
	return nil
}

// writeWhole leaves the whole new file or the old one, also after a crash.
func writeWhole(path string, data []byte) error {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// remove deletes an object.
func (f *files) remove(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	size, ok := f.sizes[id]
	if !ok {
		return notFound{fmt.Errorf("cannot delete %s %q: there is none of that id", f.what, id)}
	}
	if err := os.Remove(f.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot delete %s %q: %w", f.what, id, err)
	}
	delete(f.sizes, id)
	f.total -= size
	return nil
}

// key is an object in a list.
type key struct {
	ID         string `json:"id"`
	Updated    int64  `json:"updatedTimestamp"`
	UpdatedISO string `json:"updatedTimestampIso"`
}

// keys lists the objects by id, with when they were written.
func (f *files) keys() []key {
	f.mu.Lock()
	ids := make([]string, 0, len(f.sizes))
	for id := range f.sizes {
		ids = append(ids, id)
	}
	f.mu.Unlock()
	slices.Sort(ids)
	out := make([]key, 0, len(ids))
	for _, id := range ids {
		if info, err := os.Stat(f.path(id)); err == nil { // Deleted meanwhile otherwise.
			ms := info.ModTime().UnixMilli()
			out = append(out, key{ID: id, Updated: ms, UpdatedISO: iso(ms)})
		}
	}
	slices.SortStableFunc(out, func(a, b key) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
