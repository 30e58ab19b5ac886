package pipeline

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/custom"
)

const above10 = `name: above
match: '{__name__=~".+"}'
evidence: 'value > 10 ? bar : 0'
reason: '"is " + text(value)'
`

func newTestCustom(t *testing.T, src string, page ...string) (*Custom, *[]Finding) {
	t.Helper()
	detectors, err := custom.Parse("t.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	sets, err := parseSelectors(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []Finding
	c, err := NewCustom(CustomOptions{Page: sets, Emit: func(f Finding) { found = append(found, f) }}, detectors)
	if err != nil {
		t.Fatal(err)
	}
	return c, &found
}

// What a user's detector finds becomes an event like any other, under the name
// of the detector and the series.
func TestCustomFindings(t *testing.T) {
	c, found := newTestCustom(t, above10, `m{tier="1"}`)
	c.Add(1, series(t, `m{tier="1"}`), KindGauge)
	c.Add(2, series(t, `m{tier="2"}`), KindGauge)
	for i := range 20 {
		v := 1.0
		if i >= 5 && i < 8 {
			v = 20
		}
		c.Observe(1, int64(i)*minute, v, nil)
	}
	c.Observe(2, 0, 11, nil)
	c.Remove(2, 5*minute)
	if len(*found) != 4 {
		t.Fatalf("found %+v", *found)
	}
	if a, b := (*found)[0], (*found)[1]; a.ID != b.ID || a.ID == (*found)[2].ID {
		t.Errorf("ids %s %s %s: an episode has one, another another", a.ID, b.ID, (*found)[2].ID)
	}
	for i, want := range []struct {
		status   alerting.Status
		priority alerting.Priority
		message  string
	}{
		{alerting.Unhealthy, alerting.High, `m{tier="1"}: detector above: is 20.`},
		{alerting.Healthy, alerting.High, `m{tier="1"}: detector above finds nothing any more.`},
		{alerting.Unhealthy, alerting.Low, `m{tier="2"}: detector above: is 11.`},
		{alerting.Healthy, alerting.Low, `m{tier="2"}: detector above ended without recovery: the series is gone.`},
	} {
		e := AnomalyEvent((*found)[i])
		if e.Status != want.status || e.Priority != want.priority || e.Message != want.message {
			t.Errorf("event %d: %v %v %q, want %v %v %q", i, e.Status, e.Priority, e.Message, want.status, want.priority, want.message)
		}
		if !strings.HasPrefix(e.Monitor, "detector/above of m{") || e.Context["kind"] != "custom" || !strings.Contains(e.Evidence.Summary, "note: detector above, version 1: value > 10 ? bar : 0") {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	things := c.things()
	if len(things) != 1 || things[0].Monitor != `detector/above of m{tier="1"}` {
		t.Errorf("things %+v", things)
	}
	if tr := c.Explain(1); len(tr) != 1 || tr[0].Verdict != detect.VerdictHealthy {
		t.Errorf("explained %+v", tr)
	}
}

// A detector sees neither our own results, or it could feed on itself, nor
// native histograms, for which its language has no word.
func TestCustomLeavesAlone(t *testing.T) {
	c, found := newTestCustom(t, above10)
	c.Add(1, labels.FromStrings(labels.MetricName, "bellwether_anomaly_score", "series", "m"), KindGauge)
	c.Add(2, series(t, "h"), KindHistogram)
	for i := range 10 {
		c.Observe(1, int64(i)*minute, 100, nil)
		c.Observe(2, int64(i)*minute, 0, &histogram.FloatHistogram{Count: 100, Sum: 1e6})
	}
	if len(*found) != 0 {
		t.Errorf("found %+v", *found)
	}
}
