package custom

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// What a runner remembers over a restart:
//
//	"bwr" format | detectors: number, name and version of each
//	| series: number, then key (8) and checkpoint of each | checksum (8)
//
// The key hashes the names of detector and series, because references do not
// outlive a process. Companions are not kept: their newest values come back
// with the last minutes of the store.

var runnerMagic = [4]byte{'b', 'w', 'r', 1}

// AppendState appends what all detectors remember of all series to b.
func (r *Runner) AppendState(b []byte) []byte {
	start, n := len(b), 0
	b = append(b, runnerMagic[:]...)
	b = binary.AppendUvarint(b, uint64(len(r.lots)))
	for _, l := range r.lots {
		b = binary.AppendUvarint(appendText(b, l.d.name), uint64(l.d.version))
		n += len(l.members)
	}
	b = binary.AppendUvarint(b, uint64(n))
	var part []byte
	for _, l := range r.lots {
		for _, ref := range slices.Sorted(maps.Keys(l.members)) {
			s := l.members[ref]
			part = s.AppendState(part[:0])
			b = binary.LittleEndian.AppendUint64(b, keptKey(l.d.name, s.labels))
			b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
		}
	}
	return binary.LittleEndian.AppendUint64(b, checksum(b[start:]))
}

func keptKey(detector string, ls labels.Labels) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s", detector, metric.FormatSeries(ls))
	return h.Sum64()
}

// Restore takes up what an earlier process kept: a series continues when it is
// added, and passes over samples it has judged already. It must come before the
// first Add. complete is false if some detector here was not there, or in
// another version: it has to learn from history. An error says that b is
// damaged or of another build; nothing is taken up then.
func (r *Runner) Restore(b []byte) (complete bool, err error) {
	if len(b) < len(runnerMagic)+8 || [4]byte(b) != runnerMagic || binary.LittleEndian.Uint64(b[len(b)-8:]) != checksum(b[:len(b)-8]) {
		return false, fmt.Errorf("cannot restore detectors: %w", detect.ErrForeignState)
	}
	in := input{b: b[len(runnerMagic) : len(b)-8]}
	there := map[string]uint64{}
	for range min(in.uvarint(), MaxDetectors) {
		name := in.text()
		there[name] = in.uvarint()
	}
	kept := map[uint64][]byte{}
	for range min(in.uvarint(), MaxDetectors*MaxSeries) {
		key := in.uint64()
		n := in.uvarint()
		if n > uint64(len(in.b)) {
			in.bad = true
		}
		if in.bad {
			break
		}
		kept[key] = in.take(int(n))
	}
	if in.bad || len(in.b) != 0 {
		return false, fmt.Errorf("cannot restore detectors: %w", detect.ErrForeignState)
	}
	r.kept, complete = kept, true
	for _, l := range r.lots {
		complete = complete && there[l.d.name] == uint64(l.d.version)
	}
	return complete, nil
}

// takeUp returns the series an earlier process kept; nil if there is none.
func (r *Runner) takeUp(l *lot, k *known) *Series {
	key := keptKey(l.d.name, k.labels)
	b := r.kept[key]
	if b == nil {
		return nil
	}
	delete(r.kept, key)
	s, _, err := l.d.Restore(r.opts.Detect, k.meta, k.labels, b)
	if err != nil {
		return nil // Of another build: begins anew, and learns from what it is fed.
	}
	s.heard = s.reader.Last()
	if s.stop != "" {
		l.stopped++
	}
	return s
}

// EachOpen calls f for every anomaly that is open, with its detector and series.
func (r *Runner) EachOpen(f func(detector string, ls labels.Labels, a detect.Anomaly)) {
	for _, l := range r.lots {
		for _, ref := range slices.Sorted(maps.Keys(l.members)) {
			s := l.members[ref]
			if a, ok := s.Anomaly(); ok && a.Open {
				f(l.d.name, s.labels, a)
			}
		}
	}
}
