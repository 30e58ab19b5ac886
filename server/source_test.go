package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A source that lets us in no more (a rotated token) must not end the alerting
// of everything else: the server is ready, says what is wrong, and stops when
// asked.
func TestRefusingSourceDoesNotStopTheServer(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	defer refusing.Close()
	s := launch(t, Options{Source: refusing.URL})
	if got := s.get(t, "/-/healthy").status; got != http.StatusOK {
		t.Errorf("healthy: %d", got)
	}
	if text := s.log.String(); !strings.Contains(text, "the source refuses") || !strings.Contains(text, "401") {
		t.Errorf("the log does not say why:\n%s", text)
	}
}
