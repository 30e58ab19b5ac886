package slo

// From the documents of an OpenSLO file to objectives: references resolved,
// windows, methods and targets decided.

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Calendar windows name time zones; a small image may not have them.
)

// place is where in a file something stands, for its complaints.
type place struct {
	l    *library
	s    *named[sloSpec]
	path []any
}

func (p place) in(path ...any) place {
	return place{p.l, p.s, append(slices.Clone(p.path), path...)}
}

func (p place) add(format string, args ...any) {
	var b strings.Builder
	for i, step := range p.path {
		if k, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", k)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, step)
	}
	p.l.add(lineOf(p.s.node, p.path...), fmt.Sprintf("%s of SLO %q", b.String(), p.s.name), format, args...)
}

// objectives turns one SLO into its objectives; complaints go to the library.
func (l *library) objectives(s named[sloSpec]) []Objective {
	spec := place{l, &s, []any{"spec"}}
	base := Objective{
		Name: s.name, DisplayName: s.meta.DisplayName, Service: s.spec.Service, Description: s.spec.Description,
		Labels: flatten(s.meta.Labels), Evidence: DefaultEvidence, Line: s.line,
	}
	if len(l.services) > 0 && s.spec.Service != "" && !l.services[s.spec.Service] {
		base.note("service %q has no Service document in this file", s.spec.Service)
	}
	l.annotations(&base, spec, s.meta)
	l.method(&base, spec, s.spec.BudgetingMethod)
	base.Window = l.window(&base, spec, s.spec.TimeWindow)
	rules, hasPolicy := l.policyRules(&base, spec, s.spec.AlertPolicies)
	if len(s.spec.Objectives) == 0 {
		spec.in("objectives").add("an SLO needs at least one objective with a target")
	}
	var out []Objective
	for i, doc := range s.spec.Objectives {
		o := base
		o.Labels, o.Notes = maps.Clone(base.Labels), slices.Clone(base.Notes)
		if i > 0 {
			o.Name = fmt.Sprintf("%s/%d", base.Name, i+1)
		}
		if doc.DisplayName != "" {
			o.DisplayName = strings.TrimSpace(base.DisplayName + " " + doc.DisplayName)
		}
		at := spec.in("objectives", i)
		before := len(l.list) + l.more
		l.target(&o, at, doc)
		l.slice(&o, at, doc)
		l.indicator(&o, at, s.spec, doc)
		if len(l.list)+l.more == before && o.Window.Length > 0 {
			l.rules(&o, at, rules, hasPolicy)
		}
		out = append(out, o)
	}
	return out
}

func (o *Objective) note(format string, args ...any) {
	o.Notes = append(o.Notes, fmt.Sprintf(format, args...))
}

// flatten writes OpenSLO labels, which may be lists, as plain text.
func flatten(in map[string]any) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		if list, ok := v.([]any); ok {
			words := make([]string, len(list))
			for i, w := range list {
				words[i] = fmt.Sprint(w)
			}
			out[k] = strings.Join(words, ",")
			continue
		}
		out[k] = fmt.Sprint(v)
	}
	return out
}

func (l *library) annotations(o *Objective, at place, m metadata) {
	at = place{at.l, at.s, []any{"metadata", "annotations"}}
	for _, key := range slices.Sorted(maps.Keys(m.Annotations)) {
		value := fmt.Sprint(m.Annotations[key])
		switch {
		case key == "bellwether/gap-policy":
			g, err := ParseGapPolicy(value)
			if err != nil {
				at.in(key).add("%v", err)
			}
			o.Gap = g
		case key == "bellwether/evidence":
			a, err := strconv.ParseFloat(value, 64)
			if err != nil || !(a > 0 && a <= 1) {
				at.in(key).add("%q is not a number in (0,1]; leave it out for %v", value, DefaultEvidence)
				continue
			}
			o.Evidence = a
		case strings.HasPrefix(key, "bellwether/"):
			at.in(key).add("unknown annotation%s", didYouMean(key, []string{"bellwether/gap-policy", "bellwether/evidence"}))
		}
	}
}

func (l *library) method(o *Objective, at place, word string) {
	for _, m := range []Method{Occurrences, Timeslices, RatioTimeslices} {
		if word == m.String() {
			o.Method = m
			return
		}
	}
	if word == "" {
		o.note("budgetingMethod is not given; Occurrences is taken")
		return
	}
	at.in("budgetingMethod").add("unknown method %q%s", word, didYouMean(word, []string{"Occurrences", "Timeslices", "RatioTimeslices"}))
}

