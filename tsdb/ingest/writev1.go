package ingest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"google.golang.org/protobuf/encoding/protowire"
)

// Remote write 1.0. A body is a list of series, and a series is
//
//	| label | label | ... | sample | sample | ... |
//	|<- one run of bytes ->|<- 8-byte value, varint time ->|
//
// The fast path hashes the label run as it stands, finds the reference the
// store gave those bytes before (identity.go) and decodes the samples in
// place. Whatever is not exactly that shape (an unknown series, histograms,
// exemplars, fields in another order) goes through Prometheus's own decoder,
// series by series.

// Field numbers of prometheus.WriteRequest and prometheus.TimeSeries.
const (
	requestSeries   = 1
	requestMetadata = 3
)

// Tags, as they stand on the wire, of what the fast path reads.
const (
	tagLabels    = 0x0a // TimeSeries field 1, length-delimited.
	tagSamples   = 0x12 // TimeSeries field 2, length-delimited.
	tagValue     = 0x09 // Sample field 1, 64-bit.
	tagTimestamp = 0x10 // Sample field 2, varint.
)

// writeV1 adds every sample of a decompressed body. The error is for a body
// that is not a WriteRequest.
func (in *intake) writeV1(body []byte) error {
	for len(body) > 0 {
		num, typ, n := protowire.ConsumeTag(body)
		if n < 0 {
			return protowire.ParseError(n)
		}
		body = body[n:]
		if typ != protowire.BytesType || (num != requestSeries && num != requestMetadata) {
			if n = protowire.ConsumeFieldValue(num, typ, body); n < 0 {
				return protowire.ParseError(n)
			}
			body = body[n:]
			continue
		}
		field, n := protowire.ConsumeBytes(body)
		if n < 0 {
			return protowire.ParseError(n)
		}
		body = body[n:]
		var err error
		if num == requestMetadata {
			err = in.metadataV1(field)
		} else if !in.seriesFast(field) {
			err = in.seriesV1(field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// seriesFast handles a known series of floats and reports whether it did; if
// not, nothing was added.
func (in *intake) seriesFast(field []byte) bool {
	run, ok := labelRun(field)
	if !ok {
		return false
	}
	samples := field[run:]
	if !onlySamples(samples) {
		return false
	}
	known := in.sink.known
	key := known.key(field[:run])
	id, ok := known.get(key)
	if !ok {
		return false
	}
	for len(samples) > 0 {
		size := int(samples[1])
		t, v := sample(samples[2 : 2+size])
		samples = samples[2+size:]
		ref, err := in.add(id.ref, id.labels, t, v, nil, nil)
		if err == nil && ref != id.ref { // The series had been deleted and was made anew.
			id.ref = ref
			known.put(key, id)
		}
	}
	return true
}

// labelRun returns the length of the labels at the start of a series.
func labelRun(b []byte) (int, bool) {
	at := 0
	for at+1 < len(b) && b[at] == tagLabels {
		size, n := uint64(b[at+1]), 1
		if size >= 0x80 {
			if size, n = protowire.ConsumeVarint(b[at+1:]); n < 0 {
				return 0, false
			}
		}
		if size > uint64(len(b)-at-1-n) {
			return 0, false
		}
		at += 1 + n + int(size)
	}
	return at, at > 0
}

// onlySamples checks, before anything is added, that b is nothing but samples
// in the canonical form: value then time, each at most once, default values
// left out.
func onlySamples(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 2 || b[0] != tagSamples || b[1] >= 0x80 || int(b[1]) > len(b)-2 {
			return false
		}
		one := b[2 : 2+int(b[1])]
		b = b[2+len(one):]
		if len(one) >= 9 && one[0] == tagValue {
			one = one[9:]
		}
		if len(one) > 0 {
			if one[0] != tagTimestamp {
				return false
			}
			if _, n := protowire.ConsumeVarint(one[1:]); n != len(one)-1 {
				return false
			}
		}
	}
	return true
}

// sample decodes one checked sample.
func sample(one []byte) (t int64, v float64) {
	if len(one) >= 9 && one[0] == tagValue {
		v = math.Float64frombits(binary.LittleEndian.Uint64(one[1:9]))
		one = one[9:]
	}
	if len(one) > 0 {
		u, _ := protowire.ConsumeVarint(one[1:])
		t = int64(u)
	}
	return t, v
}

// seriesV1 decodes a series with Prometheus's decoder and remembers its label
// run for the fast path.
func (in *intake) seriesV1(field []byte) error {
	var ts prompb.TimeSeries
	if err := ts.Unmarshal(field); err != nil {
		return fmt.Errorf("cannot read a series: %w", err)
	}
	b := labels.NewScratchBuilder(len(ts.Labels))
	ls := ts.ToLabels(&b, nil)
	var ref uint64
	learn := func(got uint64, err error) {
		if err == nil {
			ref = got
		}
	}
	for _, p := range ts.Samples {
		learn(in.add(ref, ls, p.Timestamp, p.Value, nil, nil))
	}
	for _, h := range ts.Histograms {
		if h.IsFloatHistogram() {
			learn(in.add(ref, ls, h.Timestamp, 0, nil, h.ToFloatHistogram()))
		} else {
			learn(in.add(ref, ls, h.Timestamp, 0, h.ToIntHistogram(), nil))
		}
	}
	if run, ok := labelRun(field); ok && ref != 0 && canonical(ts.Labels) {
		in.sink.known.put(in.sink.known.key(field[:run]), identity{ref, ls})
		in.sink.known.sweep()
	}
	return nil
}

// canonical reports whether labels are sorted, as the protocol demands, and
// none is empty. Only such a run is remembered, so a series has one.
func canonical(ls []prompb.Label) bool {
	for i, l := range ls {
		if l.Value == "" || i > 0 && ls[i-1].Name >= l.Name {
			return false
		}
	}
	return true
}

// metadataTypes are the names of prompb.MetricMetadata's enumeration, in order.
var metadataTypes = []string{"unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"}

func (in *intake) metadataV1(field []byte) error {
	var m prompb.MetricMetadata
	if err := m.Unmarshal(field); err != nil {
		return fmt.Errorf("cannot read metadata: %w", err)
	}
	if int(m.Type) < 0 || int(m.Type) >= len(metadataTypes) {
		return nil // A type of a later version.
	}
	in.tx.SetMeta(m.MetricFamilyName, metadataTypes[m.Type], m.Unit, m.Help)
	return nil
}
