package pipeline

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/fleet"
)

// newTestAdmission returns an admission that keeps what it tells.
func newTestAdmission(t testing.TB, cfg detect.Config) (*Admission, *[]Finding) {
	t.Helper()
	var told []Finding
	a, err := NewAdmission(AdmissionOptions{Detect: cfg, Tell: func(f Finding) { told = append(told, f) }})
	if err != nil {
		t.Fatal(err)
	}
	return a, &told
}

func lone(id string, at int64, tr detect.Transition, evidence float64) Finding {
	return Finding{
		ID: id, Labels: labels.FromStrings(labels.MetricName, "latency", "service", id), At: at, Transition: tr,
		Anomaly: detect.Anomaly{Start: at, Change: at, Open: tr != detect.TransitionClosed, Peak: evidence, Kind: detect.KindSpike, Trace: detect.Trace{Bar: 5.158}},
	}
}

// A lone spike is listed with the reason and told to nobody, also when it ends;
// a level is told one sample later, as an opening; what was told is told to its
// end.
func TestAdmissionHoldsBackAndLetsThrough(t *testing.T) {
	a, told := newTestAdmission(t, detect.Config{})
	a.Watching("test", Classes{Low: 5000})
	a.Tick(0)
	a.Found(lone("spike", minute, detect.TransitionOpened, 5.2))
	a.Found(lone("level", minute, detect.TransitionOpened, 5.2))
	if !a.Still("spike", 2*minute, .3) {
		t.Error("the samples of what is held back are wanted")
	}
	if a.Still("level", 2*minute, 1.5) {
		t.Error("the samples of what is told are not wanted")
	}
	a.Found(lone("spike", 6*minute, detect.TransitionClosed, 5.2))
	a.Found(lone("level", 9*minute, detect.TransitionEscalated, 6))
	a.Found(lone("level", 20*minute, detect.TransitionClosed, 6))
	var got []string
	for _, f := range *told {
		how := "told"
		if f.HeldBack != "" {
			how = "held back"
		}
		got = append(got, fmt.Sprintf("%s %s %d %s", f.ID, f.Transition, f.At/minute, how))
	}
	want := "spike opened 1 held back, level opened 1 held back, level opened 2 told, spike closed 6 held back, level escalated 9 told, level closed 20 told"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("told\n%s\nwant\n%s", s, want)
	}
	if s := a.Stats(); s.Held != 0 || s.Low.Over != 1 || s.Low.Admitted[fleet.DoorPersistence] != 1 {
		t.Errorf("stats %+v", s)
	}
	for _, f := range *told {
		if f.ID == "spike" && (f.Ruling == "" || !strings.Contains(f.Why(), "false alarms per 1000 series-days")) {
			t.Errorf("the ruling is not in the trace: %q", f.Why())
		}
	}
}

// A user's own detector and the votes of the skyline profile are told at once;
// so is what an admission has never heard of.
func TestAdmissionLeavesAlone(t *testing.T) {
	a, told := newTestAdmission(t, detect.Config{})
	f := lone("mine", minute, detect.TransitionOpened, 5.2)
	f.Anomaly.Kind = detect.KindCustom
	a.Found(f)
	a.Found(lone("unknown", minute, detect.TransitionClosed, 5.2))
	b, alsoTold := newTestAdmission(t, detect.Config{Profile: detect.ProfileSkyline})
	b.Found(lone("votes", minute, detect.TransitionOpened, 1))
	b.Tick(2 * minute)
	for _, f := range append(*told, *alsoTold...) {
		if f.HeldBack != "" {
			t.Errorf("%s is held back: %s", f.ID, f.HeldBack)
		}
	}
}

// An incident of a tenth of 5,000 series reaches the alert core within one
// tick, and so do the words that it is over.
func TestAdmissionOfAStorm(t *testing.T) {
	a, told := newTestAdmission(t, detect.Config{})
	a.Watching("test", Classes{Low: 5000})
	for i := range 500 {
		a.Found(lone(fmt.Sprint(i), minute, detect.TransitionOpened, 5.2))
	}
	*told = nil
	a.Tick(minute + 15_000)
	if len(*told) != 500 {
		t.Fatalf("%d of 500 told", len(*told))
	}
	for _, f := range *told {
		if f.HeldBack != "" || f.Transition != detect.TransitionOpened || AnomalyEvent(f).Status != alerting.Unhealthy {
			t.Fatalf("told %+v", f)
		}
	}
}

