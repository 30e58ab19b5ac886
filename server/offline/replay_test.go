package offline

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// replayed runs Replay over an incident and returns every line.
func replayed(t *testing.T, src Source, o ReplayOptions) ([]Line, Summary) {
	t.Helper()
	var lines []Line
	sum, err := Replay(t.Context(), src, o, func(l Line) error {
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, sum
}

func incidentFrame(t *testing.T) *Frame {
	t.Helper()
	f, err := Load(t.Context(), []Input{{Name: "f", R: strings.NewReader(incidentCSV())}}, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReplayTellsTheIncident(t *testing.T) {
	lines, sum := replayed(t, NewFrameSource(incidentFrame(t)), ReplayOptions{})
	if sum.Samples != 3*2880-411 || sum.Series != 3 {
		t.Errorf("replayed %d samples of %d series", sum.Samples, sum.Series)
	}
	if sum.From != "2026-01-01T00:00:00Z" || sum.To != "2026-01-02T23:59:00Z" {
		t.Errorf("reported from %s to %s", sum.From, sum.To)
	}
	events, notifications := map[string]bool{}, map[alerting.NotificationKind]int{}
	last := ""
	for _, l := range lines {
		if l.Time < last {
			t.Errorf("%s comes after %s", l.Time, last)
		}
		last = l.Time
		switch l.Kind {
		case LineEvent:
			events[l.Time+" "+string(l.Event.Status)+" "+l.Subject] = true
			if l.Verdict == "" || l.Trace == "" {
				t.Errorf("event %+v does not say what became of it", l)
			}
		case LineNotification:
			notifications[l.Notification.Kind]++
		}
	}
	// It rises at 09:20 and is told then, or, where that alone is too little, when the sample after says the same.
	if !events["2026-01-02T09:20:00Z UNHEALTHY cpu"] && !events["2026-01-02T09:21:00Z UNHEALTHY cpu"] {
		t.Errorf("no event when cpu rises; events %v", slices.Sorted(maps.Keys(events)))
	}
	if notifications[alerting.Opened] == 0 || notifications[alerting.Opened] != notifications[alerting.Cleared] {
		t.Errorf("who was told unhealthy must be told healthy: %v", notifications)
	}
	if sum.Events == 0 || sum.Groups == 0 || sum.Notifications < 2 {
		t.Errorf("summary %+v", sum)
	}
}

// The same data give the same bytes, from a file and from a store.
func TestReplayIsTheSameFromAStore(t *testing.T) {
	f := incidentFrame(t)
	want, wantSum := replayed(t, NewFrameSource(f), ReplayOptions{})
	again, _ := replayed(t, NewFrameSource(f), ReplayOptions{})
	if d := cmp.Diff(toText(want), toText(again)); d != "" {
		t.Fatalf("two replays differ (-first +second):\n%s", d)
	}
	store, err := tsdb.Open(tsdb.Options{Retention: forever})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	var series []tsdb.Series
	for i, s := range f.Series {
		series = append(series, tsdb.Series{Labels: s.Labels, Samples: f.Samples[i]})
	}
	if _, err := store.Append(t.Context(), series); err != nil {
		t.Fatal(err)
	}
	first, last, _ := f.Extent()
	got, gotSum := replayed(t, NewStoreSource(store, nil, first, last), ReplayOptions{})
	if d := cmp.Diff(sortedLines(toText(want)), sortedLines(toText(got))); d != "" {
		t.Errorf("file and store differ (-file +store):\n%s", d)
	}
	if d := cmp.Diff(wantSum, gotSum); d != "" {
		t.Errorf("summaries differ (-file +store):\n%s", d)
	}
}

func toText(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// What lies before From teaches and is not told; what lies after To is not
// read.
func TestReplayRange(t *testing.T) {
	from, to := int64(1767345600-3600)*1000, int64(1767345600+7200)*1000
	lines, sum := replayed(t, NewFrameSource(incidentFrame(t)), ReplayOptions{From: &from, To: &to})
	if sum.From != FormatTime(from) || sum.To != FormatTime(to) {
		t.Errorf("reported from %s to %s, want %s to %s", sum.From, sum.To, FormatTime(from), FormatTime(to))
	}
	if len(lines) == 0 {
		t.Fatal("nothing happened in the hours of the incident")
	}
	if first, last := lines[0].Time, lines[len(lines)-1].Time; first < FormatTime(from) || last > FormatTime(to) {
		t.Errorf("lines from %s to %s", first, last)
	}
}

// A suppression keeps quiet what it matches, and the summary says how much.
func TestReplaySuppression(t *testing.T) {
	f := incidentFrame(t)
	first, last, _ := f.Extent()
	mute := alerting.Suppression{ID: "quiet-cpu", Start: first, End: last + 1, Targets: []string{`monitor="cpu"`}, Description: "test", CreatedBy: "test"}
	lines, sum := replayed(t, NewFrameSource(f), ReplayOptions{Suppressions: []alerting.Suppression{mute}})
	if sum.Suppressed["quiet-cpu"] == 0 {
		t.Errorf("nothing was suppressed: %+v", sum.Suppressed)
	}
	for _, l := range lines {
		if l.Kind == LineNotification && slices.ContainsFunc(l.Notification.Members, func(m alerting.Member) bool { return m.Monitor == "cpu" && len(m.SuppressedBy) == 0 }) {
			t.Errorf("told in spite of the suppression: %s", l)
		}
	}
}

func TestReplayPages(t *testing.T) {
	c, err := config.Parse("test", []byte("detect:\n  page: ['cpu']\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, sum := replayed(t, NewFrameSource(incidentFrame(t)), ReplayOptions{Config: &c})
	if sum.Pages == 0 || sum.PagesPerDay <= 0 {
		t.Errorf("cpu is to page for, and nobody was paged: %+v", sum)
	}
}

func TestReplayStopsAtEmitError(t *testing.T) {
	boom := errors.New("disk full")
	n := 0
	_, err := Replay(t.Context(), NewFrameSource(incidentFrame(t)), ReplayOptions{}, func(Line) error { n++; return boom })
	if !errors.Is(err, boom) || n != 1 {
		t.Errorf("error %v after %d lines, want %v after 1", err, n, boom)
	}
}

func TestWriteReplayJSON(t *testing.T) {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	emit, end, err := WriteReplay(w, JSON)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := Replay(context.Background(), NewFrameSource(incidentFrame(t)), ReplayOptions{}, emit)
	if err = errors.Join(err, end(sum), w.Flush()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, line := range lines {
		var v struct{ Kind, Time string }
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("line %d is not JSON: %v", i+1, err)
		}
		if isLast := i == len(lines)-1; (v.Kind == "summary") != isLast || v.Time == "" != isLast {
			t.Errorf("line %d of %d has kind %q and time %q", i+1, len(lines), v.Kind, v.Time)
		}
	}
	want := []string{"events", "from", "groups", "kind", "notifications", "pages", "pages_per_day", "samples", "series", "suppressed", "tickets", "to"}
	got := slices.DeleteFunc(keysOf(t, lines[len(lines)-1]), func(k string) bool { return strings.Contains(k, ".") })
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("keys of the summary (-want +got):\n%s", d)
	}
}

// frameSource merges: every sample comes once, in order of time.
func TestFrameSourceMerges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &Frame{}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		total := 0
		for id := range rapid.IntRange(0, 9).Draw(t, "series") {
			f.Series = append(f.Series, &Series{ID: id, Labels: labels.FromStrings("id", string(rune('a'+id)))})
			var samples []metric.Sample
			at := rng.Int64N(10)
			for range 1 + rng.IntN(2000) {
				samples = append(samples, metric.Sample{T: at, V: float64(id)})
				at += 1 + rng.Int64N(5)
			}
			total += len(samples)
			f.Samples = append(f.Samples, samples)
		}
		src := NewFrameSource(f)
		lastT, lastRef := int64(-1), uint64(0)
		for {
			b, err := src.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			for i, ref := range b.Refs {
				if b.T[i] < lastT || b.T[i] == lastT && ref <= lastRef {
					t.Fatalf("sample of %d at %d after one of %d at %d", ref, b.T[i], lastRef, lastT)
				}
				if b.V[i] != float64(ref-1) {
					t.Fatalf("reference %d carries the value of series %v", ref, b.V[i])
				}
				lastT, lastRef = b.T[i], ref
				total--
			}
		}
		if total != 0 {
			t.Fatalf("%d samples lost", total)
		}
	})
}

// A store directory is replayed whether it is named itself or as the storage
// path of a service; what is no store is not made one.
func TestOpenStoreSource(t *testing.T) {
	dir := t.TempDir()
	store, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, "tsdb"), Retention: forever})
	if err != nil {
		t.Fatal(err)
	}
	one := tsdb.Series{Labels: labels.FromStrings("__name__", "up")}
	for i := range int64(500) { // Eight hours: some of it goes into blocks.
		one.Samples = append(one.Samples, metric.Sample{T: 1700000000000 + 60_000*i, V: float64(i % 7)})
	}
	if _, err = store.Append(t.Context(), []tsdb.Series{one}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Flush(t.Context()), store.Close()); err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	if !slices.ContainsFunc(before, func(s string) bool { return strings.Contains(s, "/meta.json ") }) {
		t.Fatalf("the store has no block, which this test is about: %v", before)
	}
	for _, named := range []string{dir, filepath.Join(dir, "tsdb")} {
		var out bytes.Buffer
		run := ReplayRun{TSDB: named, Match: "up", Output: JSON}
		if err := run.Run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), `"from":"2023-11-14T22:13:20Z","to":"2023-11-15T06:32:20Z","series":1,"samples":500`) {
			t.Errorf("replay of %s printed %s", named, out.String())
		}
	}
	if d := cmp.Diff(before, listing(t, dir)); d != "" {
		t.Errorf("replaying changed the store (-before +after):\n%s", d)
	}
	for _, nothing := range []string{t.TempDir(), filepath.Join(dir, "missing")} {
		if _, _, err := OpenStoreSource(nothing, nil, Span{}); err == nil {
			t.Errorf("%s was opened as a store", nothing)
		}
	}
}

// listing names every file under dir with its size.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && !e.IsDir() {
			out = append(out, fmt.Sprintf("%s %d", path, info.Size()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
