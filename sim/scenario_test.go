package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScenarioFiles(t *testing.T) {
	files, _ := filepath.Glob("scenario/*.txt")
	if len(files) != 3 {
		t.Fatalf("%d scenario files", len(files))
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseScenario(text)
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if want := strings.TrimSuffix(filepath.Base(f), ".txt"); s.Name != want {
			t.Errorf("%s is named %q", f, s.Name)
		}
	}
}

func TestParseScenario(t *testing.T) {
	got, err := ParseScenario([]byte(`
# A comment.
pool users-db at=-1h30m for=10m wait=250ms latency=2 # another
history 2d
name two words
deploy cart at=90s version=v3
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Scenario{
		Name: "two words", History: 2 * day,
		Deploys: []DeployLine{{"cart", 90 * second, "v3", "stable"}},
		Pools:   []PoolFault{{"users-db", 2*day - 90*minute, 10 * minute, 2 * minute, .25, 40 * second, .05, 2, .7}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseScenarioSaysAllMistakes(t *testing.T) {
	_, err := ParseScenario([]byte("deply cart\npool mongo at=1h\ncanary checkout at=-8d errors=150%\nsurge cart at=1h factor=2x speed=3\ndeploy cart at=5 version=v1\nhistory 1s\n"))
	want := `line 6: cannot read scenario: history "1s" is not a duration from 1h to 400d
line 1: cannot read scenario: unknown statement "deply"; there are name, say, history, deploy, canary, pool, surge
line 2: cannot read scenario: there is no database "mongo"; there are orders-db, users-db and catalog-db
line 3: cannot read scenario: at=-8d lies before the history
line 3: cannot read scenario: errors=150% is not a number from 0 to 1
line 4: cannot read scenario: surge takes no "speed"
line 5: cannot read scenario: at: "5" is not a duration such as 6d2h, 90s or 400ms, up to 1000d
line 0: cannot read scenario: canary checkout has a fault but no deploy with track=canary`
	if err == nil {
		t.Fatal("no error")
	}
	if d := cmp.Diff(want, err.Error()); d != "" {
		t.Error(d)
	}
}

func FuzzParseScenario(f *testing.F) {
	f.Add(badCanaryText)
	f.Add(calmText)
	f.Add(poolText)
	f.Add([]byte("pool orders-db at=1h for=99999999999999999999d"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseScenario(text)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		c := New(Options{Start: testStart, Scenario: s})
		for range 3 { // Whatever was accepted can be lived.
			c.Next()
		}
		c.Truth()
	})
}
