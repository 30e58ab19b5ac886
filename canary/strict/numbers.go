package strict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Reading lists of samples from JSON, where a missing one is the string "NaN".

// Numbers reads a JSON array of numbers, null and the strings "NaN",
// "Infinity" and "-Infinity"; null reads as NaN. A JSON null gives nil.
func Numbers(data []byte, what string) ([]float64, error) {
	s := strings.TrimSpace(string(data))
	if s == "null" {
		return nil, nil
	}
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return nil, fmt.Errorf("cannot read %s: expected an array of numbers", what)
	}
	s = strings.TrimSpace(s[1 : len(s)-1])
	if s == "" {
		return []float64{}, nil
	}
	out := make([]float64, 0, strings.Count(s, ",")+1)
	for {
		cell, rest, more := strings.Cut(s, ",")
		v, ok := Number(strings.TrimSpace(cell))
		if !ok {
			return nil, fmt.Errorf("cannot read %s[%d] %s: write a number or \"NaN\" for no sample", what, len(out), Clip(strings.TrimSpace(cell)))
		}
		out = append(out, v)
		if !more {
			break
		}
		s = rest
	}
	return out, nil
}

// Number reads one sample in that notation.
func Number(cell string) (float64, bool) {
	switch cell {
	case `"NaN"`, "null":
		return math.NaN(), true
	case `"Infinity"`, `"+Inf"`, `"Inf"`:
		return math.Inf(1), true
	case `"-Infinity"`, `"-Inf"`:
		return math.Inf(-1), true
	case "":
		return 0, false
	}
	if c := cell[0]; c != '-' && (c < '0' || c > '9') {
		return 0, false
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}
