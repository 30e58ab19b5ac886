package journal

// This file is the payload of a record: one input of the alert core.
//
//	version  1  1
//	at       8  logged time, Unix milliseconds, little endian
//	input       JSON of alerting.Input; {} is a tick
//
// JSON sorts map keys, so an input has one encoding.

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/bellwether-ts/bellwether/alerting"
)

const (
	codecVersion = 1
	codecHead    = 9
)

// encodeInput writes the input; its time is filled in by stamp.
func encodeInput(in alerting.Input) ([]byte, error) {
	j, err := json.Marshal(&in)
	if err != nil {
		return nil, fmt.Errorf("cannot write input of the alert core: %w", err)
	}
	b := make([]byte, codecHead, codecHead+len(j))
	b[0] = codecVersion
	return append(b, j...), nil
}

func stamp(payload []byte, at int64) { binary.LittleEndian.PutUint64(payload[1:], uint64(at)) }

// decodeInput reads a record.
func decodeInput(r Record) (alerting.Input, error) {
	var in alerting.Input
	if len(r.Payload) < codecHead || r.Payload[0] != codecVersion {
		return in, fmt.Errorf("cannot read record %d of the alert journal: not an input of version %d; was it written by a newer program?", r.Seq, codecVersion)
	}
	if err := json.Unmarshal(r.Payload[codecHead:], &in); err != nil {
		return in, fmt.Errorf("cannot read record %d of the alert journal: %w", r.Seq, err)
	}
	in.Seq, in.At = r.Seq, int64(binary.LittleEndian.Uint64(r.Payload[1:]))
	return in, nil
}
