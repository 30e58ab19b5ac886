package offline

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
)

// dump reads text as one input and prints every row and note, so that a test
// compares what a user would notice.
func dump(t testing.TB, o ReadOptions, texts ...string) (rows, notes string) {
	t.Helper()
	var inputs []Input
	for i, text := range texts {
		inputs = append(inputs, Input{Name: fmt.Sprintf("f%d", i+1), R: strings.NewReader(text)})
	}
	var said, got bytes.Buffer
	o.Notes = &said
	r := NewReader(inputs, o)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Fprintf(&got, "error: %v\n", err)
			break
		}
		fmt.Fprintf(&got, "%s|%d", row.Time, row.T)
		for _, c := range row.Cells {
			fmt.Fprintf(&got, " %s=%v", c.Series.Name, c.V)
			if c.Late {
				got.WriteString("(late)")
			}
		}
		got.WriteByte('\n')
	}
	return got.String(), said.String()
}

func TestReaders(t *testing.T) {
	f := func(name, in, wantRows, wantNotes string) {
		t.Helper()
		rows, notes := dump(t, ReadOptions{}, in)
		if d := cmp.Diff(wantRows, rows); d != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, d)
		}
		if d := cmp.Diff(wantNotes, notes); d != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, d)
		}
	}
	f("wide", "timestamp,cpu,\"rps{service=\"\"cart\"\"}\"\n1700000000,1,2\n1700000060,,NaN\n1700000120,3,4\n",
		"1700000000|1700000000000 cpu=1 rps{service=\"cart\"}=2\n1700000060|1700000060000\n1700000120|1700000120000 cpu=3 rps{service=\"cart\"}=4\n", "")
	f("wide, labels ignored", "timestamp,value,label,is_anomaly\n1,5,0,1\n", "1|1000 value=5\n",
		"note: f1: column label ignored: it is the answer\nnote: f1: column is_anomaly ignored: it is the answer\n")
	f("long", "timestamp,series,value\n2024-01-01T00:00:00Z,a,1\n2024-01-01T00:00:00Z,\"b{x=\"\"y\"\"}\",2\n2024-01-01T00:01:00Z,a,\n",
		"2024-01-01T00:00:00Z|1704067200000 a=1\n2024-01-01T00:00:00Z|1704067200000 b{x=\"y\"}=2\n", "")
	f("long, other order and a label", "value,label,timestamp,series\n1,0,10,a\n", "10|10000 a=1\n",
		"note: f1: column label ignored: it is the answer\n")
	f("a column of text is no series", "Time,TimeStamp,PodName,Cpu(m)\n2023-01-29 08:41:10.395170792 +0000 UTC m=+1.471332652,1674981670,ts-route,16.5\n",
		"2023-01-29 08:41:10.395170792 +0000 UTC m=+1.471332652|1674981670395 TimeStamp=1.67498167e+09 Cpu(m)=16.5\n",
		"note: f1:2: column PodName ignored: its first cell \"ts-route\" is text\n")
	f("bad rows", "timestamp,a\n1,1\nx,2\n2,y\n3\n4,4,4\n5,\"6\n6,6\n",
		"1|1000 a=1\n6|6000 a=6\n",
		`note: f1, line 3: skipped: cannot read time "x": write RFC 3339 (2026-01-02T15:04:05Z), 2026-01-02 15:04:05 (UTC) or Unix seconds or milliseconds
note: f1, line 4: skipped: column a: "y" is not a number; leave the cell empty where there is no sample
note: f1, line 5: skipped: 1 cells where the header has 2
note: f1, line 6: skipped: 3 cells where the header has 2
note: f1, line 7: skipped: not CSV: extraneous or missing " in quoted-field
`)
	f("many bad rows are counted", "timestamp,a\n1,1\n"+strings.Repeat("2,x\n", 7), "1|1000 a=1\n",
		strings.Join([]string{
			`note: f1, line 3: skipped: column a: "x" is not a number; leave the cell empty where there is no sample`,
			`note: f1, line 4: skipped: column a: "x" is not a number; leave the cell empty where there is no sample`,
			`note: f1, line 5: skipped: column a: "x" is not a number; leave the cell empty where there is no sample`,
			`note: f1, line 6: skipped: column a: "x" is not a number; leave the cell empty where there is no sample`,
			`note: f1, line 7: skipped: column a: "x" is not a number; leave the cell empty where there is no sample`,
			`note: f1: 7 lines skipped in all; --strict stops at the first`, ""}, "\n"))
	f("late rows", "timestamp,a\n10,1\n10,2\n9,3\n11,4\n", "10|10000 a=1\n10|10000 a=2(late)\n9|9000 a=3(late)\n11|11000 a=4\n",
		`note: f1, line 3: not judged: its time does not come after the sample before it; sort the file by time and keep one sample an instant
note: f1, line 4: not judged: its time does not come after the sample before it; sort the file by time and keep one sample an instant
`)
	f("byte order mark, CRLF, blank lines", "\xef\xbb\xbftimestamp,a\r\n\r\n1,2\r\n", "1|1000 a=2\n", "")
	f("query_range", `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"api"},"values":[[1700000000.5,"1"],[1700000060,"NaN"],[1700000120,"+Inf"]]},{"metric":{},"values":[[1,"2"],[2],["x","1"]]}]}}`,
		"1700000000.5|1700000000500 up{job=\"api\"}=1\n1700000120|1700000120000 up{job=\"api\"}=+Inf\n1|1000 {}=2\n",
		`note: f1, value 5: skipped: 1 parts where [time, value] has 2
note: f1, value 6: skipped: cannot read time "x": write RFC 3339 (2026-01-02T15:04:05Z), 2026-01-02 15:04:05 (UTC) or Unix seconds or milliseconds
`)
	f("only the result of a query", `[{"metric":{"__name__":"up"},"value":[5,"1"],"histograms":[1]}]`, "5|5000 up=1\n",
		"note: f1: native histograms are not analysed from files; they are skipped\n")
	f("OpenMetrics", "# TYPE up gauge\nup{job=\"a}b\"} 1 1700000000\nup{job=\"a}b\"} 2 1700000060.25 # {trace_id=\"x\"} 1\nbare 3 1700000000000\nnow 1\nx{a=\"b\" 1 1\n# EOF\nafter 1 1\n",
		"1700000000|1700000000000 up{job=\"a}b\"}=1\n1700000060.25|1700000060250 up{job=\"a}b\"}=2\n1700000000000|1700000000000 bare=3\n",
		`note: f1, line 5: skipped: no timestamp; write name{labels} value timestamp
note: f1, line 6: skipped: the labels have no closing brace
`)
}

