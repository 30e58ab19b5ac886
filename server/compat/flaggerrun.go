package compat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// Which run a hook asks. A checksum names a version, not a rollout: deploy a
// version, roll it back and deploy it again, and the checksum is the same. A
// verdict of last week must neither pass nor roll back today's rollout, so what
// comes between two rollouts (confirm-rollout, post-rollout, events of an end)
// is noted, and the next hook begins another run under the key with a number.
//
// The note is in memory: if we restart just between the last such hook and the
// first of the rollout, a version deployed before gets its old verdict.

// maxFresh bounds the notes; each is one Canary resource of a cluster.
const maxFresh = 10_000

func (c flaggerCall) title() string { return c.Name + "." + c.Namespace } // As Flagger logs it.

func (c flaggerCall) key() string {
	return strings.Join([]string{"flagger", c.Namespace, c.Name, c.Checksum}, "/")
}

// between notes that no rollout is under way and ends what still runs for it.
func (f *Flagger) between(c flaggerCall) reply {
	f.mu.Lock()
	if f.fresh == nil {
		f.fresh = map[string]bool{}
	}
	full := len(f.fresh) >= maxFresh && !f.fresh[c.title()]
	if !full {
		f.fresh[c.title()] = true
	}
	f.mu.Unlock()
	if full {
		return reply{http.StatusInsufficientStorage, fmt.Sprintf("cannot note the end of a rollout of %s: %d canaries are between rollouts already", c.title(), maxFresh)}
	}
	if err := f.endOthers(c, ""); err != nil {
		return wrong(err)
	}
	return pass("no rollout of %s is under way", c.title())
}

func (f *Flagger) isFresh(c flaggerCall) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fresh[c.title()]
}

// current returns the run of this rollout and begins it if there is none.
func (f *Flagger) current(ctx context.Context, c flaggerCall, spec pipeline.RunSpec) (pipeline.Run, error) {
	if c.Checksum == "" {
		return pipeline.Run{}, fmt.Errorf("cannot judge %s: the webhook has no checksum, which names the version; Flagger sends it since 1.34", c.title())
	}
	newest, n, known := f.newest(c)
	key := c.key()
	switch {
	case known && newest.State != pipeline.RunRunning && f.isFresh(c):
		key += "/" + strconv.Itoa(n+1)
	case known:
		key = newest.Key
	}
	run, err := f.Runs.Ensure(ctx, key, spec)
	if errors.Is(err, pipeline.ErrKeyTaken) {
		err = fmt.Errorf("cannot judge %s: this hook says another comparison than the one that began the run; give all gates of the Canary the same metadata, hook aside (%w)", c.title(), err)
	}
	if err != nil {
		return pipeline.Run{}, err
	}
	f.mu.Lock()
	delete(f.fresh, c.title())
	f.mu.Unlock()
	return run, f.endOthers(c, run.ID)
}

// newest returns the run of the last rollout of this checksum, and how many
// there were.
func (f *Flagger) newest(c flaggerCall) (run pipeline.Run, n int, ok bool) {
	runs, _ := f.Runs.Find(pipeline.RunFilter{Name: c.title()})
	for _, r := range runs {
		rest, found := strings.CutPrefix(r.Key, c.key())
		if !found || rest != "" && rest[0] != '/' {
			continue
		}
		number := 1
		if rest != "" {
			number, _ = strconv.Atoi(rest[1:]) // Written by current.
		}
		if number > n {
			run, n, ok = r, number, true
		}
	}
	return run, n, ok
}

// endOthers cancels the runs of other rollouts of this canary: their pods are
// gone or are another version's by now.
func (f *Flagger) endOthers(c flaggerCall, keep string) error {
	runs, _ := f.Runs.Find(pipeline.RunFilter{Name: c.title(), State: pipeline.RunRunning})
	prefix := strings.TrimSuffix(c.key(), c.Checksum)
	for _, r := range runs {
		if r.ID == keep || !strings.HasPrefix(r.Key, prefix) {
			continue
		}
		if _, err := f.Runs.Cancel(r.ID); err != nil {
			return err
		}
	}
	return nil
}
