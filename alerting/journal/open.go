package journal

// This file is what happens when a log is opened: reading every segment,
// cutting a torn tail, and refusing damage anywhere else.

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Report says what opening found and did.
type Report struct {
	CutBytes int64    `json:"cut_bytes"` // Bytes of torn tail removed; they were never acknowledged.
	CutFile  string   `json:"cut_file,omitempty"`
	Snapshot uint64   `json:"snapshot"` // Sequence number of the snapshot used; 0 = none. (Engine.)
	Replayed uint64   `json:"replayed"` // Records applied after it. (Engine.)
	Notes    []string `json:"notes,omitempty"`
}

// DamageError says that acknowledged records cannot be read.
type DamageError struct {
	File   string
	Offset int64
	Why    string
}

// Error says what is damaged and what to do.
func (e *DamageError) Error() string {
	return fmt.Sprintf("cannot open journal: %s is damaged at byte %d: %s; these records were acknowledged, so they are not cut silently. "+
		"Restore the file from a copy, or, to go on without them, move this segment and all later ones away: a snapshot may still cover them", e.File, e.Offset, e.Why)
}

// Open opens the log in dir, or makes one. It reads all of it: a torn tail is
// cut and reported, any other damage is a *DamageError.
func Open(dir string, o Options) (*Log, *Report, error) {
	o = o.withDefaults()
	rep := &Report{}
	l := &Log{dir: dir, o: o}
	if err := o.FS.MkdirAll(dir); err != nil {
		return nil, rep, fmt.Errorf("cannot open journal in %s: %w", dir, err)
	}
	lock, err := o.FS.Lock(dir)
	if err != nil {
		return nil, rep, fmt.Errorf("cannot open journal in %s: %w", dir, err)
	}
	l.lock = lock
	if err := l.openAll(rep); err != nil {
		lock.Close()
		return nil, rep, err
	}
	return l, rep, nil
}

// openAll reads the segments in order and opens the newest for writing.
func (l *Log) openAll(rep *Report) error {
	names, err := l.o.FS.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("cannot open journal in %s: %w", l.dir, err)
	}
	var firsts []uint64
	for _, name := range names {
		if first, ok := parseName(name, ".log"); ok {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	for i, first := range firsts {
		if err := l.openSegment(first, i == len(firsts)-1, rep); err != nil {
			return err
		}
	}
	return l.openTail(rep)
}

func parseName(name, ext string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, ext)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && n > 0
}

// openTail opens the newest segment for writing, or makes the first one.
func (l *Log) openTail(rep *Report) error {
	if len(l.segments) > 0 {
		f, err := l.o.FS.Append(l.segments[len(l.segments)-1].path)
		if err != nil {
			return fmt.Errorf("cannot open journal: %w", err)
		}
		l.file = f
		return nil
	}
	if l.id == [16]byte{} {
		l.id = l.o.ID
	}
	if l.id == [16]byte{} {
		l.id = newID()
	}
	seg, f, err := createSegment(l.o.FS, l.dir, l.id, 1)
	if err != nil {
		return fmt.Errorf("cannot make journal in %s: %w", l.dir, err)
	}
	l.segments, l.file = []segment{seg}, f
	rep.Notes = append(rep.Notes, "a new log was made")
	return nil
}

// openSegment reads one segment and adds it to the list.
func (l *Log) openSegment(first uint64, newest bool, rep *Report) error {
	path := filepath.Join(l.dir, segmentName(first))
	b, err := readFile(l.o.FS, path)
	if err != nil {
		return fmt.Errorf("cannot read journal: %w", err)
	}
	id, got, err := readHeader(b)
	if err != nil {
		if newest && len(b) <= headerSize && errors.Is(err, errHeader) {
			// A crash while the segment was made: it holds no record.
			rep.Notes = append(rep.Notes, fmt.Sprintf("%s was never finished and is made anew", path))
			return l.remake(path, first, int64(len(b)), rep)
		}
		return &DamageError{path, 0, err.Error()}
	}
	if len(l.segments) == 0 {
		l.id = id
	}
	switch prev := len(l.segments) - 1; {
	case got != first:
		return &DamageError{path, 24, fmt.Sprintf("its header says it begins with record %d", got)}
	case id != l.id:
		return &DamageError{path, 8, "it belongs to another log"}
	case prev >= 0 && first != l.segments[prev].last+1:
		return &DamageError{path, 24, fmt.Sprintf("it begins with record %d, the one before ends with %d: segments are missing", first, l.segments[prev].last)}
	}
	seg := segment{path: path, first: first, last: first - 1, size: headerSize}
	for int(seg.size) < len(b) {
		size, _, records, ok := readFrame(b[seg.size:], id, seg.last+1)
		if !ok {
			break
		}
		seg.size += int64(size)
		seg.last += uint64(len(records))
	}
	if cut := int64(len(b)) - seg.size; cut > 0 {
		if err := l.cutTail(b, seg, newest, rep); err != nil {
			return err
		}
	}
	l.segments = append(l.segments, seg)
	return nil
}

// cutTail removes the bytes after the last good frame, if they are a torn
// write and not damage.
func (l *Log) cutTail(b []byte, seg segment, newest bool, rep *Report) error {
	if !newest {
		return &DamageError{seg.path, seg.size, fmt.Sprintf("record %d cannot be read and later segments follow", seg.last+1)}
	}
	if at, first := nextFrame(b, seg.size+1, l.id, seg.last+1); at >= 0 {
		return &DamageError{seg.path, seg.size, fmt.Sprintf("record %d cannot be read, but record %d at byte %d can", seg.last+1, first, at)}
	}
	f, err := l.o.FS.Append(seg.path)
	if err != nil {
		return fmt.Errorf("cannot cut torn tail of %s: %w", seg.path, err)
	}
	defer f.Close()
	if err := f.Truncate(seg.size); err != nil {
		return fmt.Errorf("cannot cut torn tail of %s: %w", seg.path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("cannot cut torn tail of %s: %w", seg.path, err)
	}
	rep.CutBytes, rep.CutFile = int64(len(b))-seg.size, seg.path
	return nil
}

// nextFrame looks for a good frame of this log after a bad one. A torn write
// has none: the next frame is written only after the one before was synced.
func nextFrame(b []byte, from int64, id [16]byte, after uint64) (int64, uint64) {
	for at := from; at+frameHead <= int64(len(b)); at++ {
		rest := b[at:]
		// The sequence number is checked before the checksum, so the scan of
		// a long tail stays cheap.
		size, first, _, ok := 0, uint64(0), [][]byte(nil), false
		if first = leUint64(rest[8:]); first > after && first-after <= uint64(len(b)) {
			size, first, _, ok = readFrame(rest, id, 0)
		}
		if ok && size > 0 {
			return at, first
		}
	}
	return -1, 0
}

// remake replaces a segment that was never finished.
func (l *Log) remake(path string, first uint64, size int64, rep *Report) error {
	rep.CutBytes, rep.CutFile = size, path
	if err := l.o.FS.Remove(path); err != nil {
		return fmt.Errorf("cannot remove unfinished segment %s: %w", path, err)
	}
	if len(l.segments) == 0 {
		if first != 1 {
			return &DamageError{path, 0, "it was never finished and the segments before it are gone"}
		}
		return nil // openTail makes it.
	}
	seg, f, err := createSegment(l.o.FS, l.dir, l.id, first)
	if err != nil {
		return fmt.Errorf("cannot make segment %s anew: %w", path, err)
	}
	f.Close()
	l.segments = append(l.segments, seg)
	return nil
}

func readFile(fs FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
