package offline

import (
	"io"

	"github.com/bellwether-ts/bellwether/detect/custom"
)

// Input is one file, already opened. Open what the user named with OpenInputs.
type Input struct {
	Name string    // As messages name it: the path, or "stdin".
	R    io.Reader // Plain or gzip-compressed bytes.
	Size int64     // Bytes in the file, for progress; 0 if unknown.
}

// ReadOptions says how inputs are read; the zero value is the default.
type ReadOptions struct {
	Strict bool      // A bad row is an error instead of a note.
	Notes  io.Writer // Notes and warnings, one a line; nil discards them.

	anyOrder bool // The samples are sorted afterwards: a late one is no fault.
}

// Format is an output form.
type Format string

// The output forms. Which of them a command knows stands with its function.
const (
	Text Format = "text" // For people: tables, terminal plots and traces.
	JSON Format = "json" // One document, or one object a line where said.
	CSV  Format = "csv"  // One line a sample; Detect only.
)

// Span is a stretch of time in Unix milliseconds, both ends included. A nil
// end is open.
type Span struct {
	From, To *int64
}

// DetectOptions configures Detect; the zero value detects with the default
// profile and prints text.
type DetectOptions struct {
	ReadOptions
	Output    Format
	Profile   string             // "default" (also "") or "skyline".
	Budget    float64            // False alarms per 1000 series-days for the text and json outputs; 0 takes the detector's default.
	Detectors []*custom.Detector // Of the user, beside the profile.
	From      *int64             // Unix milliseconds; earlier rows are learned from and not reported.
	Color     bool               // Text only: the output is a terminal.
}

// CorrelateOptions configures Correlate.
type CorrelateOptions struct {
	ReadOptions
	Output Format
	Target string // The series to explain, as the input names it or a selector that matches exactly one.
	Span   Span   // Default: the whole input.
	Mode   string // "exact" (also ""), "fast", "lag" or "change".
	K      int    // Matches to return; 0 means 10.
}

// IncidentOptions configures Incident.
type IncidentOptions struct {
	ReadOptions
	Output   Format
	Span     Span   // From is the onset; a nil To means the onset alone is known.
	Symptom  string // Optional: the series that users felt.
	By       string // Entity label; "" means "service".
	Topology string // Optional path of a CSV with columns caller,callee.
	K        int    // Entities shown in text; json lists every entity. 0 means 10.
}

// JudgeOptions configures JudgeCanary.
type JudgeOptions struct {
	Output            Format
	Judge             string  // native (also ""), mann-whitney, mad, dbscan, hdbscan or kayenta.
	KayentaTolerance  float64 // 0 means the shipped judge's 0.25.
	KayentaConfidence float64 // 0 means the shipped judge's 0.98.
	Notes             io.Writer
	Documents         Documents // Optional; not called with judge kayenta, whose answer is its own.
}
