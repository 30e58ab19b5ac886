package canary

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// What was foreseen, in words and as JSON.

// words says in a sentence what a run brings.
func (p *prospect) words(out *MetricForesight, s Schedule) string {
	worse := fmt.Sprintf("a canary %s by %s (%s)", p.worseWord(), words.Number(out.MinEffect), p.marginHow)
	if p.isCount {
		worse = fmt.Sprintf("a canary %s by %s events per sample (%s)", p.worseWord(), words.Number(out.MinEffect), p.marginHow)
	}
	full := words.Minutes(s.Longest.Minutes())
	var b strings.Builder
	switch {
	case out.Fail == Never:
		fmt.Fprintf(&b, "%s FAILs within %s with chance %.2f only, and no run of up to 24 hours is sure enough", worse, full, out.Power)
	case out.Fail > s.Longest:
		fmt.Fprintf(&b, "%s FAILs within %s with chance %.2f only; a run of %s would be sure enough", worse, full, out.Power, lasts(out.Fail))
	default:
		fmt.Fprintf(&b, "%s FAILs within %s", worse, lasts(out.Fail))
	}
	switch {
	case out.Pass == Never:
		fmt.Fprintf(&b, "; one like its baseline PASSes within %s with chance %.2f only, and not surely within 24 hours either", full, out.Passes)
	case out.Pass > s.Longest:
		fmt.Fprintf(&b, "; one like its baseline PASSes within %s with chance %.2f only, a run of %s would be enough", full, out.Passes, lasts(out.Pass))
	default:
		fmt.Fprintf(&b, "; one like its baseline PASSes within %s", lasts(out.Pass))
	}
	if out.Fail == Never || out.Fail > s.Longest {
		if math.IsInf(out.Visible, 1) {
			b.WriteString("; no effect is surely seen in a full run")
		} else {
			fmt.Fprintf(&b, "; or take a min_effect of %s, which a full run sees", words.Number(out.Visible))
		}
	}
	b.WriteString("; ")
	b.WriteString(p.source(out, s))
	return b.String()
}

// source says what the answer rests on, and what holds it back.
func (p *prospect) source(out *MetricForesight, s Schedule) string {
	if p.assumed != "" {
		why := fmt.Sprintf("%s, autocorrelation %.2f", p.assumed, out.Phi)
		if math.IsInf(out.Visible, 1) {
			why += ", which a run without a history cannot tell from a change: give a history"
		}
		return why
	}
	n := s.samples(s.looks(), p.m.StepSeconds)
	if p.isCount {
		st := p.stream(n)
		return fmt.Sprintf("from %s of history with %.3g baseline events each, the canary having %.2g of the traffic, dispersion %.2f", words.Count(len(p.base), "sample"), st.rate, st.rho, st.dispersion)
	}
	sp, _ := p.at(n)
	text := fmt.Sprintf("spread from %s of history, autocorrelation %.2f", words.Count(len(p.base), "sample"), out.Phi)
	if sp.source == "model" {
		text += fmt.Sprintf(", modelled: a history of %d samples would measure it", stdHistory*n)
	}
	if reach := time.Duration(float64(len(p.base)) * p.m.StepSeconds * float64(time.Second)); reach < maxSchedule && (out.Fail == Never || out.Pass == Never) {
		text += fmt.Sprintf(", which cannot foresee runs longer than %s", words.Minutes(reach.Minutes()))
	}
	if gs, _ := p.glances(s); len(gs) > 0 && sp.placeboMax > 0 && gs[len(gs)-1].fail == sp.placeboMax {
		text += fmt.Sprintf("; a window without a deploy once differed by %s, and no smaller change FAILs", words.Number(sp.placeboMax))
	}
	return text
}

func (p *prospect) worseWord() string {
	switch p.m.Direction {
	case Increase:
		return "higher"
	case Decrease:
		return "lower"
	}
	return "higher or lower"
}

// lasts writes a time to come.
func lasts(d time.Duration) string {
	switch d {
	case Never:
		return "never"
	case 0:
		return "unknown"
	}
	return words.Minutes(d.Minutes())
}

