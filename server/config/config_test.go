package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEmptyFileIsDefault(t *testing.T) {
	got, err := Parse("empty.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != Default().String() {
		t.Errorf("an empty file is not the default:\n%s", cmp.Diff(Default().String(), got.String()))
	}
	if got.Detect.Budget != 10 || got.Storage.Retention.D != 15*24*time.Hour || got.Alerting.Receivers[0].Type != "log" {
		t.Errorf("defaults changed: %s", got)
	}
}

// Every error of a file is told at once, with its line and a suggestion.
func TestAllErrorsAtOnce(t *testing.T) {
	in := `detect:
  profil: skyline
  budget: -3
storage:
  retention: fortnight
alerting:
  receivers:
    - name: hook
      type: webhook
      url: not a url
  routes:
    - receiver: hok
limits:
  max_series: many
`
	_, err := Parse("b.yaml", []byte(in))
	if err == nil {
		t.Fatal("accepted")
	}
	want := `cannot use configuration "b.yaml": 6 problems
  line 2: unknown field "profil"; did you mean "profile"?
    |   profil: skyline
  line 3: detect.budget -3 is not in (0, 1000000]; it is false alarms per 1000 series-days, 10 is a good start
    |   budget: -3
  line 5: cannot read duration "fortnight": write a number and a unit, such as 30s, 5m, 1h30m or 15d
    |   retention: fortnight
  line 8: receiver hook: url "not a url" is not an http or https URL with a host
    |     - name: hook
  line 12: route names unknown receiver "hok"; did you mean "hook"?
    |     - receiver: hok
  line 14: cannot unmarshal str ` + "`many`" + ` into int
    |   max_series: many`
	if d := cmp.Diff(want, err.Error()); d != "" {
		t.Error(d)
	}
}

func TestMeaningIsChecked(t *testing.T) {
	in := `detect:
  profile: prophet
  budget: -3
  match: ['up{job=}']
alerting:
  receivers:
    - name: hook
      type: webhook
      url: not a url
    - name: hook
  routes:
    - receiver: hok
  grouping:
    keys: ['']
canary:
  false_fail: 2
`
	_, err := Parse("b.yaml", []byte(in))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`line 2: unknown detect.profile "prophet"`,
		`line 3: detect.budget -3`,
		`line 4: detect.match: cannot read selector`,
		`line 7: receiver hook: url "not a url"`,
		`line 10: receiver "hook" stands twice`,
		`line 12: route names unknown receiver "hok"; did you mean "hook"?`,
		`line 14: a grouping key is empty`,
		`line 16: canary.false_fail 2`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in\n%s", want, err)
		}
	}
}

func TestDuration(t *testing.T) {
	f := func(in string, want time.Duration, back string) {
		t.Helper()
		got, err := ParseDuration(in)
		if err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", in, got, err, want)
		}
		if s := (Duration{D: got}).String(); s != back {
			t.Errorf("String of %q = %q, want %q", in, s, back)
		}
	}
	f("30s", 30*time.Second, "30s")
	f("1h30m", 90*time.Minute, "1h30m")
	f("2w", 14*24*time.Hour, "14d")
	f("1500ms", 1500*time.Millisecond, "1s500ms")
	f("0s", 0, "0s")
	for _, bad := range []string{"", "5", "h", "-5m", "1.5h", "5 m", "99999999999999999999s", "9999999y"} {
		if d, err := ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", bad, d)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	in := Default()
	in.Alerting.MinAge.Low = Duration{Set: true}
	in.Source.URL = "http://localhost:9090"
	got, err := Parse("again.yaml", []byte(in.String()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in.String(), got.String()); d != "" {
		t.Error(d)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("detect:\n  budget: 3\n")
	f.Add("alerting:\n  receivers: [{name: a, url: 'http://x'}]\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, in string) {
		c, err := Parse("fuzz.yaml", []byte(in))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if _, err := Parse("again.yaml", []byte(c.String())); err != nil {
			t.Errorf("accepted %q, but not what it prints: %v", in, err)
		}
	})
}

// A file that names receivers but no routes sends everything to the first.
func TestRoutesFollowReceivers(t *testing.T) {
	got, err := Parse("b.yaml", []byte("alerting: {receivers: [{name: hook, url: 'http://x'}, {name: log}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Route{{Receiver: "hook"}}, got.Alerting.Routes); diff != "" || got.Alerting.Receivers[0].Type != "webhook" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// A value that a room would silently take for its default, or trip over later,
// is refused with its line.
func TestValuesWithoutAMeaning(t *testing.T) {
	for in, want := range map[string]string{
		"storage: {retention: 0s}":                                         "storage.retention 0s has no meaning",
		"storage: {out_of_order_window: 0s}":                               "out_of_order_window 0s",
		"source: {interval: 0s}":                                           "source.interval 0s",
		"correlate: {step: 0s}":                                            "correlate.step 0s is less than 1s",
		"correlate: {step: 1ms}":                                           "correlate.step 1ms is less than 1s",
		"canary: {max_runs: -3}":                                           "canary.max_runs -3 is negative",
		"alerting: {suppression: {max_services: -1}}":                      "max_services -1 is negative",
		"alerting: {suppression: {max_duration: 0s}}":                      "max_duration 0s",
		"alerting: {grouping: {window: 0s}}":                               "grouping.window 0s",
		"alerting: {grouping: {close_after: 0s}}":                          "close_after 0s",
		`alerting: {receivers: [{name: a, url: "http://x", timeout: 0s}]}`: "timeout 0s",
		`alerting: {grouping: {keys: ["${contxt.team}"]}}`:                 "did you mean context?",
		"detect: {budget: 1}\n---\ndetect: {budget: 2}":                    "line 2: a second document begins here",
		"\x00\x01": "1 problem\n  yaml: control characters",
	} {
		_, err := Parse("c.yaml", []byte(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", in, err, want)
		}
	}
	if _, err := Parse("c.yaml", []byte("alerting: {min_age: {high: 0s, low: 0s}}\nsource: {backfill: 0s}")); err != nil {
		t.Errorf("lengths for which zero has a meaning: %v", err)
	}
}

// A wrong path cannot fill memory.
func TestEndlessFile(t *testing.T) {
	if _, err := Load("/dev/zero"); err == nil || !strings.Contains(err.Error(), "is it the right file?") {
		t.Errorf("an endless file: %v", err)
	}
}
