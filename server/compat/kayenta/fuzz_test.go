package kayenta

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/tsdb"
)

// Any body at any path: no panic, a JSON answer, and never a fault of ours.
func FuzzBodies(f *testing.F) {
	paths := []string{"/canaryConfig", "/canary", "/judge", "/standalone_canary_analysis", "/metricSetPairList", "/metricSetList", "/canaryResultArchive",
		"/canary/known", "/standalone_canary_analysis/known"}
	store, err := tsdb.Open(tsdb.Options{Dir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() }) // The process ends.
	svc, err := Open(Options{Store: store, Dir: f.TempDir(), Now: func() time.Time { return time.UnixMilli(t0) }})
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	svc.Register(mux)
	send := func(path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(body)))
		return w
	}
	send("/canaryConfig", strings.Replace(configOf("Bellwether-native", `{}`), "{", `{"id":"known",`, 1))
	for i := range paths {
		f.Add(uint8(i), configOf("", `{"direction":"increase"}`))
		f.Add(uint8(i), requestOf("a", "b", 10))
		f.Add(uint8(i), analysisOf("good", "")+`,"lifetimeDurationMins":1}`)
		f.Add(uint8(i), `{"canaryConfig":`+configOf("", `{}`)+`,"executionRequest":`+requestOf("a", "b", 3)+`}`)
		f.Add(uint8(i), `[{"name":"m","values":{"control":["NaN",1e400]}}]`)
		f.Add(uint8(i), `null`)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		w := send(paths[int(which)%len(paths)], body)
		if w.Code >= 500 && w.Code != http.StatusInsufficientStorage || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			t.Errorf("POST %s %q: %d %s", paths[int(which)%len(paths)], body, w.Code, w.Body)
		}
		svc.Step(t0 + 600_000)
		svc.Drain(context.Background())
	})
}
