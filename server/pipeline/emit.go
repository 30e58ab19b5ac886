package pipeline

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/slo"
)

// This file is the single list of what becomes an alert, and in which words:
// an anomaly that opens, escalates or closes; an objective whose verdict
// changes; a canary that fails, or passes after it failed.

// Sources of our own events.
const (
	SourceDetect = "bellwether/detect"
	SourceSLO    = "bellwether/slo"
	SourceCanary = "bellwether/canary"
)

// AnomalyEvent is the event of an anomaly's transition. Anomalies are causes,
// not symptoms, so they are LOW unless the configuration names the series as
// one to page for.
func AnomalyEvent(f Finding) alerting.Event {
	a := f.Anomaly
	e := alerting.Event{
		ID:         f.ID + "." + f.Transition.String() + "." + strconv.FormatInt(f.At, 10),
		Source:     SourceDetect,
		Monitor:    f.Name(),
		Status:     alerting.Unhealthy,
		Priority:   alerting.Low,
		Since:      a.Start,
		ObservedAt: f.At,
		Labels:     withoutName(f.Labels),
		Message:    anomalySentence(f),
		Context: map[string]string{
			"anomaly":   f.ID,
			"metric":    f.Labels.Get(labels.MetricName),
			"kind":      a.Kind.String(),
			"direction": a.Direction.String(),
			"expected":  number(a.Expected),
			"observed":  number(a.Observed),
			"score":     number(a.Peak),
		},
		Evidence: &alerting.Evidence{
			Summary:  f.Why(),
			Value:    alerting.Num(a.Observed),
			Expected: alerting.Num(a.Expected),
			P:        alerting.Num(math.Pow(10, -a.Peak)),
			Series:   []string{f.Name()},
		},
	}
	if f.Page {
		e.Priority = alerting.High
	}
	if f.Peers != "" {
		e.Context["peers"] = f.Peers
	}
	tellSaid(&e, f)
	for _, m := range a.Members {
		e.Evidence.Votes = append(e.Evidence.Votes, alerting.Vote{Name: m.Name, P: alerting.Number(m.P), Share: alerting.Number(m.Share)})
	}
	if f.Transition == detect.TransitionClosed {
		e.Status, e.Since = alerting.Healthy, a.End
	}
	return e
}

func anomalySentence(f Finding) string {
	a := f.Anomaly
	what := fmt.Sprintf("is %s, expected %s", number(a.Observed), number(a.Expected))
	switch {
	case strings.HasPrefix(f.View, customView):
		return customSentence(f)
	case f.View == distributionView:
		return distributionSentence(f)
	case f.Gone:
		return fmt.Sprintf("%s is gone: it has sent nothing for so long that the store let it go.", f.Name())
	case f.Transition == detect.TransitionClosed && f.Verdict != nil && !f.Verdict.Useful && f.At == f.Verdict.At:
		return fmt.Sprintf("%s was said to be %s.", f.Name(), f.Verdict)
	case f.Transition == detect.TransitionClosed && a.Adapted:
		return fmt.Sprintf("%s stays at its new level (%s); it is the new normal from here.", f.Name(), number(a.Observed))
	case f.Transition == detect.TransitionClosed:
		return fmt.Sprintf("%s is back to what was expected.", f.Name())
	case a.Kind == detect.KindNoData:
		return fmt.Sprintf("%s has stopped sending samples.", f.Name())
	case a.Kind == detect.KindFlatline:
		return fmt.Sprintf("%s has stopped changing (stuck at %s).", f.Name(), number(a.Observed))
	}
	return fmt.Sprintf("%s %s: %s %s, p = 1e-%.1f.", f.Name(), what, a.Kind, a.Direction, a.Peak)
}

// ObjectiveEvent is the event of an objective's change. A symptom: it is HIGH
// when the budget burns fast enough to page.
func ObjectiveEvent(s slo.Status) alerting.Event {
	o := s.Objective
	tr := s.Trace()
	lb := labels.NewBuilder(labels.FromMap(o.Labels))
	lb.Set("slo", o.Name)
	lb.Set("service", o.Service)
	e := alerting.Event{
		ID:         fmt.Sprintf("slo.%s.%s.%s.%d", o.Name, strings.ToLower(s.Verdict.String()), s.Severity, s.Now),
		Source:     SourceSLO,
		Monitor:    "slo/" + o.Name,
		Status:     alerting.Healthy,
		Priority:   alerting.Low,
		Since:      s.Since,
		ObservedAt: s.Now,
		Labels:     lb.Labels(),
		Message:    tr.Headline,
		Context: map[string]string{
			"objective":   o.Name,
			"verdict":     s.Verdict.String(),
			"budget_left": number(s.Left),
			"burn":        number(s.Pace),
		},
		Evidence: &alerting.Evidence{Summary: tr.Text(), Burn: alerting.Num(s.Pace)},
	}
	switch {
	case s.Severity == slo.Page:
		e.Status, e.Priority = alerting.Unhealthy, alerting.High
	case s.Severity == slo.Ticket, s.Verdict == slo.Exhausted, s.Verdict == slo.NoData:
		e.Status = alerting.Unhealthy
	}
	return e
}

// CanaryEvent is the event of a run's verdict. id is the run, at is Unix
// milliseconds. Only FAIL is unhealthy; any other end resolves an earlier FAIL
// of the same canary.
func CanaryEvent(id, name, service string, at int64, v canary.Verdict) alerting.Event {
	e := alerting.Event{
		ID:         fmt.Sprintf("canary.%s.%s", id, strings.ToLower(string(v.Verdict))),
		Source:     SourceCanary,
		Monitor:    "canary/" + name,
		Status:     alerting.Healthy,
		Priority:   alerting.High,
		Since:      at,
		ObservedAt: at,
		Labels:     labels.FromStrings("canary", name, "service", service),
		Message:    fmt.Sprintf("Canary %s: %s", name, cmp.Or(strings.Join(v.Reasons, " "), string(v.Verdict))),
		Context:    map[string]string{"run": id, "verdict": string(v.Verdict)},
		Evidence:   &alerting.Evidence{Summary: v.Text()},
	}
	if v.Verdict == canary.Fail {
		e.Status = alerting.Unhealthy
	}
	return e
}

func withoutName(ls labels.Labels) labels.Labels {
	return labels.NewBuilder(ls).Del(labels.MetricName).Labels()
}

// seriesName is the notation people read; view tells the parts of one
// histogram apart.
func seriesName(ls labels.Labels, view string) string {
	name := metric.FormatSeries(ls)
	if view != "" {
		return view + " of " + name
	}
	return name
}

// number prints four significant digits, as people read them.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
