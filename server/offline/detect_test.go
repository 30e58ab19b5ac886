package offline

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// incidentCSV is two days of three series, wide: cpu rises for half an hour, rps
// falls to zero for ten minutes, and errors has gaps. The answer stands in label.
func incidentCSV() string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("timestamp,cpu,\"rps{service=\"\"shop\"\"}\",errors,label\n")
	for i := range 2880 {
		day := math.Sin(2 * math.Pi * float64(i) / 1440)
		cpu, rps, bad := 50+10*day+rng.NormFloat64(), 300+50*day+5*rng.NormFloat64(), 0
		if i >= 2000 && i < 2030 {
			cpu, bad = cpu+40, 1
		}
		if i >= 2500 && i < 2510 {
			rps, bad = 0, 1
		}
		errs := fmt.Sprintf("%.3f", 5+rng.NormFloat64())
		if i%7 == 3 {
			errs = []string{"", "NaN"}[i%2]
		}
		fmt.Fprintf(&b, "%d,%.3f,%.3f,%s,%d\n", 1767225600+60*i, cpu, rps, errs, bad)
	}
	return b.String()
}

// detectText runs Detect over texts and returns what it wrote.
func detectText(t testing.TB, o DetectOptions, texts ...string) string {
	t.Helper()
	var inputs []Input
	for i, text := range texts {
		inputs = append(inputs, Input{Name: fmt.Sprintf("f%d", i+1), R: strings.NewReader(text)})
	}
	var out bytes.Buffer
	if err := Detect(context.Background(), inputs, o, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A row never sees a later row: cutting the input leaves the earlier lines
// byte for byte what they were.
func TestDetectIsCausal(t *testing.T) {
	lines := strings.SplitAfter(incidentCSV(), "\n")
	f := func(profile string, whole int, cuts ...int) {
		t.Helper()
		want := detectText(t, DetectOptions{Output: CSV, Profile: profile}, strings.Join(lines[:whole+1], ""))
		for _, rows := range cuts {
			got := detectText(t, DetectOptions{Output: CSV, Profile: profile}, strings.Join(lines[:rows+1], ""))
			if !strings.HasPrefix(want, got) {
				t.Fatalf("%s: with %d rows the output is not the start of the whole output", profile, rows)
			}
		}
	}
	f("default", 2880, 1, 2, 17, 500, 2005, 2029, 2031, 2505)
	f("skyline", 300, 1, 17, 150) // Slow by design: it looks at the whole window for every sample.
}

func TestDetectCSVShape(t *testing.T) {
	got := detectText(t, DetectOptions{Output: CSV}, incidentCSV())
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if lines[0]+"\n" != csvHeader {
		t.Fatalf("header %q", lines[0])
	}
	if want := 1 + 3*2880 - 411; len(lines) != want { // errors misses every seventh sample.
		t.Errorf("%d lines, want %d: one a sample, none where there is no sample", len(lines), want)
	}
	if !strings.HasPrefix(lines[1], "1767225600,cpu,") || !strings.HasPrefix(lines[2], `1767225600,"rps{service=""shop""}",`) {
		t.Errorf("first lines:\n%s\n%s", lines[1], lines[2])
	}
	alarms := map[string]bool{}
	for _, line := range lines[1:] {
		f, err := splitCSV(line, nil)
		if err != nil || len(f) != 9 {
			t.Fatalf("line %q has %d fields, %v", line, len(f), err)
		}
		if f[8] != "0" && f[8] != "1" {
			t.Fatalf("anomalous is %q in %q", f[8], line)
		}
		for i := 2; i < 8; i++ {
			if _, _, err := parseValue(f[i]); err != nil {
				t.Fatalf("field %d of %q: %v", i, line, err)
			}
		}
		if f[4] != "0" {
			alarms[f[1]+" "+f[0]] = true
		}
	}
	if !alarms["cpu 1767345600"] {
		t.Errorf("no alarm where cpu rises by 40 sigma; alarms %v", slices.Sorted(maps.Keys(alarms)))
	}
}

// The same samples give the same lines, however they are written.
func TestDetectSameSamplesSameLines(t *testing.T) {
	wide := incidentCSV()
	want := detectText(t, DetectOptions{Output: CSV}, wide)

	long := toLong(t, wide)
	if got := detectText(t, DetectOptions{Output: CSV}, long); got != want {
		t.Errorf("long form differs from wide form:\n%s", firstDifference(want, got))
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, wide)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got := detectText(t, DetectOptions{Output: CSV}, packed.String()); got != want {
		t.Errorf("packed differs from plain:\n%s", firstDifference(want, got))
	}
	relabelled := strings.NewReplacer(",0\n", ",1\n", ",1\n", ",0\n").Replace(wide)
	if got := detectText(t, DetectOptions{Output: CSV}, relabelled); got != want {
		t.Errorf("the label column is looked at:\n%s", firstDifference(want, got))
	}
	if got := sortedLines(detectText(t, DetectOptions{Output: CSV}, toJSON(t, wide))); got != sortedLines(want) {
		t.Errorf("query_range differs from wide form:\n%s", firstDifference(sortedLines(want), got))
	}
}

// rows returns the cells of a CSV as the readers give them.
func rows(t testing.TB, text string) (out [][3]string) {
	t.Helper()
	r := NewReader([]Input{{Name: "f", R: strings.NewReader(text)}}, ReadOptions{})
	for {
		row, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range row.Cells {
			out = append(out, [3]string{row.Time, c.Series.Name, string(appendFloat(nil, c.V))})
		}
	}
}

func toLong(t testing.TB, wide string) string {
	var b strings.Builder
	b.WriteString("timestamp,series,value\n")
	cells := rows(t, wide)
	for _, c := range cells {
		fmt.Fprintf(&b, "%s,%s,%s\n", c[0], quoteCSV(c[1]), c[2])
	}
	return b.String()
}

func toJSON(t testing.TB, wide string) string {
	type result struct {
		Metric map[string]string `json:"metric"`
		Values [][2]any          `json:"values"`
	}
	var list []*result
	at := map[string]*result{}
	cells := rows(t, wide)
	for _, c := range cells {
		r := at[c[1]]
		if r == nil {
			col, err := newColumn(c[1])
			if err != nil {
				t.Fatal(err)
			}
			r = &result{Metric: col.labels.Map()}
			at[c[1]] = r
			list = append(list, r)
		}
		r.Values = append(r.Values, [2]any{json.Number(c[0]), c[2]})
	}
	text, err := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": list}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sortedLines(s string) string {
	lines := strings.SplitAfter(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d:\nwant %s\ngot  %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines and %d lines", len(a), len(b))
}

// keysOf lists the keys of a JSON value, depth first, arrays by their first
// element.
func keysOf(t testing.TB, doc string) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, doc)
	}
	var out []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				out = append(out, path+k)
				walk(path+k+".", v[k])
			}
		case []any:
			if len(v) > 0 {
				walk(path, v[0])
			}
		}
	}
	walk("", v)
	return out
}

