package offline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/server/config"
)

// CheckOptions says what to check.
type CheckOptions struct {
	ConfigFile string // Empty: every default.
	Source     string // URL, instead of the configuration's.
	Offline    bool   // Reach for no server.
	Output     Format // Text or JSON.
}

// checkTimeout bounds the reach for one server.
const checkTimeout = 10 * time.Second

type checkJSON struct {
	OK     bool         `json:"ok"`
	Checks []checkEntry `json:"checks"`
}

type checkEntry struct {
	What  string `json:"what"`
	OK    bool   `json:"ok"`
	Found string `json:"found"` // What was found, or what is wrong and what to do.
}

// Check writes what is right and wrong with a configuration and the servers it
// names; ok is false if anything is wrong.
func Check(ctx context.Context, o CheckOptions, out io.Writer) (ok bool, err error) {
	var doc checkJSON
	add := func(what, found string, err error) {
		if err != nil {
			found = err.Error()
		}
		doc.Checks = append(doc.Checks, checkEntry{what, err == nil, found})
	}
	c, err := config.Load(o.ConfigFile)
	what := "configuration " + o.ConfigFile
	if o.ConfigFile == "" {
		what = "configuration (none given, every default)"
	}
	add(what, "good", err)
	if err == nil {
		checkConfig(ctx, c, o, add)
	}
	doc.OK = true
	for _, e := range doc.Checks {
		doc.OK = doc.OK && e.OK
	}
	w := bufio.NewWriter(out)
	if o.Output == JSON {
		err = writeJSON(w, doc)
	} else {
		err = nil
		for _, e := range doc.Checks {
			mark := "ok   "
			if !e.OK {
				mark = "WRONG"
			}
			fmt.Fprintf(w, "%s  %s: %s\n", mark, e.What, strings.ReplaceAll(e.Found, "\n", "\n       "))
		}
	}
	return doc.OK, errors.Join(err, w.Flush())
}

// checkConfig checks what the file itself cannot show.
func checkConfig(ctx context.Context, c config.Config, o CheckOptions, add func(what, found string, err error)) {
	if len(c.SLO.Files) > 0 {
		objectives, err := LoadObjectives(c.SLO.Files, filepath.Dir(o.ConfigFile))
		add("objectives", plural(len(objectives), "objective", "objectives"), err)
	}
	if len(c.Detect.Detectors) > 0 {
		detectors, err := LoadDetectors(c.Detect.Detectors, filepath.Dir(o.ConfigFile))
		add("detectors", plural(len(detectors), "detector", "detectors"), err)
	}
	if o.Offline {
		return
	}
	source := c.Source.URL
	if o.Source != "" {
		source = o.Source
	}
	if source != "" {
		found, err := reach(ctx, strings.TrimSuffix(source, "/")+"/api/v1/query?query=1", true)
		add("source "+source, found, err)
	}
	for _, r := range c.Alerting.Receivers {
		if r.Type == "webhook" {
			found, err := reach(ctx, r.URL, false)
			add("webhook "+r.Name, found, err)
		}
	}
}

// reach asks a server for an answer. A webhook is sent nothing: that it
// answers at all, even that GET is not for it, shows that it is there.
func reach(ctx context.Context, url string, wantOK bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("cannot use URL %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("cannot reach it: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 1<<16) // Only the status matters.
	if wantOK && resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("it answers %s to %s; is it a Prometheus-compatible server, and does it want credentials?", resp.Status, url)
	}
	return "reached", nil
}
