package main

import (
	"testing"

	"github.com/bellwether-ts/bellwether/sim"
	"github.com/bellwether-ts/bellwether/slo"
)

// TestCompanyPages is the demo's promise: the bad canary pages for checkout at
// 14.4x and more before now, and for nobody outside the incident.
func TestCompanyPages(t *testing.T) {
	touched := map[string]bool{"checkout": true, "orders": true, "gateway": true}
	for seed := uint64(1); seed <= 2; seed++ {
		w, err := live(sim.BadCanary(), seed, monday+int64(seed)*9*3_600_000, tick)
		if err != nil {
			t.Fatal(err)
		}
		start := w.company.Truth().Incidents[0].Start
		at, ok := w.first("checkout-availability")
		if !ok || at < start || at > start+20*60_000 {
			t.Errorf("seed %d: checkout pages %v, %d s after the incident began", seed, ok, (at-start)/1000)
		}
		for _, a := range w.alarms {
			if a.at < start {
				t.Errorf("seed %d: %s %s before the incident", seed, a.objective, a.severity)
			}
		}
		for _, s := range w.final {
			if s.Verdict != slo.OK && !touched[s.Objective.Service] {
				t.Errorf("seed %d: %s", seed, s.Trace().Text())
			}
			if s.Objective.Name == "checkout-availability" && s.Rules[0].Long.Rate < 14.4 {
				t.Errorf("seed %d: checkout burns at %.1fx", seed, s.Rules[0].Long.Rate)
			}
		}
	}
}

func TestCalmWeekIsCalm(t *testing.T) {
	w, err := live(sim.Calm(), 3, monday, 2*tick)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range w.alarms {
		t.Errorf("%s %s in a calm week", a.objective, a.severity)
	}
	for _, s := range w.final {
		if s.Verdict != slo.OK {
			t.Errorf("%s", s.Trace().Text())
		}
	}
}

// TestEvidenceHelps keeps the report's main line true: at 60 requests an hour
// the textbook pages a healthy service often, the evidence test never.
func TestEvidenceHelps(t *testing.T) {
	r := measure(60, 1, 5, 7)
	if r.pages[0] < 5 || r.pages[1] > 1 {
		t.Errorf("false pages a month: textbook %v, with evidence %v", r.pages[0], r.pages[1])
	}
	if d := r.detection[0][1]; d > 300 {
		t.Errorf("a total outage at 60 requests an hour pages after %v s", d)
	}
}
