package custom

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// What a series remembers is a list of named values of four kinds. They are
// kept as plain Go values, so that nothing of an evaluation outlives it.

type kind uint8

const (
	kindNumber kind = iota
	kindText
	kindBool
	kindNumbers
)

var kindNames = [...]string{"number", "text", "bool", "list of numbers"}

func (k kind) String() string { return kindNames[k] }

// cel returns the type expressions see.
func (k kind) cel() *cel.Type {
	return [...]*cel.Type{cel.DoubleType, cel.StringType, cel.BoolType, cel.ListType(cel.DoubleType)}[k]
}

// value is one of the four, by kind.
type value struct {
	kind    kind
	number  float64
	text    string
	bool    bool
	numbers []float64
}

// cel returns the value as expressions see it.
func (v value) cel() ref.Val {
	switch v.kind {
	case kindText:
		return types.String(v.text)
	case kindBool:
		return types.Bool(v.bool)
	case kindNumbers:
		return &numbers{v.numbers}
	}
	return types.Double(v.number)
}

// size is what the value counts against the limit of a state, in bytes.
func (v value) size() int { return 16 + len(v.text) + 8*len(v.numbers) }

// errNotFinite says that a number is NaN or infinite: the sample cannot be
// judged, which is not a fault.
var errNotFinite = fmt.Errorf("not a finite number")

// valueOf takes a result of an evaluation, whose type was checked before.
func valueOf(k kind, r ref.Val) (value, error) {
	v := value{kind: k}
	switch x := r.(type) {
	case types.Double:
		if !finite(float64(x)) {
			return v, errNotFinite
		}
		v.number = float64(x)
	case types.String:
		v.text = strings.Clone(string(x))
	case types.Bool:
		v.bool = bool(x)
	case traits.Lister:
		list := floats(x)
		for _, f := range list {
			if !finite(f) {
				return v, errNotFinite
			}
		}
		v.numbers = append(make([]float64, 0, len(list)), list...)
	default:
		return v, fmt.Errorf("a %s was computed as %s", k, r.Type().TypeName())
	}
	return v, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// String writes the value as an expression would.
func (v value) String() string {
	switch v.kind {
	case kindText:
		return strconv.Quote(v.text)
	case kindBool:
		return strconv.FormatBool(v.bool)
	case kindNumbers:
		parts := make([]string, 0, shown)
		for _, x := range v.numbers[max(0, len(v.numbers)-shown):] {
			parts = append(parts, short(x))
		}
		if len(v.numbers) > shown {
			return fmt.Sprintf("[... %s] of %d", strings.Join(parts, ", "), len(v.numbers))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return short(v.number)
}

// shown is how many numbers of a list a person is shown, the newest.
const shown = 6

// short prints what a person reads of a number.
func short(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// append writes the value for a checkpoint: kind, then content.
func (v value) append(b []byte) []byte {
	b = append(b, byte(v.kind))
	switch v.kind {
	case kindText:
		return appendText(b, v.text)
	case kindBool:
		if v.bool {
			return append(b, 1)
		}
		return append(b, 0)
	case kindNumbers:
		return appendFloats(b, v.numbers)
	}
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.number))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendFloats(b []byte, x []float64) []byte {
	b = binary.AppendUvarint(b, uint64(len(x)))
	for _, f := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}
