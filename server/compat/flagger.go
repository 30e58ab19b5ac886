package compat

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// Flagger's webhooks (docs.flagger.app, "Webhooks"). Flagger posts {name,
// namespace, phase, checksum, metadata} and reads only the status code: up to
// 202 the hook passes, above it halts, and the body goes into its log and its
// Kubernetes events. What a halt does depends on the hook's type:
//
//	confirm-rollout, confirm-traffic-increase, confirm-promotion   Flagger waits and asks again
//	pre-rollout, rollout                                           a failed check; analysis.threshold of them roll back
//	rollback                                                       inverted: a pass rolls back, a halt does not
//	post-rollout, event                                            logged
//
// The type is not in the request, so metadata.hook says it. A hook that does
// not say is answered like confirm-promotion, the strictest: only PASS passes.
//
// A halt is never a 5xx or 429: Flagger's HTTP client takes those for the
// network's fault and throws their body away.
//
// Flagger compares nothing by itself; here one run per rollout does, kept under
// a key of namespace, name and checksum, and all hooks ask that run.

// FlaggerRuns is what the hooks need of the book of runs.
type FlaggerRuns interface {
	Ensure(ctx context.Context, key string, spec pipeline.RunSpec) (pipeline.Run, error)
	Find(pipeline.RunFilter) ([]pipeline.Run, bool)
	Cancel(id string) (pipeline.Run, error)
}

// Flagger answers the webhooks. It is safe for concurrent use.
type Flagger struct {
	Runs     FlaggerRuns
	ReadSpec func(json string) (pipeline.RunSpec, error) // Reads a CanarySpec of the contract, strictly.

	Deploys FlaggerDeploys // Is told when a version goes out; nil: nobody is.

	mu    sync.Mutex
	fresh map[string]bool   // Canaries between two rollouts, by namespace/name.
	steps map[string]string // The last phase of a rollout that was marked as a deploy, likewise.
}

// Register adds the routes to a mux.
func (f *Flagger) Register(mux *http.ServeMux) {
	mux.Handle("POST /v1/hooks/flagger/gate", hook(f.gate))
	mux.Handle("POST /v1/hooks/flagger/rollback", hook(f.rollback))
	mux.Handle("POST /v1/hooks/flagger/event", hook(f.event))
}

// flaggerCall is the body of a hook. Fields Flagger may add are ignored.
type flaggerCall struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Phase     string            `json:"phase"`
	Checksum  string            `json:"checksum"`
	Metadata  map[string]string `json:"metadata"`
}

// reply is the answer to a hook.
type reply struct {
	status int
	text   string
}

// pass and halt are the two answers Flagger knows.
func pass(format string, args ...any) reply {
	return reply{http.StatusOK, fmt.Sprintf(format, args...)}
}
func halt(format string, args ...any) reply {
	return reply{http.StatusPreconditionFailed, fmt.Sprintf(format, args...)}
}

// wrong halts for a mistake that asking again will not cure.
func wrong(err error) reply { return reply{http.StatusBadRequest, err.Error()} }

// maxHook bounds the body of a hook in bytes.
const maxHook = 1 << 20

func hook(answer func(context.Context, flaggerCall) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c flaggerCall
		a := reply{}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxHook)).Decode(&c); err != nil {
			a = wrong(fmt.Errorf("cannot read the webhook: %w; want the JSON that Flagger sends: name, namespace, phase, checksum, metadata", err))
		} else if c.Name == "" || c.Namespace == "" {
			a = wrong(fmt.Errorf("cannot answer the webhook: name %q and namespace %q must both be there", c.Name, c.Namespace))
		} else {
			a = answer(r.Context(), c)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(a.status)
		fmt.Fprintln(w, a.text) // The reader is gone: there is nobody to tell.
	})
}

// gate answers every type of hook that means "go on?".
func (f *Flagger) gate(ctx context.Context, c flaggerCall) reply {
	kind, spec, err := f.read(c)
	switch {
	case err != nil:
		return wrong(err)
	case kind == confirmRollout || kind == postRollout:
		return f.between(c)
	case kind == preRollout:
		return pass("no traffic reaches the canary yet: there is nothing to compare")
	case kind == "" && c.Phase != "" && c.Phase != "Progressing" && c.Phase != "WaitingPromotion":
		return pass("no canary is judged in phase %s; say metadata.hook to have more than that answered", c.Phase)
	}
	run, err := f.current(ctx, c, spec)
	if err != nil {
		return wrong(err)
	}
	return decide(kind, run.Brief())
}

// rollback passes, which rolls back, only if the canary was shown to be worse.
// Whatever else happens, an error too, is a halt: it must not undo a deploy.
func (f *Flagger) rollback(_ context.Context, c flaggerCall) reply {
	if err := unknownFields(c.Metadata); err != nil {
		return wrong(err)
	}
	run, _, ok := f.newest(c)
	if !ok || f.isFresh(c) {
		return halt("no rollback: no run has judged this rollout of %s yet", c.title())
	}
	if b := run.Brief(); b.Verdict == canary.Fail {
		return pass("roll back: %s", told(b))
	} else {
		return halt("no rollback: %s", told(b))
	}
}

// event accepts every event. Those of a rollout's end close its run.
func (f *Flagger) event(_ context.Context, c flaggerCall) reply {
	switch c.Phase {
	case "Initialized", "Succeeded", "Failed", "Terminating", "Terminated":
		return f.between(c)
	}
	if c.Phase == "Progressing" || c.Phase == "Promoting" {
		return f.deployed(c)
	}
	return pass("noted")
}

// patience is how many looks may find no data before it counts: traffic needs
// a moment to reach a canary, and rates two scrapes.
const patience = 5

// decide answers for a run. Promotion wants PASS. What comes before it goes on
// while nothing speaks against the canary, since a canary with little traffic
// is undecided until it gets more; silence speaks against it.
func decide(kind hookType, b pipeline.Brief) reply {
	early := kind == rollout || kind == confirmTrafficIncrease
	undecided := b.Verdict == canary.Inconclusive || b.Verdict == canary.NoData && b.Looks < patience
	switch {
	case b.Verdict == canary.Pass:
		return pass("%s", told(b))
	case !early && b.Final && b.Verdict != canary.Fail:
		return halt("%s; it will not be decided any more: a person can promote with spec.skipAnalysis, or roll back", told(b))
	case early && undecided && !b.Final:
		return pass("%s", told(b))
	case kind == rollout && b.Verdict == canary.Inconclusive:
		return pass("%s; a halt here would count towards a rollback, so that is left to confirm-promotion", told(b))
	}
	return halt("%s", told(b))
}

// told is a verdict in one line.
func told(b pipeline.Brief) string {
	var s strings.Builder
	why := strings.TrimPrefix(strings.TrimPrefix(b.Reason, string(b.Verdict)), ": ") // Some reasons begin with the word.
	fmt.Fprintf(&s, "%s: %s (%s, run %s %s, look %d", b.Verdict, strings.TrimSpace(cmp.Or(why, "no reason given")), b.Name, b.ID, b.State, b.Looks)
	if b.MinutesNeeded > 0 {
		fmt.Fprintf(&s, ", about %s minutes more", strconv.FormatFloat(b.MinutesNeeded, 'f', 0, 64))
	}
	fmt.Fprintf(&s, ", %s)", b.Report)
	return s.String()
}
