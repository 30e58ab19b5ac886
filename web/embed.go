// Package web is the embedded page: its source in src, its committed build in
// dist, served without any request to the outside.
//
// It refuses to hold data or decisions: everything it shows comes from /v1.
package web

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// Handler serves the page. Every path that is not a file is a view of the page,
// so that every view is a URL.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("BUG: the page is embedded as dist") // embed guarantees the folder.
	}
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[1:]
		if _, err := fs.Stat(files, name); name == "" || err != nil {
			r = r.Clone(r.Context())
			r.URL.Path = "/"
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:")
		serve.ServeHTTP(w, r)
	})
}
