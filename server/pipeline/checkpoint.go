package pipeline

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// The file of one shard's detectors, little endian:
//
//	"bwck" version(2) | layout of a detector(12) | instant(8) | crc(4)
//	block*:  packed length(4) | length(4) | crc of the packed bytes(4) | zstd
//	end:     0(4) | records(8) | crc of those twelve bytes(4)
//
// A block holds the records of up to keepSlice series, one after the other:
//
//	labels: number, then name and value each | kind | last sample | heeded up to
//	parent's labels | views: number, then name and state each
//
// with numbers as varints and texts after their length. References are not in
// it: they change over a restart. A reader takes the whole file or nothing:
// every checksum and the end are looked at before the first record is used, so a
// file that is cut short, damaged or of another version costs the time it saves
// and nothing else.

const (
	keepVersion = 1
	keepSlice   = 256      // Series copied while a lane stands still: about 3 ms.
	maxBlock    = 64 << 20 // Bytes of a block, packed or not.
	maxText     = 64 << 10 // Bytes of a label name or value.
	maxLabelsIn = 1024     // Labels of a record.
	maxViews    = 16       // Views of a record.
	keepHeader  = 4 + 2 + 12 + 8 + 4
)

var (
	keepMagic  = [4]byte{'b', 'w', 'c', 'k'}
	keepTable  = crc32.MakeTable(crc32.Castagnoli)
	errForeign = errors.New("it was written by a build that remembers differently")
	errPartial = errors.New("it ends too early")
	errDamaged = errors.New("its contents are damaged")
)

// keptSeries is one record.
type keptSeries struct {
	labels labels.Labels
	kind   Kind
	seen   int64
	heeded int64
	parent labels.Labels
	views  []keptView
}

type keptView struct {
	name  string
	state []byte
}

// layoutMark tells builds apart that remember differently: the head of any
// detector's state.
func layoutMark() (m [12]byte) {
	s, err := detect.New(detect.Config{}, detect.Meta{})
	if err == nil { // The zero configuration is valid; a test holds that.
		copy(m[:], s.AppendState(nil))
	}
	return m
}

// shardWriter writes a checkpoint file.
type shardWriter struct {
	w       *bufio.Writer
	pack    *zstd.Encoder
	buf     []byte // Packed block.
	records uint64
	bytes   int64
	err     error
}

func newShardWriter(w io.Writer, at int64) (*shardWriter, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("cannot pack a checkpoint: %w", err)
	}
	out := &shardWriter{w: bufio.NewWriterSize(w, 1<<20), pack: pack}
	head := append([]byte{}, keepMagic[:]...)
	head = binary.LittleEndian.AppendUint16(head, keepVersion)
	mark := layoutMark()
	head = append(head, mark[:]...)
	head = binary.LittleEndian.AppendUint64(head, uint64(at))
	out.write(binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, keepTable)))
	return out, out.err
}

func (s *shardWriter) write(b []byte) {
	if s.err == nil {
		_, s.err = s.w.Write(b)
		s.bytes += int64(len(b))
	}
}

// block writes n records.
func (s *shardWriter) block(raw []byte, n int) {
	if n == 0 {
		return
	}
	s.records += uint64(n)
	s.buf = s.pack.EncodeAll(raw, s.buf[:0])
	var head []byte
	head = binary.LittleEndian.AppendUint32(head, uint32(len(s.buf)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(raw)))
	s.write(binary.LittleEndian.AppendUint32(head, crc32.Checksum(s.buf, keepTable)))
	s.write(s.buf)
}

// end writes the end of the file.
func (s *shardWriter) end() error {
	tail := binary.LittleEndian.AppendUint64(make([]byte, 4), s.records)
	s.write(binary.LittleEndian.AppendUint32(tail, crc32.Checksum(tail, keepTable)))
	if s.err == nil {
		s.err = s.w.Flush()
	}
	return errors.Join(s.err, s.pack.Close())
}

// appendRecord encodes a watched series.
func appendRecord(b []byte, s *watched, state *[]byte) []byte {
	b = appendLabels(b, s.labels)
	b = append(b, byte(s.tend.kind))
	b = binary.AppendVarint(b, s.tend.seen)
	b = binary.AppendVarint(b, s.tend.heeded)
	b = appendLabels(b, s.tend.parent)
	b = binary.AppendUvarint(b, uint64(len(s.views)))
	for i := range s.views {
		v := &s.views[i]
		b = appendText(b, v.name)
		*state = v.det.AppendState((*state)[:0])
		b = binary.AppendUvarint(b, uint64(len(*state)))
		b = append(b, *state...)
	}
	return b
}

