package detect

import (
	"encoding/binary"
	"fmt"
	"reflect"
)

// A part of a checkpoint is one flat value with the hash of its layout before
// it. Damage is for the caller to detect: parts stand in a checkpoint with a
// checksum.

// layoutOf is the hash of the layout of T.
func layoutOf[T any]() uint64 { return layoutHash(reflect.TypeFor[T]()) }

// appendPart appends a value whose fields all have a fixed size to b.
func appendPart[T any](b []byte, v *T, layout uint64) []byte {
	out, err := binary.Append(binary.LittleEndian.AppendUint64(b, layout), binary.LittleEndian, v)
	if err != nil { // Only a field without a fixed size can cause it; a test holds that.
		return b
	}
	return out
}

// restorePart takes a value out of the front of b and returns the rest; on an
// error (ErrForeignState) into is as it was.
func restorePart[T any](what string, b []byte, into *T, layout uint64) (rest []byte, err error) {
	var v T
	size := binary.Size(&v)
	if len(b) < 8+size || binary.LittleEndian.Uint64(b) != layout {
		return b, fmt.Errorf("cannot restore %s: %w", what, ErrForeignState)
	}
	if _, err := binary.Decode(b[8:], binary.LittleEndian, &v); err != nil {
		return b, fmt.Errorf("cannot restore %s: %w", what, err)
	}
	*into = v
	return b[8+size:], nil
}
