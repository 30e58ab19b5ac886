package journal

// This file is the log: numbered records, appended by anyone, on disk before
// Append returns.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
)

// Options configure a Log. Zero values mean the default.
type Options struct {
	SegmentBytes int64    // A segment is closed once it is this large; default 64 MiB.
	MaxRecord    int      // Largest record in bytes; default 16 MiB.
	MaxBatch     int      // Largest group commit in bytes; default 8 MiB (one record may exceed it).
	FS           FS       // Default: the operating system's.
	ID           [16]byte // Id of a new log; default random.
}

func (o Options) withDefaults() Options {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.MaxRecord == 0 {
		o.MaxRecord = 16 << 20
	}
	if o.MaxBatch == 0 {
		o.MaxBatch = 8 << 20
	}
	if o.FS == nil {
		o.FS = osFS{}
	}
	return o
}

// Record is one entry of the log.
type Record struct {
	Seq     uint64 // From 1, consecutive.
	Payload []byte
}

// segment is one file of the log.
type segment struct {
	path  string
	first uint64 // Its first record.
	last  uint64 // Its last record; first-1 if it has none.
	size  int64  // Synced bytes. Nothing beyond them counts.
}

// Log is an append-only log in a directory. It is safe for concurrent use.
//
// Concurrent Appends share one write and one fsync: whoever finds nobody
// writing becomes the leader and takes along all that wait (group commit).
type Log struct {
	dir  string
	o    Options
	id   [16]byte
	lock io.Closer

	commit sync.Mutex // Held by the leader while it writes; taken before mu.
	file   File       // The newest segment, open for writing.
	dirty  bool       // A write failed: bytes after the synced size must go first.
	buf    []byte

	mu       sync.Mutex
	segments []segment // Oldest first; at least one.
	waiting  []*pending
	closed   bool
}

// pending is one Append waiting for its fsync.
type pending struct {
	payloads [][]byte
	last     uint64
	err      error
	done     bool
}

// ErrClosed is returned by a log or engine after Close.
var ErrClosed = errors.New("the journal is closed")

// ID returns the id of the log, made when the log was.
func (l *Log) ID() [16]byte { return l.id }

// Last returns the sequence number of the last record on disk; 0 = none.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[len(l.segments)-1].last
}

// Oldest returns the sequence number of the oldest record still kept.
func (l *Log) Oldest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[0].first
}

