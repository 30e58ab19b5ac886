package etsy

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Algorithms are the nine, in the order of Etsy's settings and of a Vote's bits.
var Algorithms = [9]string{
	"first_hour_average", "mean_subtraction_cumulation", "stddev_from_average",
	"stddev_from_moving_average", "least_squares", "grubbs", "histogram_bins",
	"median_absolute_deviation", "ks_test",
}

// Vote is what Etsy's code said of one case; votes.py describes the bits.
type Vote uint16

// Fired reports whether algorithm i returned true.
func (v Vote) Fired(i int) bool { return v>>i&1 == 1 }

// SilentMAD reports whether median_absolute_deviation returned nothing.
func (v Vote) SilentMAD() bool { return v>>9&1 == 1 }

// Anomalous reports whether the consensus was reached.
func (v Vote) Anomalous() bool { return v>>10&1 == 1 }

// The outcomes of a case.
const (
	Judged = iota
	TooShort
	Stale
	Boring
	Raised
)

// Outcome returns whether the case was judged, or why not.
func (v Vote) Outcome() int { return int(v >> 11) }

//go:embed votes.bin.gz
var votes []byte

// Votes returns the committed votes, and with which versions they were made.
func Votes() ([]Vote, map[string]any, error) {
	z, err := gzip.NewReader(bytes.NewReader(votes))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read votes.bin.gz: %w", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read votes.bin.gz: %w", err)
	}
	line, rest, _ := bytes.Cut(b, []byte{'\n'})
	var head map[string]any
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, nil, fmt.Errorf("cannot read the head of votes.bin.gz: %w", err)
	}
	out := make([]Vote, len(rest)/2)
	for i := range out {
		out[i] = Vote(binary.LittleEndian.Uint16(rest[2*i:]))
	}
	return out, head, nil
}
