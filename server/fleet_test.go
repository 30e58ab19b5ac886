package server

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The demo's incident is told, what is too little beside it is listed with the
// reason, and the services that suffer stand badly.
func TestDemoTellsTheIncidentAndHoldsBackTheRest(t *testing.T) {
	t.Parallel()
	l := relive(t, 7, 6*time.Hour)
	var list struct {
		Anomalies []struct {
			ID       string
			HeldBack string `json:"held_back"`
		}
	}
	l.into(t, http.MethodGet, "/v1/anomalies?limit=1000&open_only=true", "", &list)
	told, held := 0, 0
	for _, a := range list.Anomalies {
		if a.HeldBack == "" {
			told++
			continue
		}
		held++
		why := l.ask(t, http.MethodGet, "/v1/explain/"+a.ID, "")
		if !strings.Contains(a.HeldBack, "told") || !strings.Contains(why, "strength") || !strings.Contains(why, "patience") {
			t.Errorf("%s is held back without saying what would admit it: %s\n%s", a.ID, a.HeldBack, why)
		}
	}
	if told == 0 {
		t.Errorf("nothing of the incident is told; %d held back", held)
	}
	var coverage struct {
		HeldBack string `json:"held_back"`
	}
	l.into(t, http.MethodGet, "/v1/detect/coverage", "", &coverage)
	if coverage.HeldBack == "" {
		t.Error("coverage does not count what is held back")
	}
	var standing struct {
		Reputations []struct {
			Entity, Label, Standing string
			Score                   float64
			Events                  []struct{ What string }
		}
		Average  float64
		Entities string
	}
	l.into(t, http.MethodGet, "/v1/reputations", "", &standing)
	if len(standing.Reputations) == 0 || standing.Average <= 0 {
		t.Fatalf("no reputations after an incident: %+v", standing)
	}
	if worst := standing.Reputations[0]; worst.Label != "service" || worst.Standing == "good" || len(worst.Events) == 0 {
		t.Errorf("the worst is %+v", worst)
	}
	var good struct {
		Reputations []struct{ Standing string }
	}
	l.into(t, http.MethodGet, "/v1/reputations?standing=good", "", &good)
	for _, r := range good.Reputations {
		if r.Standing != "good" {
			t.Errorf("%s among the good", r.Standing)
		}
	}
	metrics := l.ask(t, http.MethodGet, "/metrics", "")
	for _, name := range []string{"bellwether_anomalies_held_back ", `bellwether_anomalies_admitted_total{priority="LOW",door="persistence"} `, `bellwether_entities{standing="bad"} `} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics has no %s", name)
		}
	}
}