func TestReadersRefuse(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		rows, _ := dump(t, ReadOptions{}, in)
		if d := cmp.Diff("error: "+want+"\n", rows); d != "" {
			t.Errorf("%.40q (-want +got):\n%s", in, d)
		}
	}
	f("", "cannot read f1: it is empty; a header row and at least one row are needed")
	f("  \n\n ", "cannot read f1: it is empty; a header row and at least one row are needed")
	f("a;b\n1;2\n", "cannot read the header of f1: cells are separated by ';'; use commas")
	f("value\n1\n", `cannot read the header of f1: one column only, "value"; a CSV starts with a header row such as timestamp,cpu,memory or timestamp,series,value`)
	f("1700000000,1\n1700000060,2\n", `cannot read the header of f1: its first line is data, "1700000000,1"; a CSV starts with a header row such as timestamp,cpu,memory or timestamp,series,value`)
	f("timestamp,a,a\n", "cannot read the header of f1: columns 2 and 3 are both a; give each series its own name or labels")
	f("timestamp,a,\n", `cannot read the header of f1, column 3: cannot read series name "": it is empty; name the series or drop the column`)
	f("timestamp,\xff\n", `cannot read the header of f1, column 2: cannot read series name "\xff": not UTF-8; save the file as UTF-8`)
	f("\xff\xfet", "cannot read f1: it is UTF-16 text; save it as UTF-8")
	f("PK\x03\x04", "cannot read f1: it is compressed, and not by gzip; unpack it and pipe it to -")
	f(`{"status":"error","error":"boom"}`, "cannot read f1 after 0 values: the server answered an error: boom")
	f(`{"a":1}`, "cannot read f1 after 0 values: it has no data.result; save the answer of /api/v1/query_range")
	f(`{"data":{"result":[{"metric":{}`, "cannot read f1 after 0 values: the document ends in the middle; save it again")
	f(`{"data":{"result":[{"values":[[1,"1"]]`, "cannot read f1 after 0 values: a series has no metric before its values")
	f(`{"data":[]}`, "cannot read f1 after 0 values: data starts with [, not {; it does not look like a query_range answer")
}

