package journal

// This file is the format of a segment, byte by byte. All integers are little
// endian; crc is CRC-32C (Castagnoli) over the log id and what it covers, so
// that bytes of another log never pass.
//
//	header (48 bytes)
//	  magic     8  "BWALOG\x00\x01", the last byte is the format version
//	  log id   16  random, the same in every segment of a log
//	  first     8  sequence number of the first record
//	  reserved 12  zero
//	  crc       4  of the 44 bytes before
//
//	frame, any number: one group commit, written and synced as a whole
//	  length    4  of the records part, in bytes
//	  crc       4  of first, count and records
//	  first     8  sequence number of the first record
//	  count     4  number of records, >= 1
//	  records      count times: length (unsigned varint), payload
//
// A frame is written only after the one before it was synced. So a bad frame
// with a good one after it is damage to acknowledged data; a bad frame with
// nothing good after it is a write that was never acknowledged.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	headerSize = 48
	frameHead  = 20
	magic      = "BWALOG\x00\x01"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the salted CRC of b.
func checksum(id [16]byte, b []byte) uint32 {
	return crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, b)
}

func appendHeader(b []byte, id [16]byte, first uint64) []byte {
	start := len(b)
	b = append(b, magic...)
	b = append(b, id[:]...)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = append(b, make([]byte, 12)...)
	return binary.LittleEndian.AppendUint32(b, checksum(id, b[start:]))
}

var errHeader = errors.New("not the header of a segment")

func readHeader(b []byte) (id [16]byte, first uint64, err error) {
	if len(b) < headerSize {
		return id, 0, errHeader
	}
	if string(b[:len(magic)-1]) == magic[:len(magic)-1] && b[len(magic)-1] != magic[len(magic)-1] {
		return id, 0, fmt.Errorf("format version %d, this program reads %d", b[len(magic)-1], magic[len(magic)-1])
	}
	copy(id[:], b[8:24])
	if string(b[:len(magic)]) != magic || binary.LittleEndian.Uint32(b[44:]) != checksum(id, b[:44]) {
		return id, 0, errHeader
	}
	return id, binary.LittleEndian.Uint64(b[24:]), nil
}

// appendFrame appends one group commit.
func appendFrame(b []byte, id [16]byte, first uint64, payloads [][]byte) []byte {
	start := len(b)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payloads)))
	for _, p := range payloads {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-frameHead))
	binary.LittleEndian.PutUint32(b[start+4:], checksum(id, b[start+8:]))
	return b
}

// readFrame reads the frame at the start of b: its size, first sequence number
// and records (slices of b). want is the sequence number it must begin with;
// 0 takes any. ok is false if there is no whole, correct frame.
func readFrame(b []byte, id [16]byte, want uint64) (size int, first uint64, records [][]byte, ok bool) {
	if len(b) < frameHead {
		return 0, 0, nil, false
	}
	n := int64(binary.LittleEndian.Uint32(b))
	first = binary.LittleEndian.Uint64(b[8:])
	count := binary.LittleEndian.Uint32(b[16:])
	if n > int64(len(b)-frameHead) || int64(count) > n || count == 0 || want != 0 && first != want {
		return 0, 0, nil, false
	}
	size = frameHead + int(n)
	if checksum(id, b[8:size]) != binary.LittleEndian.Uint32(b[4:]) {
		return 0, 0, nil, false
	}
	rest := b[frameHead:size]
	records = make([][]byte, 0, count)
	for range count {
		l, w := binary.Uvarint(rest)
		if w <= 0 || l > uint64(len(rest)-w) {
			return 0, 0, nil, false
		}
		records = append(records, rest[w:w+int(l):w+int(l)])
		rest = rest[w+int(l):]
	}
	return size, first, records, len(rest) == 0
}
