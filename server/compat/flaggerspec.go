package compat

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// What a hook's metadata may say. All of it is optional: Flagger's own names of
// pods say what the sides are, naming conventions what to compare.

// hookType is the type of a hook in a Canary's analysis.webhooks.
type hookType string

const (
	confirmRollout         hookType = "confirm-rollout"
	preRollout             hookType = "pre-rollout"
	rollout                hookType = "rollout"
	confirmTrafficIncrease hookType = "confirm-traffic-increase"
	confirmPromotion       hookType = "confirm-promotion"
	postRollout            hookType = "post-rollout"
)

var gateTypes = []hookType{confirmRollout, preRollout, rollout, confirmTrafficIncrease, confirmPromotion, postRollout}

// metadataFields says what each field means.
var metadataFields = map[string]string{
	"hook":         "the hook's own type",
	"target":       "the deployment, where it is named otherwise than the Canary",
	"service":      "the service label of both sides",
	"baseline":     "matchers of the primary",
	"canary":       "matchers of the canary",
	"max_duration": "longest run, e.g. 45m",
	"on_undecided": "hold, pass or fail",
	"spec":         "JSON of a CanarySpec, as POST /v1/verdicts takes it",
}

// unknownFields names the fields of metadata that mean nothing here.
func unknownFields(meta map[string]string) error {
	var errs []error
	known := slices.Sorted(maps.Keys(metadataFields))
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		if metadataFields[k] == "" {
			errs = append(errs, fmt.Errorf("cannot use metadata field %q: known are %s", k, strings.Join(known, ", ")))
		}
	}
	return errors.Join(errs...)
}

// read takes the metadata of a gate apart.
func (f *Flagger) read(c flaggerCall) (hookType, pipeline.RunSpec, error) {
	meta := c.Metadata
	kind := hookType(meta["hook"])
	errs := []error{unknownFields(meta)}
	if kind != "" && !slices.Contains(gateTypes, kind) {
		errs = append(errs, fmt.Errorf("cannot use metadata.hook %q: want one of %v; rollback and event hooks have their own paths", kind, gateTypes))
	}
	var s pipeline.RunSpec
	if text := meta["spec"]; text != "" {
		var err error
		if s, err = f.ReadSpec(text); err != nil {
			errs = append(errs, fmt.Errorf("cannot read metadata.spec: %w", err))
		}
		if s.Name != "" {
			errs = append(errs, fmt.Errorf("cannot use name %q in metadata.spec: a Flagger run is named after its Canary", s.Name))
		}
	}
	s.Name = c.title()
	for _, field := range []struct {
		name string
		to   *string
	}{{"service", &s.Service}, {"baseline", &s.Baseline}, {"canary", &s.Canary}} {
		if v := meta[field.name]; v != "" {
			*field.to = v
		}
	}
	if v := meta["max_duration"]; v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			errs = append(errs, fmt.Errorf("cannot use metadata.max_duration %q: want a duration such as 45m", v))
		}
		s.MaxDuration = d
	}
	switch u := pipeline.Undecided(meta["on_undecided"]); u {
	case "":
	case pipeline.UndecidedHold, pipeline.UndecidedPass, pipeline.UndecidedFail:
		s.OnUndecided = u
	default:
		errs = append(errs, fmt.Errorf("cannot use metadata.on_undecided %q: want hold, pass or fail", u))
	}
	return kind, withFlaggerSides(s, c), errors.Join(errs...)
}

// withFlaggerSides fills in the sides that nobody named by how Flagger names
// its workloads: NAME-primary is the primary, NAME the canary. Pods carry their
// workload's name with one suffix (DaemonSet) or two (Deployment).
func withFlaggerSides(s pipeline.RunSpec, c flaggerCall) pipeline.RunSpec {
	target := c.Name
	if t := c.Metadata["target"]; t != "" {
		target = t
	}
	target = regexp.QuoteMeta(target)
	const suffix = `-[0-9a-z]+(-[0-9a-z]+)?`
	if s.Baseline == "" && s.Previous == "" && s.Offset == 0 {
		s.Baseline = fmt.Sprintf(`namespace=%q,pod=~%q`, c.Namespace, target+"-primary"+suffix)
	}
	if s.Canary == "" {
		s.Canary = fmt.Sprintf(`namespace=%q,pod=~%q,pod!~%q`, c.Namespace, target+suffix, target+"-primary-.*")
	}
	return s
}