func TestStrictStops(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		rows, _ := dump(t, ReadOptions{Strict: true}, in)
		if !strings.HasSuffix(rows, want+"\n") {
			t.Errorf("%.40q: got %q, want the end %q", in, rows, want)
		}
	}
	f("timestamp,a\n1,1\n2,x\n3,3\n", `error: cannot read f1, line 3: column a: "x" is not a number; leave the cell empty where there is no sample`)
	f("timestamp,a,b\n1,1,x\n", `error: cannot read f1, line 2: column b: "x" is not a number; leave the cell empty where there is no sample`)
	f("timestamp,a\n2,1\n1,1\n", `error: cannot read f1, line 3: its time does not come after the sample before it; sort the file by time and keep one sample an instant`)
}

// A series that goes on in the next file is one series; one that overlaps an
// earlier file is another one, and says so.
func TestSeriesAcrossFiles(t *testing.T) {
	rows, notes := dump(t, ReadOptions{}, "t,value\n1,1\n2,2\n", "t,value\n3,3\n", "t,value\n2,9\n4,9\n")
	want := "1|1000 value=1\n2|2000 value=2\n3|3000 value=3\n2|2000 value{file=\"f3\"}=9\n4|4000 value{file=\"f3\"}=9\n"
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if want := "note: f3: series value is in an earlier file too and overlaps it in time; this one is reported as value{file=\"f3\"}\n"; notes != want {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

func TestGzip(t *testing.T) {
	const text = "timestamp,a\n1,2\n2,3\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	want, _ := dump(t, ReadOptions{}, text)
	if got, _ := dump(t, ReadOptions{}, packed.String()); got != want {
		t.Errorf("packed %q, plain %q", got, want)
	}
	got, _ := dump(t, ReadOptions{}, packed.String()[:packed.Len()-10])
	if !strings.Contains(got, "error: cannot read f1") {
		t.Errorf("a cut archive read as %q, want an error", got)
	}
}

func TestParseTime(t *testing.T) {
	f := func(in string, want int64) {
		t.Helper()
		got, err := ParseTime(in)
		if err != nil || got != want {
			t.Errorf("ParseTime(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	f("2024-01-01T00:00:00Z", 1704067200000)
	f("2024-01-01T01:00:00.5+01:00", 1704067200500)
	f("2024-01-01 00:00:00", 1704067200000)
	f("2024-01-01 00:00:00.25", 1704067200250)
	f("2024-01-01 02:00:00+02:00", 1704067200000)
	f("2024-01-01T00:00:00", 1704067200000)
	f("2024-01-01", 1704067200000)
	f("1704067200", 1704067200000)
	f("1704067200.123", 1704067200123)
	f("1692608400.0", 1692608400000)
	f("1.7040672e9", 1704067200000)
	f("1704067200000", 1704067200000)
	f("1704067200000000", 1704067200000)
	f("1704067200000000000", 1704067200000)
	f("0", 0)
	f("-1", -1000)
	for _, bad := range []string{"", "x", "NaN", "Inf", "1e300", "-9223372036854775808", "2024-13-01"} {
		if ms, err := ParseTime(bad); err == nil {
			t.Errorf("ParseTime(%q) = %d, want an error", bad, ms)
		}
	}
}

// FuzzReader feeds every reader: whatever the bytes, no panic, and every row
// holds finite time and no NaN.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"timestamp,a,b\n1,2,3\n", "timestamp,series,value\n1,a,2\n", "timestamp,\"a{b=\"\"c\"\"}\"\n1,2\n",
		`{"data":{"result":[{"metric":{"a":"b"},"values":[[1,"2"]]}]}}`, `[{"metric":{},"value":[1,"2"]}]`,
		"# TYPE a gauge\na{b=\"c\"} 1 2 # {} 1\n# EOF\n", "\x1f\x8b\x08", "\xef\xbb\xbf", "t,a\n\"1,2\n3,4\n",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, strict bool) {
		var said bytes.Buffer
		r := NewReader([]Input{{Name: "f", R: strings.NewReader(text)}}, ReadOptions{Strict: strict, Notes: &said})
		for {
			row, err := r.Next()
			if err != nil {
				return
			}
			if row.T < -maxUnixMS || row.T > maxUnixMS*1000 {
				t.Fatalf("instant %d of %q is out of range", row.T, row.Time)
			}
			for _, c := range row.Cells {
				if c.V != c.V {
					t.Fatalf("NaN in a cell of %q", text)
				}
			}
		}
	})
}

func FuzzParseTime(f *testing.F) {
	f.Add("2024-01-01T00:00:00Z")
	f.Add("1704067200.5")
	f.Add("-9223372036854775808")
	f.Fuzz(func(t *testing.T, s string) {
		ms, err := ParseTime(s)
		if err != nil {
			return
		}
		again, err := ParseTime(FormatTime(ms))
		if err != nil || again != ms {
			t.Fatalf("%q reads as %d, which prints as %s and reads as %d, %v", s, ms, FormatTime(ms), again, err)
		}
	})
}

// A search needs no order: what Load returns is sorted, one sample an instant.
func TestLoadSorts(t *testing.T) {
	var notes bytes.Buffer
	f, err := Load(t.Context(), []Input{{Name: "f", R: strings.NewReader("t,a,b\n3,3,3\n1,1,\n2,2,2\n3,9,\n")}}, ReadOptions{Strict: true, Notes: &notes})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]metric.Sample{{{T: 1000, V: 1}, {T: 2000, V: 2}, {T: 3000, V: 3}}, {{T: 2000, V: 2}, {T: 3000, V: 3}}}
	if d := cmp.Diff(want, f.Samples); d != "" {
		t.Errorf("samples (-want +got):\n%s", d)
	}
	if want := "note: 1 sample left out: the series has another at the same instant\n"; notes.String() != want {
		t.Errorf("notes %q, want %q", notes.String(), want)
	}
}

func TestParseTopology(t *testing.T) {
	got, err := parseTopology("t.csv", strings.NewReader("weight,callee,Caller\n1,db,\"web, a\"\n\n2,cache,web\n"))
	want := []correlate.Edge{{Caller: "web, a", Callee: "db"}, {Caller: "web", Callee: "cache"}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("edges (-want +got), %v:\n%s", err, d)
	}
	f := func(in, want string) {
		t.Helper()
		if _, err := parseTopology("t.csv", strings.NewReader(in)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", in, err, want)
		}
	}
	f("a,b\n", `cannot read topology t.csv: its header is "a,b"; it needs the columns caller,callee`)
	f("caller,callee\na\n", "cannot read topology t.csv:2: 1 cells where the header has 2")
	f("caller,callee\na,\"b\nc,d\n", `cannot read topology t.csv:2: not CSV: extraneous or missing " in quoted-field`)
}

func FuzzParseTopology(f *testing.F) {
	f.Add("caller,callee\na,b\n")
	f.Add("callee,x,caller\na,b\n")
	f.Fuzz(func(t *testing.T, text string) {
		edges, err := parseTopology("t.csv", strings.NewReader(text))
		if err != nil && edges != nil {
			t.Fatal("edges beside an error")
		}
	})
}

// FuzzReplay runs whatever can be read through the whole pipeline.
func FuzzReplay(f *testing.F) {
	f.Add("timestamp,a\n1,1\n2,2\n1000,3\n")
	f.Add("timestamp,series,value\n1,up{a=\"b\"},NaN\n2,x,1\n")
	f.Add("timestamp,a\n1,1\n1700000000,2\n1800000000000,2\n") // Decades of silence.
	f.Fuzz(func(t *testing.T, text string) {
		frame, err := Load(t.Context(), []Input{{Name: "f", R: strings.NewReader(text)}}, ReadOptions{})
		if err != nil {
			return
		}
		sum, err := Replay(t.Context(), NewFrameSource(frame), ReplayOptions{}, func(Line) error { return nil })
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		n := 0
		for _, s := range frame.Samples {
			n += len(s)
		}
		if int(sum.Samples) != n {
			t.Fatalf("%q: %d samples read, %d replayed", text, n, sum.Samples)
		}
	})
}
