package compat

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/server/api"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// The dialogues in testdata/flagger are what Flagger asks during rollouts, and
// our answers. What the runs find is written by the dialogue; that real runs
// find it, and that Flagger's own client reads the answers so, is proven in
// deploy/conformance.
//
//	call gate|rollback|event   posts the JSON that follows
//	look VERDICT [run=N] [look=N] [reason=(...)] [state=done]
//	runs                       lists all runs
func TestFlagger(t *testing.T) {
	datadriven.Walk(t, "testdata/flagger", func(t *testing.T, path string) {
		b := &book{}
		mux := http.NewServeMux()
		(&Flagger{Runs: b, ReadSpec: api.ReadCanarySpec}).Register(mux)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "call":
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, httptest.NewRequest("POST", "/v1/hooks/flagger/"+d.CmdArgs[0].Key, strings.NewReader(d.Input)))
				return fmt.Sprintf("%d %s", w.Code, w.Body)
			case "look":
				return b.look(t, d)
			case "runs":
				return b.String()
			}
			t.Fatalf("no command %s", d.Cmd)
			return ""
		})
	})
}

// book is a book of runs without a judge.
type book struct{ runs []*pipeline.Run }

func (b *book) Ensure(_ context.Context, key string, s pipeline.RunSpec) (pipeline.Run, error) {
	for _, r := range b.runs {
		if r.Key == key {
			return *r, nil
		}
	}
	r := &pipeline.Run{ID: fmt.Sprintf("ca-%d", len(b.runs)+1), Key: key, Spec: s, State: pipeline.RunRunning}
	r.Spec.LookEvery = 60e9
	b.runs = append(b.runs, r)
	return *r, nil
}

func (b *book) Find(f pipeline.RunFilter) (out []pipeline.Run, more bool) {
	for _, r := range b.runs {
		if (f.Name == "" || r.Spec.Name == f.Name) && (f.State == "" || r.State == f.State) {
			out = append(out, *r)
		}
	}
	return out, false
}

func (b *book) Cancel(id string) (pipeline.Run, error) {
	for _, r := range b.runs {
		if r.ID == id {
			r.State = pipeline.RunCanceled
			return *r, nil
		}
	}
	return pipeline.Run{}, fmt.Errorf("cannot cancel canary run %q: there is no such run", id)
}

// look enters a verdict; PASS and FAIL end a run, as they do in life.
func (b *book) look(t *testing.T, d *datadriven.TestData) string {
	n, state := len(b.runs), ""
	d.MaybeScanArgs(t, "run", &n)
	r := b.runs[n-1]
	r.Looks++
	d.MaybeScanArgs(t, "look", &r.Looks)
	r.Last = pipeline.Look{Verdict: canary.Outcome(d.CmdArgs[0].Key)}
	for _, a := range d.CmdArgs {
		if a.Key == "reason" {
			r.Last.Reasons = []string{strings.Join(a.Vals, ", ")}
		}
	}
	d.MaybeScanArgs(t, "minutes", &r.Last.Minutes)
	d.MaybeScanArgs(t, "state", &state)
	if v := r.Last.Verdict; v == canary.Pass || v == canary.Fail {
		state = "done"
	}
	if state != "" {
		r.State = pipeline.RunState(state)
	}
	return fmt.Sprintf("%s %s\n", r.ID, r.State)
}

func (b *book) String() string {
	var s strings.Builder
	for _, r := range b.runs {
		fmt.Fprintf(&s, "%s %s %s\n", r.ID, r.State, r.Key)
		fmt.Fprintf(&s, "  %s against %s\n", r.Spec.Canary, r.Spec.Baseline)
		if r.Spec.Service != "" || r.Spec.MaxDuration != 0 || r.Spec.OnUndecided != "" || len(r.Spec.Metrics) > 0 {
			fmt.Fprintf(&s, "  service=%s max_duration=%s on_undecided=%s metrics=%d\n", r.Spec.Service, r.Spec.MaxDuration, r.Spec.OnUndecided, len(r.Spec.Metrics))
		}
	}
	return s.String()
}

// FuzzFlagger: whatever comes, a hook answers with a status Flagger takes as
// the answer it is, and a rollback passes for nothing but a FAIL.
func FuzzFlagger(f *testing.F) {
	f.Add("gate", `{"name":"a","namespace":"b","phase":"Progressing","checksum":"c","metadata":{"hook":"rollout"}}`)
	f.Add("rollback", `{"name":"a","namespace":"b","phase":"Progressing","checksum":"c"}`)
	f.Add("event", `{"name":"a","namespace":"b","phase":"Failed","checksum":"c","metadata":{"eventMessage":"x"}}`)
	f.Add("gate", `{"name":"a","namespace":"b","checksum":"c","metadata":{"spec":"{\"metrics\":[{}]}"}}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		if path != "gate" && path != "rollback" && path != "event" {
			return
		}
		mux := http.NewServeMux()
		(&Flagger{Runs: &book{}, ReadSpec: api.ReadCanarySpec}).Register(mux)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("POST", "/v1/hooks/flagger/"+path, strings.NewReader(body)))
		if w.Code >= 500 || w.Code == http.StatusTooManyRequests {
			t.Errorf("%s %q: %d, whose body Flagger throws away", path, body, w.Code)
		}
		if path == "rollback" && w.Code <= http.StatusAccepted {
			t.Errorf("%q rolls back, and nothing was judged", body)
		}
		if strings.TrimSpace(w.Body.String()) == "" {
			t.Errorf("%s %q: %d without a reason", path, body, w.Code)
		}
	})
}