// What was held back before a restart is held back after it, and let through
// where somebody had been told.
func TestAdmissionOverARestart(t *testing.T) {
	a, told := newTestAdmission(t, detect.Config{})
	a.Watching("test", Classes{Low: 5000})
	f := lone("before", minute, detect.TransitionOpened, 5.2)
	f.HeldBack = "too little"
	a.remember(f)
	if !a.Still("before", 5*minute, .3) {
		t.Error("it is not held back any more")
	}
	if g, ok := a.pass("before"); !ok || g.HeldBack != "" {
		t.Errorf("pass: %v %q", ok, g.HeldBack)
	}
	a.Found(lone("before", 9*minute, detect.TransitionClosed, 5.2))
	if len(*told) != 1 || (*told)[0].HeldBack != "" {
		t.Errorf("told %+v", *told)
	}
}

// One bad pod of six is found among its peers, with a stable id; the room leaves
// out what detectors leave out.
func TestPeerRoom(t *testing.T) {
	ignore, err := parseSelectors([]string{`job="batch"`})
	if err != nil {
		t.Fatal(err)
	}
	run := func() []Finding {
		var found []Finding
		r, err := NewPeerRoom(WatchOptions{Ignore: ignore, Emit: func(f Finding) { found = append(found, f) }})
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(6) {
			r.Add(i, series(t, fmt.Sprintf(`latency{service="cart",pod="cart-%d"}`, i)), KindGauge)
			r.Add(10+i, series(t, fmt.Sprintf(`latency{job="batch",pod="b-%d"}`, i)), KindGauge)
			r.Add(20+i, series(t, fmt.Sprintf(`bellwether_anomaly_score{pod="b-%d"}`, i)), KindGauge)
		}
		for k := range 700 {
			for i := range uint64(6) {
				v := wave(k) * (1 + .02*math.Sin(float64(k)*float64(7+i)*1.618))
				if i == 2 && k >= 600 {
					v *= 2
				}
				r.Observe(i, int64(k)*minute, v, nil)
				r.Observe(10+i, int64(k)*minute, v, nil)
			}
			r.Tick(int64(k)*minute + 15_000)
		}
		if c := r.Counts(); c.Judged != 6 || c.Series != 6 {
			t.Errorf("counts %+v", c)
		}
		r.Remove(2, 701*minute)
		return found
	}
	found := run()
	if len(found) < 2 {
		t.Fatalf("found %+v", found)
	}
	f := found[0]
	if f.Transition != detect.TransitionOpened || f.Ref != 2 || f.At < 600*minute || f.At > 610*minute || f.Anomaly.Kind != detect.KindPeer {
		t.Errorf("found %s of %d at %d: %s", f.Transition, f.Ref, f.At/minute, f.Anomaly.Kind)
	}
	if f.Name() != `peers of latency{pod="cart-2", service="cart"}` && f.Name() != `peers of latency{service="cart",pod="cart-2"}` && !strings.HasPrefix(f.Name(), "peers of latency{") {
		t.Errorf("name %s", f.Name())
	}
	last := found[len(found)-1]
	if last.Transition != detect.TransitionClosed || !last.Gone || last.ID != f.ID {
		t.Errorf("the end is %+v", last)
	}
	if again := run(); again[0].ID != f.ID || len(again) != len(found) {
		t.Errorf("a second run finds %d, the first %d", len(again), len(found))
	}
}

// Reputations count what is told, once, and not what is held back.
func TestReputationsCountWhatIsTold(t *testing.T) {
	r, err := newReputations()
	if err != nil {
		t.Fatal(err)
	}
	r.meet(labels.FromStrings(labels.MetricName, "up", "job", "api", "instance", "a"))
	r.meet(labels.FromStrings(labels.MetricName, "bellwether_anomaly_score", "service", "ours"))
	f := lone("cart", minute, detect.TransitionOpened, 7)
	r.found(f)
	f.Page = true
	r.found(f)
	f.HeldBack = "too little"
	r.found(f)
	f.Transition = detect.TransitionClosed
	r.found(f)
	e := alerting.Event{Source: SourceSLO, Monitor: "slo/checkout", Status: alerting.Unhealthy, Priority: alerting.High, Since: 5, ObservedAt: minute, Labels: labels.FromStrings("service", "checkout"), Message: "burns"}
	r.told(e)
	r.told(e) // The same standing, told again after a restart.
	e.Status = alerting.Healthy
	r.told(e)
	list, mean, known := r.list(minute)
	if known != 3 || len(list) != 3 || mean <= 0 {
		t.Fatalf("%d entities %+v, mean %v", known, list, mean)
	}
	if x := list[0]; x.Entity != "checkout" || x.Label != "service" || x.Score != fleet.WeightBurning || x.Standing != fleet.StandingBad {
		t.Errorf("first %+v", x)
	}
	if x := list[1]; x.Entity != "cart" || x.Score != fleet.WeightAnomaly+fleet.WeightPage {
		t.Errorf("second %+v", x)
	}
	if x := list[2]; x.Entity != "api" || x.Label != "job" || x.Score != 0 {
		t.Errorf("third %+v", x)
	}
}
