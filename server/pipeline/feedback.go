package pipeline

import (
	"errors"
	"fmt"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// Feedback: a person says of an anomaly that it was useful, or that it was
// none. The series' own detector learns from it (detect/feedback.go).

// Verdict is what a person said of an anomaly.
type Verdict struct {
	ID      string         `json:"id"` // Of the anomaly.
	At      int64          `json:"at"` // When it was said, Unix milliseconds.
	Useful  bool           `json:"useful"`
	Note    string         `json:"note,omitempty"`
	Series  string         `json:"series"` // In the notation people read, without the view.
	View    string         `json:"view,omitempty"`
	Anomaly detect.Anomaly `json:"anomaly"` // As it was when the verdict was given.
}

// of names the series and view the verdict is of.
func (v Verdict) of() string {
	if v.View != "" {
		return v.View + " of " + v.Series
	}
	return v.Series
}

// String says the verdict in words.
func (v Verdict) String() string {
	s := "not an anomaly"
	if v.Useful {
		s = "useful"
	}
	if v.Note != "" {
		s += ": " + v.Note
	}
	return s
}

// ErrNoAnomaly says that no anomaly of that id is known.
var ErrNoAnomaly = errors.New("no anomaly of that id is known")

// ErrBadNote says that a note cannot be kept.
var ErrBadNote = errors.New("cannot take the note")

// maxNote bounds what is kept of a note, in bytes.
const maxNote = 500

// GiveFeedback applies and keeps what a person says of an anomaly. The same
// verdict given twice is one; the last of two different ones holds.
func (p *Pipeline) GiveFeedback(id string, useful bool, note string) (Finding, error) {
	p.said.one.Lock()
	defer p.said.one.Unlock()
	f, ok := p.Anomalies.Get(id)
	if !ok {
		return Finding{}, fmt.Errorf("cannot take feedback on %q: %w", id, ErrNoAnomaly)
	}
	if len(note) > maxNote {
		return Finding{}, fmt.Errorf("%w: it has %d bytes, at most %d", ErrBadNote, len(note), maxNote)
	}
	if f.Verdict != nil && f.Verdict.Useful == useful && f.Verdict.Note == note {
		return f, nil
	}
	again := f.Verdict != nil && f.Verdict.Useful == useful // Only the words changed.
	v := Verdict{ID: id, At: p.said.stamp(p.Now().UnixMilli()), Useful: useful, Note: note, Series: metric.FormatSeries(f.Labels), View: f.View, Anomaly: f.Anomaly}
	if err := p.said.keep(remark{Verdict: &v}); err != nil {
		return Finding{}, err
	}
	p.Anomalies.judge(v)
	if !again {
		p.tellVerdict(f.Ref, v)
	}
	f, _ = p.Anomalies.Get(id)
	return f, nil
}

// tellVerdict hands a verdict to every shard: the one that has the series
// applies it, the others know it should the series come back there.
func (p *Pipeline) tellVerdict(ref uint64, v Verdict) {
	for i, l := range p.watchLanes {
		l.view(func() { p.watches[i].SayVerdict(ref, v, max(v.At, p.Now().UnixMilli())) })
	}
}

// judge notes a verdict at its anomaly, also for when the anomaly is found again
// in history.
func (a *Anomalies) judge(v Verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.verdicts == nil {
		a.verdicts = map[string]*Verdict{}
	}
	a.verdicts[v.ID] = &v
	a.version++
	if f := a.byID[v.ID]; f != nil {
		now := *f
		now.Verdict = &v
		a.byID[v.ID] = &now
	}
}

// tellSaid writes into an event what people and pipelines said.
func tellSaid(e *alerting.Event, f Finding) {
	if f.Deploy != "" {
		e.Context["deploy"] = f.Deploy
		if f.Transition != detect.TransitionClosed {
			e.Message += " After deploy " + f.Deploy + "."
		}
	}
	if f.Verdict != nil {
		e.Context["feedback"] = f.Verdict.String()
	}
}
