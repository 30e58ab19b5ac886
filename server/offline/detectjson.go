package offline

import (
	"bufio"
	"encoding/json"
	"math"

	"github.com/bellwether-ts/bellwether/detect"
)

// The json output is one document, written when the input has ended.

type anomalyJSON struct {
	Series    string           `json:"series"`
	Start     string           `json:"start"` // RFC 3339, UTC.
	End       string           `json:"end"`   // The closing sample, or the last one if it is open still (the trace says so).
	PeakScore number           `json:"peak_score"`
	Kind      detect.Kind      `json:"kind"`
	Direction detect.Direction `json:"direction"`
	Expected  number           `json:"expected"`
	Observed  number           `json:"observed"`
	Members   []memberJSON     `json:"members"`
	Trace     string           `json:"trace"`
}

type memberJSON struct {
	Name  string `json:"name"`
	P     number `json:"p"`
	Share number `json:"share"`
}

type seriesJSON struct {
	Name        string         `json:"name"`
	Samples     int64          `json:"samples"`
	StepSeconds number         `json:"step_seconds"` // Median distance between samples; 0 if there are fewer than two.
	Verdict     detect.Verdict `json:"verdict"`
}

type detectJSON struct {
	Anomalies []anomalyJSON `json:"anomalies"` // By start, then by appearance of the series.
	Series    []seriesJSON  `json:"series"`    // In order of appearance.
}

// number is a float64 that JSON can always hold: what is not finite is null.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return appendFloat(nil, float64(n)), nil
}

// foundAnomaly is an anomaly with the series it belongs to, kept until the end
// of the input.
type foundAnomaly struct {
	tr *track
	detect.Anomaly
}

type jsonSink struct {
	w     *bufio.Writer
	found []foundAnomaly
}

// sample implements detectSink.
func (s *jsonSink) sample(*Row, *Cell, *track, detect.Result, bool) error { return nil }

// anomaly implements detectSink.
func (s *jsonSink) anomaly(tr *track, a detect.Anomaly) error {
	s.found = append(s.found, foundAnomaly{tr, cloneAnomaly(a)})
	return nil
}

// explains implements detectSink.
func (s *jsonSink) explains() bool { return true }

// finish implements detectSink.
func (s *jsonSink) finish(tracks []*track) error {
	doc := detectJSON{Anomalies: []anomalyJSON{}, Series: []seriesJSON{}}
	sortFound(s.found)
	for _, f := range s.found {
		doc.Anomalies = append(doc.Anomalies, f.json())
	}
	for _, tr := range tracks {
		doc.Series = append(doc.Series, seriesJSON{
			Name: tr.series.Name, Samples: tr.samples,
			StepSeconds: number(tr.medianGap()) / 1000, Verdict: tr.last.Verdict,
		})
	}
	return writeJSON(s.w, doc)
}

func (f foundAnomaly) json() anomalyJSON {
	a := anomalyJSON{
		Series: f.tr.series.Name, Start: FormatTime(f.Start), End: FormatTime(f.End), PeakScore: number(f.Peak),
		Kind: f.Kind, Direction: f.Direction, Expected: number(f.Expected), Observed: number(f.Observed),
		Members: []memberJSON{}, Trace: f.Trace.String(),
	}
	for _, m := range f.Members {
		a.Members = append(a.Members, memberJSON{m.Name, number(m.P), number(m.Share)})
	}
	return a
}

// writeJSON writes one document, indented for people and diffs.
func writeJSON(w *bufio.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