// Text renders the answer for people: a table at a glance, then a sentence per
// metric.
func (f Foresight) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "A run of up to %s with a look every %s, chances of %.3g:\n\n", words.Minutes(f.Schedule.Longest.Minutes()), words.Minutes(f.Schedule.LookEvery.Minutes()), f.Power)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METRIC\tMIN EFFECT\tFAILS BY\tPASSES BY\tFULL RUN SEES\tEVENTS")
	for _, m := range f.Metrics {
		if !m.Known {
			fmt.Fprintf(w, "%s\t%s\tcannot say\tcannot say\t-\t-\n", m.Name, dash(m.MinEffect))
			continue
		}
		sees := dash(m.Visible)
		switch {
		case math.IsInf(m.Visible, 1):
			sees = "nothing"
		case m.Visible == 0:
			sees = "any change"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, dash(m.MinEffect), f.byEnd(m.Fail), f.byEnd(m.Pass), sees, dash(m.Events))
	}
	w.Flush()
	b.WriteString("\n")
	for _, m := range f.Metrics {
		fmt.Fprintf(&b, "%s: %s\n", m.Name, m.Reason)
	}
	for _, warning := range f.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	b.WriteString("\n" + f.advice() + "\n")
	return b.String()
}

// byEnd marks a time that the run does not have.
func (f Foresight) byEnd(d time.Duration) string {
	if d > f.Schedule.Longest {
		return lasts(d) + " (too long)"
	}
	return lasts(d)
}

// advice is the answer in one sentence.
func (f Foresight) advice() string {
	switch {
	case f.Limiting == "":
		return "Nothing can be said yet."
	case f.Needed == Never:
		return fmt.Sprintf("No run of up to 24 hours is sure to decide %s: see above for what would change it.", f.Limiting)
	case f.Needed > f.Schedule.Longest:
		return fmt.Sprintf("Too short: %s needs a run of %s.", f.Limiting, lasts(f.Needed))
	}
	return fmt.Sprintf("Long enough: the slowest metric, %s, is decided by %s.", f.Limiting, lasts(f.Needed))
}

func dash(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 0):
		return "never"
	}
	return words.Number(v)
}

// MarshalJSON writes the answer in the form of the service's REST API: times
// as seconds ("90s"), absent where they are unknown or never come.
func (f Foresight) MarshalJSON() ([]byte, error) {
	type metric struct {
		Name      string      `json:"name"`
		Needed    *string     `json:"needed"`
		Visible   *jsonNumber `json:"visible_effect,omitempty"`
		Reason    string      `json:"reason"`
		Events    jsonNumber  `json:"events_needed"`
		MinEffect jsonNumber  `json:"min_effect"`
		Pass      *string     `json:"pass_needed"`
		Power     *jsonNumber `json:"power,omitempty"`
		PassPower *jsonNumber `json:"pass_power,omitempty"`
	}
	out := struct {
		Metrics []metric          `json:"metrics"`
		Trace   map[string]string `json:"trace"`
	}{[]metric{}, map[string]string{"text": f.Text()}}
	some := func(v float64, known bool) *jsonNumber {
		if !known || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		n := jsonNumber(v)
		return &n
	}
	zero := func(v float64) jsonNumber {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = 0
		}
		return jsonNumber(v)
	}
	for _, m := range f.Metrics {
		out.Metrics = append(out.Metrics, metric{
			Name: m.Name, Needed: seconds(m.Fail), Visible: some(m.Visible, m.Known), Reason: m.Reason, Events: zero(m.Events), MinEffect: zero(m.MinEffect),
			Pass: seconds(m.Pass), Power: some(m.Power, m.Known), PassPower: some(m.Passes, m.Known),
		})
	}
	return json.Marshal(out)
}

func seconds(d time.Duration) *string {
	if d <= 0 {
		return nil
	}
	s := fmt.Sprintf("%gs", d.Seconds())
	return &s
}
