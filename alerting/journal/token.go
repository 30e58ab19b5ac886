package journal

// This file is the resume token: where a watcher stands, and of what.
//
//	version      1
//	log id      16
//	seq          8  big endian
//	filter hash  8  big endian
//	crc          4  CRC-32C of the bytes before, big endian
//
// in URL-safe base64 without padding. It is opaque to its holder.

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const tokenSize = 37

type token struct {
	log    [16]byte
	seq    uint64
	filter uint64
}

// ErrToken is the kind of every error about a token that cannot be used; start
// a new watch without one.
var ErrToken = errors.New("unusable token")

// ExpiredError says that what comes after a token is no longer kept.
type ExpiredError struct {
	Seq    uint64 // Where the token stands.
	Oldest string // The oldest token that still works, for the same filter.
}

// Error says how to go on.
func (e *ExpiredError) Error() string {
	return fmt.Sprintf("cannot resume after record %d: what came after it is no longer kept; read the current state, then watch from the oldest token %s", e.Seq, e.Oldest)
}

func (t token) String() string {
	b := make([]byte, 0, tokenSize)
	b = append(b, 1)
	b = append(b, t.log[:]...)
	b = binary.BigEndian.AppendUint64(b, t.seq)
	b = binary.BigEndian.AppendUint64(b, t.filter)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseToken(s string) (token, error) {
	var t token
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	// The decoder skips line breaks, so the length of the text counts as well.
	if err != nil || len(b) != tokenSize || len(s) != base64.RawURLEncoding.EncodedLen(tokenSize) {
		return t, fmt.Errorf("%w: it is not one of ours; copy it whole, or start without one", ErrToken)
	}
	if b[0] != 1 {
		return t, fmt.Errorf("%w: version %d, this program reads 1; start without one", ErrToken, b[0])
	}
	if crc32.Checksum(b[:tokenSize-4], castagnoli) != binary.BigEndian.Uint32(b[tokenSize-4:]) {
		return t, fmt.Errorf("%w: its checksum is wrong; copy it whole, or start without one", ErrToken)
	}
	copy(t.log[:], b[1:])
	t.seq = binary.BigEndian.Uint64(b[17:])
	t.filter = binary.BigEndian.Uint64(b[25:])
	return t, nil
}
