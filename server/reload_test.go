package server

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/bellwether-ts/bellwether/alerting"
)

// A reload takes a good file whole and keeps the old configuration whole when
// the file is bad, by either way of asking.
func TestReloadKeepsTheOldOnError(t *testing.T) {
	first, second := newReceiver(t), newReceiver(t)
	file := first.config(t, "")
	s := launch(t, Options{ConfigFile: file})
	s.send(t, unhealthy("e1", "a"))
	eventually(t, "the first receiver is told", func() bool { return len(first.told(alerting.Opened)) == 1 })

	rewrite(t, file, "alerting: {recievers: []}\ndetect: {budget: -1}\n")
	if got := s.post(t, "/-/reload", ""); got.status != http.StatusBadRequest || !strings.Contains(got.body, `did you mean "receivers"`) {
		t.Errorf("reload of a bad file: %d %s", got.status, got.body)
	}
	if got := s.get(t, "/metrics"); !strings.Contains(got.body, "bellwether_config_last_reload_successful 0") {
		t.Error("/metrics does not say that the reload failed")
	}
	s.hangUp(t, "kept the old configuration")
	s.send(t, unhealthy("e2", "b"))
	eventually(t, "the first receiver is still told", func() bool { return len(first.told(alerting.Opened)) == 2 })

	rewrite(t, file, "alerting:\n  receivers: [{name: other, url: '"+second.URL+"'}]\nstorage: {retention: 3d}\n")
	if got := s.post(t, "/-/reload", ""); got.status != 200 || !strings.Contains(got.body, "storage changed: it takes effect at the next start") {
		t.Errorf("reload of a good file: %d %s", got.status, got.body)
	}
	if got := s.get(t, "/metrics"); !strings.Contains(got.body, "bellwether_config_last_reload_successful 1") {
		t.Error("/metrics does not say that the reload succeeded")
	}
	s.hangUp(t, "configuration read again")
	s.send(t, unhealthy("e3", "c"))
	eventually(t, "the second receiver is told", func() bool { return len(second.told(alerting.Opened)) == 1 })
	if len(first.told("")) != 2 || len(second.told("")) != 1 {
		t.Errorf("told %d and %d times, want 2 and 1", len(first.told("")), len(second.told("")))
	}
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hangUp sends SIGHUP and waits until the log says something new.
func (s *server) hangUp(t *testing.T, say string) {
	t.Helper()
	before := strings.Count(s.log.String(), say)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log says "+say, func() bool { return strings.Count(s.log.String(), say) > before })
}

// Without a file there is nothing to read again, and the answer says so.
func TestReloadWithoutAFile(t *testing.T) {
	s := launch(t, Options{})
	if got := s.post(t, "/-/reload", ""); got.status != http.StatusBadRequest || !strings.Contains(got.body, "--config.file") {
		t.Errorf("%d %s", got.status, got.body)
	}
}
