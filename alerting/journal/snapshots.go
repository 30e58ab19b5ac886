package journal

// This file is the snapshots beside the log: the state after a record, so that
// the records before need not be read again. A snapshot is written aside,
// synced, renamed and its directory synced: it is there whole or not at all.
//
//	magic    8  "BWASNP\x00\x01"
//	log id  16
//	seq      8  the last record it includes, little endian
//	length   8  of the state
//	crc      4  CRC-32C over the log id, the 40 bytes before and the state
//	state

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

const (
	snapMagic = "BWASNP\x00\x01"
	snapHead  = 44
)

// snapshots is the store of snapshots in a directory.
type snapshots struct {
	fs   FS
	dir  string
	id   [16]byte
	keep int
}

func (s *snapshots) path(seq uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%020d.snap", seq))
}

// list returns the sequence numbers of the snapshots there are, oldest first.
func (s *snapshots) list() ([]uint64, error) {
	names, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list snapshots in %s: %w", s.dir, err)
	}
	var seqs []uint64
	for _, name := range names {
		if seq, ok := parseName(name, ".snap"); ok {
			seqs = append(seqs, seq)
		}
	}
	slices.Sort(seqs)
	return seqs, nil
}

func (s *snapshots) write(seq uint64, state []byte) error {
	head := make([]byte, 0, snapHead)
	head = append(head, snapMagic...)
	head = append(head, s.id[:]...)
	head = binary.LittleEndian.AppendUint64(head, seq)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(state)))
	head = binary.LittleEndian.AppendUint32(head, checksum(s.id, append(slices.Clone(head), state...)))
	aside := s.path(seq) + ".tmp"
	_ = s.fs.Remove(aside) // A leftover of a crash, if any.
	f, err := s.fs.Create(aside)
	if err == nil {
		_, err = f.Write(append(head, state...))
		if err == nil {
			err = f.Sync()
		}
		f.Close()
	}
	if err == nil {
		err = s.fs.Rename(aside, s.path(seq))
	}
	if err == nil {
		err = s.fs.SyncDir(s.dir)
	}
	if err != nil {
		_ = s.fs.Remove(aside)
		return fmt.Errorf("cannot write snapshot %s: %w; the log still holds everything, free space or mend the disk", s.path(seq), err)
	}
	return s.thin()
}

// thin removes all but the newest keep snapshots and what crashes left aside.
func (s *snapshots) thin() error {
	names, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".snap.tmp") {
			_ = s.fs.Remove(filepath.Join(s.dir, name))
		}
	}
	seqs, err := s.list()
	for err == nil && len(seqs) > s.keep {
		err = s.fs.Remove(s.path(seqs[0]))
		seqs = seqs[1:]
	}
	return err
}

// read returns the state of a snapshot, checked.
func (s *snapshots) read(seq uint64) ([]byte, error) {
	b, err := readFile(s.fs, s.path(seq))
	if err != nil {
		return nil, fmt.Errorf("cannot read snapshot: %w", err)
	}
	bad := func(why string) ([]byte, error) {
		return nil, fmt.Errorf("cannot read snapshot %s: %s", s.path(seq), why)
	}
	switch {
	case len(b) < snapHead || string(b[:8]) != snapMagic:
		return bad("not a snapshot of this version")
	case [16]byte(b[8:24]) != s.id:
		return bad("it belongs to another log")
	case leUint64(b[24:]) != seq || leUint64(b[32:]) != uint64(len(b)-snapHead):
		return bad("its name or length does not fit")
	}
	state := b[snapHead:]
	if checksum(s.id, append(slices.Clone(b[:40]), state...)) != binary.LittleEndian.Uint32(b[40:]) {
		return bad("its checksum is wrong")
	}
	return state, nil
}
