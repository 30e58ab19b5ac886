package slo

// OpenSLO alert policies as burn-rate rules. A policy of an SLO replaces the
// standard rules; an SLO without one gets them.

import (
	"maps"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/metric"
)

// placedRule is a rule and where it was written.
type placedRule struct {
	Rule
	at place
}

// policyRules reads the policies of an SLO; any tells whether there is one.
func (l *library) policyRules(o *Objective, at place, entries []policyEntry) (rules []placedRule, any bool) {
	at = at.in("alertPolicies")
	for i, e := range entries {
		here := at.in(i)
		any = true
		spec, name := e.Spec, e.Metadata.Name
		if e.AlertPolicyRef != "" {
			p, ok := l.policies[e.AlertPolicyRef]
			if !ok {
				here.in("alertPolicyRef").add("no AlertPolicy %q in this file%s", e.AlertPolicyRef, didYouMean(e.AlertPolicyRef, slices.Sorted(maps.Keys(l.policies))))
				continue
			}
			spec, name = p.spec, e.AlertPolicyRef
		}
		if len(spec.Conditions) == 0 {
			here.add("policy %q has no conditions", name)
		}
		for j, c := range spec.Conditions {
			if r, ok := l.condition(o, here.in("spec", "conditions", j), c); ok {
				rules = append(rules, placedRule{r, here.in("spec", "conditions", j)})
			}
		}
		if len(spec.NotificationTargets) > 0 {
			o.note("notificationTargets of policy %q are not used: routes are set in the alert configuration", name)
		}
		if b := spec.AlertWhenBreaching; b != nil && !*b {
			o.note("alertWhenBreaching: false of policy %q is not followed: mute with a suppression, which has an end", name)
		}
	}
	slices.SortStableFunc(rules, func(a, b placedRule) int { return int(b.Severity) - int(a.Severity) })
	return rules, any
}

func (l *library) condition(o *Objective, at place, e conditionEntry) (Rule, bool) {
	spec, name := e.Spec, e.Metadata.Name
	if e.ConditionRef != "" {
		c, ok := l.conditions[e.ConditionRef]
		if !ok {
			at.in("conditionRef").add("no AlertCondition %q in this file%s", e.ConditionRef, didYouMean(e.ConditionRef, slices.Sorted(maps.Keys(l.conditions))))
			return Rule{}, false
		}
		spec, name = c.spec, e.ConditionRef
	}
	c := spec.Condition
	r := Rule{Name: name, Severity: severityOf(spec.Severity)}
	if r.Name == "" {
		r.Name = r.Severity.String() + " " + c.LookbackWindow
	}
	ok := true
	fail := func(format string, args ...any) { ok = false; at.add(format, args...) }
	if c.Kind != "burnrate" {
		fail("condition %q has kind %q; burnrate is the one there is", name, c.Kind)
	}
	if c.Threshold == nil || !metric.IsFinite(*c.Threshold) {
		fail("condition %q needs a threshold, the burn rate above which it alerts", name)
	} else {
		r.Factor = *c.Threshold
	}
	switch c.Op {
	case "gt", "gte", "":
	case "lt", "lte":
		o.note("condition %q has op %s, as OpenSLO's own examples do; a burn rate alerts when it is above", name, c.Op)
	default:
		fail("condition %q has the unknown op %q; write gt", name, c.Op)
	}
	var err error
	if _, _, r.Long, err = ParseDuration(c.LookbackWindow); err != nil {
		fail("condition %q, lookbackWindow: %v", name, err)
	}
	r.Short = max(r.Long/12, min(r.Long, minute))
	if c.AlertAfter != "" && c.AlertAfter != "0m" && c.AlertAfter != "0s" {
		if _, _, r.For, err = ParseDuration(c.AlertAfter); err != nil {
			fail("condition %q, alertAfter: %v", name, err)
		}
	}
	return r, ok
}

// severityOf reads the free word of OpenSLO: what sounds like a page is a page,
// anything else a ticket.
func severityOf(word string) Severity {
	switch strings.ToLower(word) {
	case "page", "critical", "high", "urgent", "sev1", "p1":
		return Page
	}
	return Ticket
}

// rules gives an objective its rules: those of its policies, which must make
// sense, or the standard ones as far as they do.
func (l *library) rules(o *Objective, at place, rules []placedRule, hasPolicy bool) {
	if !hasPolicy {
		var refused []string
		o.Rules, refused = StandardRules(o.Target, o.Window.Length)
		for _, why := range refused {
			o.note("standard %s", why)
		}
		return
	}
	for _, r := range rules {
		if err := r.Check(o.Target, o.Window.Length); err != nil {
			r.at.add("%v", err)
			continue
		}
		o.Rules = append(o.Rules, r.Rule)
	}
}
