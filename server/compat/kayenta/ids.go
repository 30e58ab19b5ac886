package kayenta

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// Ids have the form Kayenta's have, since some clients check it: executions are
// ULIDs (github.com/ulid/spec), which sort by time, everything else UUIDs.

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newULID names an execution started at ms.
func newULID(ms int64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(ms)<<16)
	_, _ = rand.Read(b[6:]) // Never fails.
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// newUUID names anything else.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // Never fails.
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