func TestDetectJSONKeys(t *testing.T) {
	doc := detectText(t, DetectOptions{Output: JSON}, incidentCSV())
	want := []string{
		"anomalies",
		"anomalies.direction", "anomalies.end", "anomalies.expected", "anomalies.kind", "anomalies.members",
		"anomalies.members.name", "anomalies.members.p", "anomalies.members.share",
		"anomalies.observed", "anomalies.peak_score", "anomalies.series", "anomalies.start", "anomalies.trace",
		"series",
		"series.name", "series.samples", "series.step_seconds", "series.verdict",
	}
	if d := cmp.Diff(want, keysOf(t, doc)); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	var got detectJSON
	if err := json.Unmarshal([]byte(doc), &got); err != nil {
		t.Fatal(err)
	}
	if s := got.Series[0]; s.Name != "cpu" || s.Samples != 2880 || s.StepSeconds != 60 {
		t.Errorf("first series is %+v", s)
	}
}

func TestDetectEmptyJSON(t *testing.T) {
	want := "{\n  \"anomalies\": [],\n  \"series\": []\n}\n"
	if got := detectText(t, DetectOptions{Output: JSON}, "timestamp,a\n"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// With --from, earlier rows teach and are not reported: the lines are those of
// the whole run from there on.
func TestDetectFrom(t *testing.T) {
	whole := detectText(t, DetectOptions{Output: CSV}, incidentCSV())
	from := int64(1767345600-600) * 1000
	got := detectText(t, DetectOptions{Output: CSV, From: &from}, incidentCSV())
	body, ok := strings.CutPrefix(got, csvHeader)
	if !ok || !strings.HasSuffix(whole, body) || !strings.HasPrefix(body, "1767345000,cpu,") {
		t.Errorf("the output from the instant on is not the end of the whole output; it starts %.80q", body)
	}
}

// A duplicate instant has a line, without evidence, and a note.
func TestDetectLateSamples(t *testing.T) {
	var notes bytes.Buffer
	got := detectText(t, DetectOptions{Output: CSV, ReadOptions: ReadOptions{Notes: &notes}}, "timestamp,a\n10,1\n10,2\n11,1\n")
	lines := strings.Split(got, "\n")
	if lines[2] != "10,a,2,0,0,,,,0" {
		t.Errorf("the late sample's line is %q", lines[2])
	}
	if !strings.Contains(notes.String(), "f1, line 3: not judged") {
		t.Errorf("notes %q", notes.String())
	}
}

func TestDetectStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := Detect(ctx, []Input{{Name: "f", R: strings.NewReader(incidentCSV())}}, DetectOptions{Output: CSV}, io.Discard)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// BenchmarkDetectCSV is a wide file of ten series: what a sample costs from
// bytes to bytes, and what is kept.
func BenchmarkDetectCSV(b *testing.B) {
	const rows, columns = 10_000, 10
	text := benchCSV(rows, columns)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		err := Detect(context.Background(), []Input{{Name: "f", R: strings.NewReader(text)}}, DetectOptions{Output: CSV}, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*columns), "ns/sample")
}

func benchCSV(rows, columns int) string {
	rng := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("timestamp")
	for c := range columns {
		fmt.Fprintf(&b, ",s%d", c)
	}
	for i := range rows {
		fmt.Fprintf(&b, "\n%d", 1700000000+60*i)
		for range columns {
			fmt.Fprintf(&b, ",%.4f", 100+rng.NormFloat64())
		}
	}
	return b.String()
}
