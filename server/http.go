package server

import (
	"fmt"
	"net/http"
	"strings"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/api"
	"github.com/bellwether-ts/bellwether/server/compat"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/web"
)

// routes lists every path of the HTTP server.
func (w *whole) routes(gateway *api.Gateway) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", gateway)
	mux.Handle("POST /api/v1/write", w.sink.RemoteWrite())
	(&compat.Prometheus{Store: w.store, Now: w.time}).Register(mux)
	w.kayenta.Register(mux)
	(&compat.Flagger{Runs: w.pipeline.Canaries, Deploys: w.pipeline, ReadSpec: api.ReadCanarySpec}).Register(mux)
	mux.HandleFunc("GET /-/healthy", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "Bellwether is healthy.") })
	mux.HandleFunc("GET /-/ready", w.answerReady)
	mux.HandleFunc("POST /-/reload", w.answerReload)
	mux.HandleFunc("GET /metrics", w.answerMetrics)
	mux.HandleFunc("GET /openapi.json", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(bellwetherv1.OpenAPI) // The reader is gone: there is nobody to tell.
	})
	mux.Handle("/", web.Handler())
	return sameSite(mux)
}

// answerReady says 200 once history is learned and live samples are analysed.
func (w *whole) answerReady(rw http.ResponseWriter, _ *http.Request) {
	if !w.ready.Load() {
		http.Error(rw, "Bellwether is reading history and not ready yet.", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(rw, "Bellwether is ready.")
}

func (w *whole) answerReload(rw http.ResponseWriter, r *http.Request) {
	notes, err := w.reloadConfig(r.Context())
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(rw, "Configuration read again.")
	for _, n := range notes {
		fmt.Fprintln(rw, n)
	}
}

// sameSite refuses browsers of other sites: a page elsewhere must not be able
// to suppress alerts with a visitor's cookies or network position.
func sameSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		changes := r.Method != http.MethodGet && r.Method != http.MethodHead
		site := r.Header.Get("Sec-Fetch-Site")
		if changes && (site == "cross-site" || strings.HasPrefix(site, "same-") && site != "same-origin") {
			http.Error(rw, "cannot take a change from another site's page", http.StatusForbidden)
			return
		}
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(rw, r)
	})
}

// config is the configuration in force.
func (w *whole) config() config.Config { return *w.cfg.Load() }
