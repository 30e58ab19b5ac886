package server

import (
	"encoding/xml"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// The report of a run over REST: the right type, nothing that acts, the same
// page after a restart, and the samples to judge again.
func TestCanaryReport(t *testing.T) {
	o := Options{StoragePath: t.TempDir()}
	s := launch(t, o)
	start := time.Now().Add(-time.Hour).Truncate(time.Minute)
	for track, level := range map[string]float64{"stable": 0.2, "canary": 0.3} {
		one := &pb.Series{Labels: map[string]string{"__name__": "latency", "track": track}}
		for i := range 61 {
			wobble := 0.01 * math.Sin(float64(i*i)+100*level)
			one.Samples = append(one.Samples, &pb.Sample{TimestampMs: start.UnixMilli() + int64(i)*60_000, Value: level + wobble})
		}
		s.push(t, one)
	}
	spec := fmt.Sprintf(`{"spec":{"name":"<b>cart</b>","baseline":"track=\"stable\"","canary":"track=\"canary\"","start":%q,"max_duration":"3000s","look_every":"60s",
		"metrics":[{"name":"latency <script>","query":"avg(latency{$side})","direction":"BAD_DIRECTION_INCREASE","min_effect":0.02}]}}`, start.UTC().Format(time.RFC3339))
	got := s.do(t, "POST", "/v1/canaries", spec, nil)
	_, id, ok := strings.Cut(got.body, `"id":"`)
	if !ok {
		t.Fatalf("the run did not start: %s", got.body)
	}
	id, _, _ = strings.Cut(id, `"`)
	path := "/v1/canaries/" + id + "/report"
	eventually(t, "the run is judged", func() bool { return !strings.Contains(s.get(t, path).body, "has not looked yet") })
	if text := s.get(t, path+"?format=text").body; !strings.HasPrefix(text, "FAIL ") {
		t.Fatalf("the run is judged %s", text)
	}

	page := s.get(t, path)
	for header, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
	} {
		if page.header.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, page.header.Get(header), want)
		}
	}
	for _, want := range []string{"latency &lt;script&gt; is ", "higher on the canary", "&lt;b&gt;cart", `avg(latency{track=&#34;canary&#34;})`, "<svg", "From look to look", "bellwether canary report " + id} {
		if !strings.Contains(page.body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for form, want := range map[string][2]string{
		"markdown": {"text/markdown; charset=utf-8", "**latency &lt;script&gt; is "}, "junit": {"application/xml", "<failure"},
		"text": {"text/plain; charset=utf-8", "FAIL by judge native"}, "github": {"text/plain; charset=utf-8", "::error title=Canary <b>cart</b>%3A FAIL::"},
		"github-output": {"text/plain; charset=utf-8", "verdict=FAIL\nscore=0\nrun=" + id}, "request": {"application/json", `"name":"latency <script>"`},
	} {
		got := s.get(t, path+"?format="+form+"&link="+url.QueryEscape("https://bw.example/"))
		if got.status != 200 || got.header.Get("Content-Type") != want[0] || !strings.Contains(got.body, want[1]) {
			t.Errorf("%s: %d %s %s; want %s", form, got.status, got.header.Get("Content-Type"), got.body, want)
		}
		if form == "junit" && xml.Unmarshal([]byte(got.body), new(any)) != nil {
			t.Errorf("junit: %s", got.body)
		}
	}
	for query, want := range map[string]string{"?format=pdf": "known forms are html", "?link=javascript:alert(1)": "cannot link to"} {
		if got := s.get(t, path+query); got.status != 400 || !strings.Contains(got.body, want) || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	if got := s.get(t, "/v1/canaries/ca-none/report"); got.status != 404 || !strings.Contains(got.body, "list them with") {
		t.Errorf("an unknown run: %d %s", got.status, got.body)
	}

	stopped(t, s)
	s = launch(t, o)
	if again := s.get(t, path); again.body != page.body {
		t.Errorf("after a restart the page has %d bytes, %d before", len(again.body), len(page.body))
	}
}
