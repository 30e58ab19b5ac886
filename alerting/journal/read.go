package journal

// This file is reading the log while it grows.

import (
	"encoding/binary"
	"fmt"
	"io"
	"iter"
)

// ForgottenError says that records before Oldest are no longer kept.
type ForgottenError struct{ From, Oldest uint64 }

// Error says where reading can begin.
func (e *ForgottenError) Error() string {
	return fmt.Sprintf("cannot read the journal from record %d: the oldest one kept is %d", e.From, e.Oldest)
}

// Read yields the records from seq on (0 = the oldest kept), up to the last one
// on disk when it was called. It may run beside Append. After an error it ends.
func (l *Log) Read(from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		l.mu.Lock()
		segments := append([]segment(nil), l.segments...)
		l.mu.Unlock()
		if from == 0 {
			from = segments[0].first
		}
		if from < segments[0].first {
			yield(Record{}, &ForgottenError{from, segments[0].first})
			return
		}
		for _, s := range segments {
			if s.last < from || s.last < s.first {
				continue
			}
			if !l.readSegment(s, from, yield) {
				return
			}
		}
	}
}

// readSegment yields a segment's records from seq on; false = stop.
func (l *Log) readSegment(s segment, from uint64, yield func(Record, error) bool) bool {
	b, err := l.readSynced(s)
	if err != nil {
		return yield(Record{}, fmt.Errorf("cannot read the journal: %w", err)) && false
	}
	at, seq := int64(headerSize), s.first
	for at < s.size {
		size, first, records, ok := readFrame(b[at:], l.id, seq)
		if !ok {
			yield(Record{}, &DamageError{s.path, at, fmt.Sprintf("record %d cannot be read", seq)})
			return false
		}
		for i, p := range records {
			if r := (Record{first + uint64(i), p}); r.Seq >= from && !yield(r, nil) {
				return false
			}
		}
		at += int64(size)
		seq += uint64(len(records))
	}
	return true
}

// readSynced reads the part of a segment that counts.
func (l *Log) readSynced(s segment) ([]byte, error) {
	f, err := l.o.FS.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, s.size)
	_, err = io.ReadFull(f, b)
	return b, err
}

func leUint64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
