package compat

import (
	"fmt"
	"regexp"

	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// A rollout is two deploys: the canary gets its first traffic (Progressing), and
// the primary is replaced (Promoting). The event hook marks both, so that the
// detectors know why a level moves. Flagger sends an event for every step of the
// traffic; only the first of a phase is a deploy.

// FlaggerDeploys is what the event hook needs of the detectors.
type FlaggerDeploys interface {
	MarkDeploy(matcher string, at int64, description string) (pipeline.Deploy, error)
}

// deployed marks the deploy that an event is of.
func (f *Flagger) deployed(c flaggerCall) reply {
	if f.Deploys == nil {
		return pass("noted")
	}
	step := c.Phase + "/" + c.Checksum
	f.mu.Lock()
	if f.steps == nil {
		f.steps = map[string]string{}
	}
	known, full := f.steps[c.title()] == step, len(f.steps) >= maxFresh && f.steps[c.title()] == ""
	if !known && !full {
		f.steps[c.title()] = step
	}
	f.mu.Unlock()
	if known {
		return pass("noted; the deploy of %s in phase %s is marked", c.title(), c.Phase)
	}
	if full {
		return reply{507, fmt.Sprintf("cannot mark a deploy of %s: %d rollouts are under way already", c.title(), maxFresh)}
	}
	d, err := f.Deploys.MarkDeploy(deployMatcher(c), 0, fmt.Sprintf("Flagger: %s %s, checksum %s", c.title(), c.Phase, c.Checksum))
	if err != nil {
		f.mu.Lock()
		delete(f.steps, c.title())
		f.mu.Unlock()
		return wrong(err)
	}
	return pass("deploy marked: %d watched series may change their level", d.Series)
}

// deployMatcher selects the series of both workloads of a rollout: by the
// service label where the metadata has it, else by the names of the pods.
func deployMatcher(c flaggerCall) string {
	if s := c.Metadata["service"]; s != "" {
		return fmt.Sprintf("service=%q", s)
	}
	target := c.Name
	if t := c.Metadata["target"]; t != "" {
		target = t
	}
	return fmt.Sprintf(`namespace=%q,pod=~%q`, c.Namespace, regexp.QuoteMeta(target)+`(-primary)?-[0-9a-z]+(-[0-9a-z]+)?`)
}
