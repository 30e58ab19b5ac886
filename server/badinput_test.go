package server

import (
	"net/http"
	"strings"
	"testing"
)

// A REST body over the limit is refused by its size, before it fills memory,
// and the server answers on.
func TestOversizeRESTBody(t *testing.T) {
	config := writeFile(t, t.TempDir(), "bellwether.yml", "limits: {max_body_bytes: 65536}\n")
	s := launch(t, Options{ConfigFile: config})
	if got := s.post(t, "/v1/events", `{"events":[{"message":"`+strings.Repeat("x", 100_000)+`"}]}`); got.status != http.StatusBadRequest || !strings.Contains(got.body, "65536 bytes") {
		t.Errorf("an oversize body: %d %.300s; want 400 and the limit", got.status, got.body)
	}
	for body, want := range map[string]string{
		`{"events":`: "cannot read the body",
		`{"events":[{"source":"s","monitor":"m","status":3}]}`: "there are two",
	} {
		if got := s.post(t, "/v1/events", body); got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s; want %q", body, got.status, got.body, want)
		}
	}
	if got := s.get(t, "/metrics"); !strings.Contains(got.body, "bellwether_request_panics_total 0") || !strings.Contains(got.body, "bellwether_alert_log_failures_total 0") {
		t.Error("/metrics counts neither panics nor failures of the alert log")
	}
}
