package custom

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// A checkpoint of a series is
//
//	"bwc" format | detector version | hash of its judging expression
//	| reader | judge | n | stopped | reason | counts
//	| states: number, then name and value of each | window | checksum (8)
//
// States are by name and kind, not by place, so a checkpoint outlives a reload
// of an edited file: what has the same name and kind keeps its value.

const checkpointFormat = 1

var magic = [4]byte{'b', 'w', 'c', checkpointFormat}

// Kept says what a restored series took over.
type Kept struct {
	State       bool // The values of the same name and kind: same version.
	Calibration bool // What scores are usual: same version and expression.
}

// AppendState appends a checkpoint of the series to b.
func (s *Series) AppendState(b []byte) []byte {
	start := len(b)
	b = append(b, magic[:]...)
	b = binary.AppendUvarint(b, uint64(s.d.version))
	b = binary.LittleEndian.AppendUint64(b, s.d.judging())
	b = s.reader.AppendState(b)
	b = s.judge.AppendState(b)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.in.n))
	b = appendText(appendText(b, s.stop), s.last.reason)
	c := &s.counts
	for _, n := range [...]uint64{c.Judged, c.Undecided, c.Failed, c.LeftOut, c.Cost, c.MaxCost, uint64(s.inRow)} {
		b = binary.AppendUvarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(s.state)))
	for i, v := range s.state {
		b = v.append(appendText(b, s.d.states[i].name))
	}
	b = appendFloats(b, s.in.window.x)
	return binary.LittleEndian.AppendUint64(b, checksum(b[start:]))
}

// judging identifies what a score means.
func (d *Detector) judging() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%t %s", d.calibrated, d.judge.source)
	return h.Sum64()
}

// Restore returns the detector at a series whose checkpoint b is. A checkpoint
// of another version of the detector is started anew, but for an open anomaly,
// which the new one goes on judging. An error says that b is damaged or of
// another build: start with NewSeries then.
func (d *Detector) Restore(cfg detect.Config, meta detect.Meta, ls labels.Labels, b []byte) (*Series, Kept, error) {
	s, err := d.NewSeries(cfg, meta, ls)
	if err != nil {
		return nil, Kept{}, err
	}
	kept, err := s.restore(b)
	if err != nil {
		return nil, Kept{}, fmt.Errorf("cannot restore detector %s: %w", d.name, err)
	}
	return s, kept, nil
}

func (s *Series) restore(b []byte) (kept Kept, err error) {
	if len(b) < len(magic)+8 || [4]byte(b) != magic || binary.LittleEndian.Uint64(b[len(b)-8:]) != checksum(b[:len(b)-8]) {
		return kept, detect.ErrForeignState
	}
	in := input{b: b[len(magic) : len(b)-8]}
	kept.State = in.uvarint() == uint64(s.d.version)
	kept.Calibration = in.uint64() == s.d.judging() && kept.State
	if in.b, err = s.reader.Restore(in.b); err != nil {
		return kept, err
	}
	if in.b, err = s.judge.Restore(in.b); err != nil {
		return kept, err
	}
	n := in.float()
	stop, reason := in.text(), in.text()
	c := &s.counts
	var inRow uint64
	for _, p := range []*uint64{&c.Judged, &c.Undecided, &c.Failed, &c.LeftOut, &c.Cost, &c.MaxCost, &inRow} {
		*p = in.uvarint()
	}
	old := map[string]value{}
	for range min(in.uvarint(), maxStates) {
		name := in.text()
		old[name] = in.value()
	}
	past := in.floats()
	if in.bad || len(in.b) != 0 || len(past) > maxWindow {
		return kept, detect.ErrForeignState
	}
	s.last.reason = reason
	if !kept.Calibration {
		s.judge.Recalibrate()
	}
	if !kept.State {
		s.counts = Counts{}
		return kept, nil
	}
	s.take(n, old, past)
	if kept.Calibration {
		s.stop, s.inRow = stop, int(inRow)
	}
	return kept, nil
}

// take sets what is remembered.
func (s *Series) take(n float64, old map[string]value, past []float64) {
	s.in.n = n
	size := 0
	for i, st := range s.d.states {
		v, ok := old[st.name]
		if ok && v.kind == st.initial.kind {
			s.state[i] = v
		}
		size += s.state[i].size()
	}
	if size > maxState { // A new name made it too much; the next sample says so.
		for i, st := range s.d.states {
			s.state[i] = st.initial
		}
	}
	if w := s.d.window; w > 0 {
		s.past = append(make([]float64, 0, room(w)), past[max(0, len(past)-w):]...)
		s.in.window.x = s.past
	}
}

// input reads a checkpoint; once something is wrong it stays wrong.
type input struct {
	b   []byte
	bad bool
}

func (in *input) take(n int) []byte {
	if in.bad || n < 0 || n > len(in.b) {
		in.bad = true
		return make([]byte, min(max(n, 0), 8))
	}
	out := in.b[:n]
	in.b = in.b[n:]
	return out
}

func (in *input) uint64() uint64 { return binary.LittleEndian.Uint64(in.take(8)) }
func (in *input) float() float64 { return math.Float64frombits(in.uint64()) }

func (in *input) uvarint() uint64 {
	x, n := binary.Uvarint(in.b)
	if n <= 0 {
		in.bad = true
		return 0
	}
	in.b = in.b[n:]
	return x
}

func (in *input) text() string {
	n := in.uvarint()
	if n > maxText {
		in.bad = true
		return ""
	}
	return string(in.take(int(n)))
}

func (in *input) floats() []float64 {
	n := in.uvarint()
	if in.bad || n > uint64(len(in.b)/8) {
		in.bad = true
		return nil
	}
	out := make([]float64, n)
	for i := range out {
		if out[i] = in.float(); !finite(out[i]) {
			in.bad = true
		}
	}
	return out
}

func (in *input) value() value {
	v := value{kind: kind(in.take(1)[0])}
	switch v.kind {
	case kindNumber:
		if v.number = in.float(); !finite(v.number) {
			in.bad = true
		}
	case kindText:
		v.text = in.text()
	case kindBool:
		v.bool = in.take(1)[0] == 1
	case kindNumbers:
		v.numbers = in.floats()
	default:
		in.bad = true
	}
	return v
}

func checksum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}
