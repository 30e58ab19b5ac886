package pipeline

import (
	"context"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
)

// Who was told "unhealthy" is told "healthy", also where no room will say so:
// what ended while the process was down, and an objective that a new
// configuration no longer has or judges from the beginning.

// unhealthy lists the events of what the detectors and objectives find
// unhealthy now (Unix milliseconds). The core drops those it knows.
func (p *Pipeline) unhealthy(now int64) []alerting.Event {
	var out []alerting.Event
	for _, f := range p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Open && f.HeldBack == "" }) {
		f.Transition, f.At = detect.TransitionOpened, now
		out = append(out, AnomalyEvent(f))
	}
	for _, s := range p.Objectives() {
		if s.Now == 0 {
			continue // Never judged.
		}
		if e := ObjectiveEvent(s); e.Status == alerting.Unhealthy && s.FirstSample != 0 {
			out = append(out, e)
		}
	}
	return out
}

// settle tells the core that what it holds unhealthy from one of our sources is
// healthy where the rooms do not find it unhealthy now (Unix milliseconds).
func (p *Pipeline) settle(ctx context.Context, now int64, sources ...string) {
	still := map[string]bool{}
	for _, e := range p.unhealthy(now) {
		still[e.Monitor] = true
	}
	for _, s := range p.Objectives() {
		if s.Now == 0 || s.FirstSample == 0 {
			still[ObjectiveEvent(s).Monitor] = true // No samples yet: nobody can say.
		}
	}
	var held []alerting.AlertView
	p.engine.View(func(c *alerting.Core) { held = c.Alerts(nil, maxSettled) })
	for _, v := range held {
		e := v.Event
		if v.Status != alerting.Unhealthy || still[e.Monitor] {
			continue
		}
		for _, source := range sources {
			if e.Source == source {
				p.submit(ctx, alerting.Input{Event: settled(e, now)})
			}
		}
	}
}

// maxSettled is more than the core can hold.
const maxSettled = 1 << 30

func settled(e alerting.Event, now int64) *alerting.Event {
	e.ID, e.Status, e.Since, e.ObservedAt, e.ValidUntil, e.Evidence = "", alerting.Healthy, now, now, 0, nil
	e.Message = e.Monitor + " is not found unhealthy any more: it ended during a restart, or it is no longer watched."
	return &e
}

// admitTold lets through what is held back now and was told in an earlier life:
// who was told "unhealthy" is to be told "healthy".
func (p *Pipeline) admitTold() {
	told := map[string]bool{}
	p.engine.View(func(c *alerting.Core) {
		for _, v := range c.Alerts(nil, maxSettled) {
			if v.Event.Source == SourceDetect && v.Status == alerting.Unhealthy {
				told[v.Event.Monitor] = true
			}
		}
	})
	for _, f := range p.Anomalies.List(func(f Finding) bool { return f.Anomaly.Open && f.HeldBack != "" }) {
		if !told[f.Name()] {
			continue
		}
		if f, ok := p.Admission.pass(f.ID); ok {
			p.Anomalies.Add(f)
		}
	}
}