// Append writes the payloads as consecutive records and returns the sequence
// number of the last, once they are synced. On an error none of them is in the
// log, and later Appends may succeed: a full disk heals when space is freed.
// ctx is looked at before the write, which is not interrupted.
func (l *Log) Append(ctx context.Context, payloads ...[]byte) (uint64, error) {
	if len(payloads) == 0 {
		return l.Last(), nil
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	for _, p := range payloads {
		if len(p) > l.o.MaxRecord {
			return 0, fmt.Errorf("cannot append record of %d bytes: at most %d", len(p), l.o.MaxRecord)
		}
	}
	p := &pending{payloads: payloads}
	l.mu.Lock()
	l.waiting = append(l.waiting, p)
	l.mu.Unlock()

	// Whoever gets the lock commits everything that waits; the others find
	// their own done when they get it.
	l.commit.Lock()
	defer l.commit.Unlock()
	for !p.done {
		l.lead()
	}
	return p.last, p.err
}

// lead takes what waits, up to one batch, and commits it.
func (l *Log) lead() {
	l.mu.Lock()
	n, size := 0, 0
	for n < len(l.waiting) {
		for _, b := range l.waiting[n].payloads {
			size += len(b) + 5
		}
		if n > 0 && size > l.o.MaxBatch {
			break
		}
		n++
	}
	group := l.waiting[:n:n]
	l.waiting = append([]*pending(nil), l.waiting[n:]...)
	seg := l.segments[len(l.segments)-1]
	closed := l.closed
	l.mu.Unlock()

	var err error = ErrClosed
	if !closed {
		err = l.write(seg, group)
	}
	next := seg.last
	for _, p := range group {
		next += uint64(len(p.payloads))
		p.done, p.err, p.last = true, err, next
		if err != nil {
			p.last = 0
		}
	}
}

// write makes one frame of the group, writes and syncs it.
func (l *Log) write(seg segment, group []*pending) error {
	if err := l.heal(seg); err != nil {
		return err
	}
	if seg.size >= l.o.SegmentBytes && seg.last >= seg.first {
		next, err := l.rotate(seg)
		if err != nil {
			return err
		}
		seg = next
	}
	var all [][]byte
	for _, p := range group {
		all = append(all, p.payloads...)
	}
	l.buf = appendFrame(l.buf[:0], l.id, seg.last+1, all)
	size := int64(len(l.buf))
	if size-frameHead >= 1<<32 {
		return fmt.Errorf("cannot append %d records of %d bytes at once: a commit holds less than 4 GiB; send fewer", len(all), size)
	}
	_, err := l.file.Write(l.buf)
	if err == nil {
		err = l.file.Sync()
	}
	if cap(l.buf) > 1<<20 {
		l.buf = nil
	}
	if err != nil {
		l.dirty = true
		return fmt.Errorf("cannot append to %s: %w; nothing was taken in; free space or mend the disk, then send again", seg.path, err)
	}
	l.mu.Lock()
	s := &l.segments[len(l.segments)-1]
	s.last += uint64(len(all))
	s.size += size
	l.mu.Unlock()
	return nil
}

// heal removes what a failed write may have left behind.
func (l *Log) heal(seg segment) error {
	if !l.dirty {
		return nil
	}
	// After a failed fsync the kernel may have dropped the pages and forgotten
	// the error, so the file is opened anew and cut back to what was synced.
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
	f, err := l.o.FS.Append(seg.path)
	if err == nil {
		err = f.Truncate(seg.size)
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			f.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("cannot append to %s: cannot cut back a failed write: %w; nothing was taken in; mend the disk", seg.path, err)
	}
	l.file, l.dirty = f, false
	return nil
}

// rotate starts the next segment.
func (l *Log) rotate(seg segment) (segment, error) {
	next, f, err := createSegment(l.o.FS, l.dir, l.id, seg.last+1)
	if err != nil {
		return segment{}, fmt.Errorf("cannot start segment after %s: %w; nothing was taken in; free space or mend the disk, then send again", seg.path, err)
	}
	l.file.Close()
	l.file = f
	l.mu.Lock()
	l.segments = append(l.segments, next)
	l.mu.Unlock()
	return next, nil
}

// createSegment makes an empty segment, synced with its directory. A leftover
// of a failed attempt is replaced: it cannot hold a record, or it would be in
// the list.
func createSegment(fs FS, dir string, id [16]byte, first uint64) (segment, File, error) {
	path := filepath.Join(dir, segmentName(first))
	f, err := fs.Create(path)
	if err != nil {
		if fs.Remove(path) == nil {
			f, err = fs.Create(path)
		}
		if err != nil {
			return segment{}, nil, err
		}
	}
	_, err = f.Write(appendHeader(nil, id, first))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fs.SyncDir(dir)
	}
	if err != nil {
		f.Close()
		fs.Remove(path)
		return segment{}, nil, err
	}
	return segment{path: path, first: first, last: first - 1, size: headerSize}, f, nil
}

// Forget removes segments all of whose records are before seq. The newest
// segment always stays.
func (l *Log) Forget(seq uint64) error {
	l.mu.Lock()
	n := 0
	for n < len(l.segments)-1 && l.segments[n].last < seq {
		n++
	}
	gone := append([]segment(nil), l.segments[:n]...)
	l.segments = append([]segment(nil), l.segments[n:]...)
	l.mu.Unlock()
	for _, s := range gone {
		if err := l.o.FS.Remove(s.path); err != nil {
			return fmt.Errorf("cannot remove old segment %s: %w; remove it by hand, the log no longer needs it", s.path, err)
		}
	}
	if n > 0 {
		return l.o.FS.SyncDir(l.dir)
	}
	return nil
}

// Bytes returns the size of the log on disk.
func (l *Log) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var n int64
	for _, s := range l.segments {
		n += s.size
	}
	return n
}

// Close waits for a commit under way and closes the log.
func (l *Log) Close() error {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if was {
		return nil
	}
	var err error
	if l.file != nil {
		err = l.file.Close()
		l.file = nil
	}
	return errors.Join(err, l.lock.Close())
}

func newID() (id [16]byte) {
	rand.Read(id[:]) // Never fails, see crypto/rand.
	return id
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d.log", first) }