func appendLabels(b []byte, ls labels.Labels) []byte {
	b = binary.AppendUvarint(b, uint64(ls.Len()))
	ls.Range(func(l labels.Label) { b = appendText(appendText(b, l.Name), l.Value) })
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// readHead reads the head of a checkpoint file and returns its instant.
func readHead(r io.Reader) (at int64, err error) {
	var head [keepHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, errPartial
	}
	mark := layoutMark()
	switch {
	case [4]byte(head[:4]) != keepMagic || binary.LittleEndian.Uint16(head[4:]) != keepVersion:
		return 0, errForeign
	case crc32.Checksum(head[:keepHeader-4], keepTable) != binary.LittleEndian.Uint32(head[keepHeader-4:]):
		return 0, errDamaged
	case !bytes.Equal(head[6:18], mark[:]):
		return 0, errForeign
	}
	return int64(binary.LittleEndian.Uint64(head[18:])), nil
}

// readBlocks hands on the packed blocks of a file and checks every checksum and
// the end. visit may be nil.
func readBlocks(r io.Reader, visit func(packed []byte, size int) (records int, err error)) error {
	var buf []byte
	var records uint64
	for {
		var head [12]byte
		if _, err := io.ReadFull(r, head[:4]); err != nil {
			return errPartial
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n == 0 {
			return readEnd(r, records, visit != nil)
		}
		if _, err := io.ReadFull(r, head[4:]); err != nil {
			return errPartial
		}
		size := binary.LittleEndian.Uint32(head[4:])
		if n > maxBlock || size > maxBlock {
			return errDamaged
		}
		packed, err := readSome(r, buf, int(n))
		if err != nil {
			return err
		}
		buf = packed
		if crc32.Checksum(packed, keepTable) != binary.LittleEndian.Uint32(head[8:]) {
			return errDamaged
		}
		if visit == nil {
			continue
		}
		got, err := visit(packed, int(size))
		if err != nil {
			return err
		}
		records += uint64(got)
	}
}

// readSome reads n bytes without believing n before they are there.
func readSome(r io.Reader, buf []byte, n int) ([]byte, error) {
	if cap(buf) >= n {
		buf = buf[:n]
		if _, err := io.ReadFull(r, buf); err != nil {
			return nil, errPartial
		}
		return buf, nil
	}
	var b bytes.Buffer
	if got, err := io.CopyN(&b, r, int64(n)); err != nil || got != int64(n) {
		return nil, errPartial
	}
	return b.Bytes(), nil
}

// readEnd checks the end of a file, whose first four bytes were read.
func readEnd(r io.Reader, records uint64, counted bool) error {
	tail := make([]byte, 16)
	if _, err := io.ReadFull(r, tail[4:]); err != nil {
		return errPartial
	}
	if crc32.Checksum(tail[:12], keepTable) != binary.LittleEndian.Uint32(tail[12:]) {
		return errDamaged
	}
	if counted && binary.LittleEndian.Uint64(tail[4:]) != records {
		return errDamaged
	}
	if n, _ := r.Read(make([]byte, 1)); n != 0 {
		return errDamaged // Something follows.
	}
	return nil
}

// readShard reads a checkpoint file: first whether all of it is sound, then
// record by record.
func readShard(r io.ReadSeeker, take func(keptSeries)) (at int64, err error) {
	if at, err = readHead(bufio.NewReaderSize(r, keepHeader)); err != nil {
		return 0, err
	}
	body := func(visit func([]byte, int) (int, error)) error {
		if _, err := r.Seek(keepHeader, io.SeekStart); err != nil {
			return err
		}
		return readBlocks(bufio.NewReaderSize(r, 1<<20), visit)
	}
	if err := body(nil); err != nil {
		return 0, err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
	if err != nil {
		return 0, fmt.Errorf("cannot unpack a checkpoint: %w", err)
	}
	defer unpack.Close()
	var raw []byte
	return at, body(func(packed []byte, size int) (int, error) {
		if raw, err = unpack.DecodeAll(packed, raw[:0]); err != nil || len(raw) != size {
			return 0, errDamaged
		}
		return readRecords(raw, take)
	})
}

// readRecords decodes the records of a block.
func readRecords(raw []byte, take func(keptSeries)) (n int, err error) {
	d := recordReader{b: raw}
	for len(d.b) > 0 {
		k := d.record()
		if d.bad {
			return n, errDamaged
		}
		take(k)
		n++
	}
	return n, nil
}

// recordReader decodes with one check at the end.
type recordReader struct {
	b   []byte
	bad bool
}

func (d *recordReader) record() keptSeries {
	k := keptSeries{labels: d.labels()}
	k.kind = Kind(d.number(uint64(KindHistogram)))
	k.seen, k.heeded = d.signed(), d.signed()
	k.parent = d.labels()
	for range d.number(maxViews) {
		v := keptView{name: d.text(maxText)}
		v.state = d.take(d.number(maxBlock))
		k.views = append(k.views, v)
	}
	return k
}

// number reads a number up to a bound.
func (d *recordReader) number(bound uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > bound {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *recordReader) signed() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return math.MinInt64
	}
	d.b = d.b[n:]
	return v
}

func (d *recordReader) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *recordReader) text(bound uint64) string { return string(d.take(d.number(bound))) }

func (d *recordReader) labels() labels.Labels {
	n := d.number(maxLabelsIn)
	b := labels.NewScratchBuilder(int(n))
	for range n {
		b.Add(d.text(maxText), d.text(maxText))
	}
	if d.bad {
		return labels.EmptyLabels()
	}
	b.Sort()
	return b.Labels()
}
