package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

const counting = `name: counting
description: Ten samples are enough.
match: ticks
state:
  seen: {initial: 0, next: state.seen + 1}
evidence: 'state.seen >= LIMIT ? bar : 0'
reason: '"saw " + text(state.seen)'
`

// A detector is loaded from a file, finds, is listed, and outlives an edit with
// what it remembers; a broken edit changes nothing and is told with its line.
func TestDetectorsOverReload(t *testing.T) {
	file := writeFile(t, t.TempDir(), "bellwether.yml", "detect: {detectors: [own/*.yaml]}\nalerting: {min_age: {low: 0s}}\n")
	own := filepath.Join(filepath.Dir(file), "own")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(own, "counting.yaml")
	rewrite(t, mine, strings.Replace(counting, "LIMIT", "1000", 1))
	s := launch(t, Options{ConfigFile: file})
	at := time.Now().UnixMilli() - 600_000
	feed := func(n int) {
		ticks := &pb.Series{Labels: map[string]string{"__name__": "ticks", "service": "cart"}}
		for range n {
			at += 1000
			ticks.Samples = append(ticks.Samples, &pb.Sample{TimestampMs: at, Value: 1})
		}
		s.push(t, ticks)
	}
	listed := func(want ...string) func() bool {
		return func() bool {
			body := s.get(t, "/v1/detectors").body
			for _, w := range want {
				if !strings.Contains(body, w) {
					return false
				}
			}
			return true
		}
	}
	feed(20)
	eventually(t, "20 samples are judged", listed(`"name":"counting"`, `"state":"running"`, `"judged":"20"`, `"cost_limit":"10000"`))

	rewrite(t, mine, "name: counting\nmatch: ticks\nscore: valu\n")
	if got := s.post(t, "/-/reload", ""); got.status != http.StatusBadRequest || !strings.Contains(got.body, "line 3") || !strings.Contains(got.body, `did you mean \"value\"`) && !strings.Contains(got.body, `did you mean "value"`) {
		t.Errorf("reload of a bad detector: %d %s", got.status, got.body)
	}
	feed(1)
	eventually(t, "the old one goes on", listed(`"judged":"21"`))

	rewrite(t, mine, strings.Replace(counting, "LIMIT", "21", 1))
	s.hangUp(t, "configuration read again")
	feed(1)
	eventually(t, "an alert group says it", func() bool {
		return strings.Contains(s.get(t, "/v1/groups").body, "detector counting: saw 21")
	})
	if got := s.get(t, "/v1/anomalies?open_only=true").body; !strings.Contains(got, `"view":"detector/counting"`) || !strings.Contains(got, `"kind":"custom"`) {
		t.Errorf("anomalies: %s", got)
	}
	if got := s.get(t, "/metrics").body; !strings.Contains(got, `bellwether_detector_series{detector="counting"} 1`) {
		t.Error("/metrics does not know the detector")
	}

	// A version that begins anew recovers; a file without it ends what is open.
	rewrite(t, file, strings.Replace(read(t, file), "own/*.yaml", "''", 1))
	if got := s.post(t, "/-/reload", ""); got.status != http.StatusBadRequest {
		t.Errorf("an empty pattern: %d %s", got.status, got.body)
	}
	rewrite(t, file, strings.Replace(read(t, file), "detect: {detectors: ['']}\n", "", 1))
	if got := s.post(t, "/-/reload", ""); got.status != 200 {
		t.Errorf("reload without detectors: %d %s", got.status, got.body)
	}
	eventually(t, "it is over", func() bool {
		return !strings.Contains(s.get(t, "/v1/anomalies?open_only=true").body, "detector/counting")
	})
	if !listed(`"detectors":[]`)() {
		t.Errorf("detectors: %s", s.get(t, "/v1/detectors").body)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