func (l *library) window(o *Objective, at place, docs []timeWindowDoc) Window {
	if len(docs) == 0 {
		o.note("timeWindow is not given; a rolling 30 d is taken")
		return Window{Rolling: true, Length: DefaultWindow.Milliseconds()}
	}
	at = at.in("timeWindow")
	if len(docs) > 1 {
		at.add("an SLO has one time window, here are %d; write one SLO for each", len(docs))
		return Window{}
	}
	d := docs[0]
	at = at.in(0)
	count, unit, length, err := ParseDuration(d.Duration)
	if err != nil {
		at.in("duration").add("%v", err)
		return Window{}
	}
	switch {
	case d.IsRolling && d.Calendar != nil:
		at.add("a window is rolling or follows the calendar, not both; drop isRolling or calendar")
		return Window{}
	case d.IsRolling:
		return Window{Rolling: true, Length: length}
	case d.Calendar == nil:
		at.add("set isRolling: true, or give calendar with startTime and timeZone")
		return Window{}
	case unit == 's':
		at.in("duration").add("a calendar period of seconds makes no sense")
		return Window{}
	}
	w := Window{Length: length, Count: count, Unit: unit}
	w.Location, err = time.LoadLocation(d.Calendar.TimeZone)
	if err != nil || d.Calendar.TimeZone == "Local" {
		at.in("calendar", "timeZone").add("%q is not an IANA time zone; write for example Europe/Berlin or UTC", d.Calendar.TimeZone)
		return Window{}
	}
	for _, layout := range []string{"2006-01-02 15:04:05", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if w.Start, err = time.ParseInLocation(layout, d.Calendar.StartTime, w.Location); err == nil {
			break
		}
	}
	if err != nil || w.Start.Year() < 1970 || w.Start.Year() > 9999 {
		at.in("calendar", "startTime").add("%q is not an instant after 1970 such as 2026-01-01 00:00:00", d.Calendar.StartTime)
		return Window{}
	}
	return w
}

func (l *library) target(o *Objective, at place, d objectiveDoc) {
	switch {
	case d.Target != nil && d.TargetPercent != nil:
		at.add("give target or targetPercent, not both")
		return
	case d.Target != nil:
		o.Target = *d.Target
	case d.TargetPercent != nil:
		o.Target = *d.TargetPercent / 100
	default:
		at.add("give target, for example 0.999")
		return
	}
	if !(o.Target > 0 && o.Target < 1) {
		hint := "it must lie between 0 and 1; 99.9 % is target: 0.999 or targetPercent: 99.9"
		if o.Target == 1 {
			hint = "a target of 100 % leaves no budget to spend, so nothing could ever be said but broken"
		}
		field := "target"
		if d.Target == nil {
			field = "targetPercent"
		}
		at.in(field).add("%v: %s", o.Target, hint)
	}
	if d.CompositeWeight != nil {
		o.note("compositeWeight %v is noted but not used: each objective is watched alone", *d.CompositeWeight)
	}
}

func (l *library) slice(o *Objective, at place, d objectiveDoc) {
	if o.Method == Occurrences {
		if d.TimeSliceTarget != nil || d.TimeSliceWindow != "" {
			at.add("timeSliceTarget and timeSliceWindow need budgetingMethod Timeslices or RatioTimeslices")
		}
		return
	}
	var err error
	if _, _, o.SliceWindow, err = ParseDuration(d.TimeSliceWindow); err != nil {
		at.in("timeSliceWindow").add("%v", err)
	} else if o.Window.Length > 0 && o.SliceWindow >= o.Window.Length {
		at.in("timeSliceWindow").add("%s is not shorter than the time window", d.TimeSliceWindow)
	}
	if o.Method == RatioTimeslices {
		if d.TimeSliceTarget != nil {
			at.in("timeSliceTarget").add("RatioTimeslices takes each slice's ratio as it is; drop it, or use Timeslices")
		}
		return
	}
	if d.TimeSliceTarget == nil || !(*d.TimeSliceTarget > 0 && *d.TimeSliceTarget <= 1) {
		at.in("timeSliceTarget").add("Timeslices needs the ratio in (0,1] at which a slice is good")
		return
	}
	o.SliceTarget = *d.TimeSliceTarget
}
