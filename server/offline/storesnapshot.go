package offline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A store that is opened is also tended: its log is repaired, its blocks are
// compacted. Reading the past must not touch a directory that belongs to
// somebody else, perhaps to a running Prometheus. So a replay opens a snapshot
// of its own:
//
//	snapshot/<block>/{index,meta.json,chunks,...}   links to the originals, which never change
//	snapshot/wal, snapshot/wbl                      copies; a torn tail is repaired in the copy
//
// Taking a block out of the snapshot removes links and nothing else.
func snapshotStore(dir string) (snapshot string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cannot find store %s: %w", dir, err)
	}
	if snapshot, err = os.MkdirTemp("", "bellwether-replay-"); err != nil {
		return "", fmt.Errorf("cannot make a snapshot of store %s: %w; set TMPDIR to a writable directory", dir, err)
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		from, to := filepath.Join(dir, e.Name()), filepath.Join(snapshot, e.Name())
		switch {
		case err != nil || !e.IsDir():
		case e.Name() == "wal" || e.Name() == "wbl":
			err = copyTree(from, to)
		case isBlock(from):
			err = linkBlock(from, to)
		}
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("cannot make a snapshot of store %s: %w", dir, err), os.RemoveAll(snapshot))
	}
	return snapshot, nil
}

// isBlock reports whether a directory is a finished block.
func isBlock(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "meta.json"))
	return err == nil && filepath.Ext(dir) == "" // Unfinished ones are named <block>.tmp-...
}

// linkBlock makes a block of links to the files of another.
func linkBlock(from, to string) error {
	entries, err := os.ReadDir(from)
	if err == nil {
		err = os.Mkdir(to, 0o700)
	}
	for _, e := range entries {
		if err == nil {
			err = os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		}
	}
	return err
}

// copyTree copies a directory. A file that goes away meanwhile (the log of a
// running server is cut at its front) is left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		err = copyFile(path, filepath.Join(to, rel))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
