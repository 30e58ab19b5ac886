package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// life is a process on a store, an alert log and a directory of detector state:
// it can be ended and begun again.
type life struct {
	t      *testing.T
	dir    string
	store  *tsdb.Store
	engine *journal.Engine
	p      *Pipeline
	now    int64
	shards int
	memory bool // Keep no state.
	budget float64
	tapped []*metric.Batch
}

func newLife(t *testing.T, memory bool) *life {
	l := &life{t: t, dir: t.TempDir(), now: testEpoch, shards: 2, memory: memory}
	l.begin()
	t.Cleanup(func() { l.end() })
	return l
}

func (l *life) clock() time.Time { return time.UnixMilli(l.now) }

// begin opens everything; what the store holds is not learned yet.
func (l *life) begin() {
	l.t.Helper()
	var err error
	if l.store, err = tsdb.Open(tsdb.Options{Dir: filepath.Join(l.dir, "tsdb"), Now: l.clock}); err != nil {
		l.t.Fatal(err)
	}
	cfg := config.Default()
	if l.budget > 0 {
		cfg.Detect.Budget = l.budget
	}
	l.engine, _, err = journal.OpenEngine(journal.EngineOptions{Dir: filepath.Join(l.dir, "alerts"), Config: AlertPolicyOf(cfg.Alerting), Tick: -1, Now: l.clock})
	if err != nil {
		l.t.Fatal(err)
	}
	o := Options{Store: l.store, Engine: l.engine, Config: cfg, StateDir: filepath.Join(l.dir, "detect"), Shards: l.shards, Now: l.clock}
	if l.memory {
		o.StateDir = ""
	}
	if l.p, err = New(o); err != nil {
		l.t.Fatal(err)
	}
	l.store.SetTap(func(b *metric.Batch) { l.tapped = append(l.tapped, b) })
}

func (l *life) end() {
	_ = l.engine.Close()
	_ = l.store.Close()
}

// again ends the process and begins another, which learns.
func (l *life) again() {
	l.t.Helper()
	l.end()
	l.begin()
	l.store.SetTap(nil)
	if err := l.p.Learn(context.Background(), l.now, nil); err != nil {
		l.t.Fatal(err)
	}
	l.p.CatchUp(context.Background(), l.now)
	l.store.SetTap(func(b *metric.Batch) { l.tapped = append(l.tapped, b) })
}

// minutes lets n minutes pass in which every series has a sample.
func (l *life) minutes(n int, all map[string]func(i int) float64) {
	l.t.Helper()
	for range n {
		l.now += minute
		i := int((l.now - testEpoch) / minute)
		var batch []tsdb.Series
		for name, f := range all {
			if name == "native" {
				h := &histogram.FloatHistogram{Count: float64(100 * i), Sum: float64(100*i) * (0.1 + 0.01*wave(i))}
				batch = append(batch, tsdb.Series{Labels: series(l.t, name), Histograms: []tsdb.HistogramSample{{T: l.now, H: h}}})
				continue
			}
			if v := f(i); v != noSample {
				batch = append(batch, tsdb.Series{Labels: series(l.t, name), Samples: []metric.Sample{{T: l.now, V: v}}})
			}
		}
		if _, err := l.store.Append(context.Background(), batch); err != nil {
			l.t.Fatal(err)
		}
		for _, b := range l.tapped { // The tap must not block, so it is not fed there.
			l.p.Feed(b)
		}
		l.tapped = nil
		l.p.Advance(context.Background(), l.now)
	}
	l.p.virtual.Store(0)
}

const noSample = -1e300

// hashes returns the state of every detector by series and view.
func (l *life) hashes() map[string]uint64 {
	out := map[string]uint64{}
	for i, lane := range l.p.watchLanes {
		lane.view(func() {
			for _, s := range l.p.watches[i].series {
				for k := range s.views {
					out[seriesName(s.labels, s.views[k].name)] = s.views[k].det.Explain().StateHash
				}
			}
		})
	}
	return out
}

// population is a handful of series of every sort, with incidents.
func population(seed uint64) map[string]func(i int) float64 {
	out := map[string]func(i int) float64{"native": nil}
	for k := range 12 {
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		at, kind := 250+r.IntN(150), k%4
		out[fmt.Sprintf(`m%d{service="cart",pod="p%d"}`, kind, k)] = func(i int) float64 {
			v := 50 + wave(i*(k+1))
			switch {
			case kind == 0 && i > at && i < at+3:
				v += 90
			case kind == 1 && i > at:
				v += 70
			case kind == 2 && i%17 == 3:
				return noSample
			}
			return v
		}
	}
	counted := 0.0
	out[`requests_total{service="cart"}`] = func(i int) float64 { counted = float64(i) * (60 + wave(i)/100); return counted }
	return out
}

// A detector that was ended and begun again, at any moment and with deploys and
// verdicts in between, is where it would be had it never ended.
func TestRestartIsWhereItWouldBe(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		whole, part := newLife(t, true), newLife(t, false)
		act := func() {
			for _, l := range []*life{whole, part} {
				if _, err := l.p.MarkDeploy(`service="cart"`, 0, "v2"); err != nil {
					t.Fatal(err)
				}
				for _, f := range l.p.Anomalies.List(func(f Finding) bool { return len(f.ID)%2 == 1 }) {
					if _, err := l.p.GiveFeedback(f.ID, false, "test"); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		run := func(n int) {
			whole.minutes(n, population(seed))
			part.minutes(n, population(seed))
		}
		run(200 + r.IntN(100))
		for range 3 {
			if err := part.p.Keep(); err != nil {
				t.Fatal(err)
			}
			run(1 + r.IntN(30)) // What comes after the checkpoint is only in the store.
			act()
			run(r.IntN(10))
			part.shards = 1 + r.IntN(3)
			part.again()
			if got := part.p.KeptState(); got.Restored == 0 || len(got.Refused) > 0 {
				t.Fatalf("taken up: %+v", got)
			}
			run(1 + r.IntN(40))
		}
		if d := cmp.Diff(whole.hashes(), part.hashes()); d != "" {
			t.Errorf("seed %d: states differ:\n%s", seed, d)
		}
		if a, b := ids(whole.p), ids(part.p); !cmp.Equal(a, b) {
			t.Errorf("seed %d: anomalies differ:\n%s", seed, cmp.Diff(a, b))
		}
		whole.end()
		part.end()
	}
}

// ids lists the anomalies by id, with whether they are open.
func ids(p *Pipeline) map[string]bool {
	out := map[string]bool{}
	for _, f := range p.Anomalies.List(func(Finding) bool { return true }) {
		out[f.Name()+" "+f.ID] = f.Anomaly.Open
	}
	return out
}

// A file that is not whole, not ours or not of this version is refused with a
// reason, and the store is read instead: at the end everything is watched.
func TestDamagedStateIsLearnedAgain(t *testing.T) {
	l := newLife(t, false)
	l.minutes(200, population(1))
	if err := l.p.Keep(); err != nil {
		t.Fatal(err)
	}
	watched := l.p.Coverage().Watched
	path := shardFile(l.p.opts.StateDir, 0)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(good)
	other[4]++
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, c := range map[string]struct {
		data []byte
		say  string
	}{
		"empty": {nil, "ends too early"}, "cut": {good[:len(good)-5], "ends too early"}, "half": {good[:len(good)/2], "ends too early"},
		"another version": {other, "remembers differently"}, "a flipped bit": {flipped, "damaged"}, "more after it": {append(bytes.Clone(good), 0), "damaged"},
		"garbage": {bytes.Repeat([]byte("garbage "), 500), "remembers differently"},
	} {
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		l.again()
		got := l.p.KeptState()
		if len(got.Refused) != 1 || !strings.Contains(got.Refused[0], c.say) || !strings.Contains(got.Refused[0], "shard-000") {
			t.Errorf("%s: refused %q, want %q", name, got.Refused, c.say)
		}
		if w := l.p.Coverage(); w.Watched != watched || w.WarmingUp > 0 {
			t.Errorf("%s: %+v after learning again, want %d watched and none warming up", name, w, watched)
		}
	}
}

// Another budget is another detector: its state is not taken up.
func TestStateOfAnotherConfigurationIsRefused(t *testing.T) {
	l := newLife(t, false)
	l.minutes(60, population(1))
	if err := l.p.Keep(); err != nil {
		t.Fatal(err)
	}
	l.budget = 1
	l.end()
	l.begin()
	if since := l.p.restore(); since != 0 {
		t.Errorf("taken up from %d", since)
	}
	if got := l.p.KeptState(); len(got.Refused) != 1 || !strings.Contains(got.Refused[0], "configuration") {
		t.Errorf("refused %q", got.Refused)
	}
}

// Whatever the bytes are, the reader refuses them or gives the records that
// were written.
func FuzzReadShard(f *testing.F) {
	w, _ := newTestWatch(f, WatchOptions{})
	w.Add(1, labels.FromStrings("__name__", "a", "pod", "x"), KindGauge)
	w.Add(2, labels.FromStrings("__name__", "b"), KindCounter)
	for i := range int64(40) {
		w.Observe(1, i*minute, float64(i%7), nil)
		w.Observe(2, i*minute, float64(i), nil)
	}
	var file bytes.Buffer
	out, err := newShardWriter(&file, 5)
	if err != nil {
		f.Fatal(err)
	}
	var raw, state []byte
	for ref := range uint64(2) {
		raw = appendRecord(raw, w.series[ref+1], &state)
	}
	out.block(raw, 2)
	if err := out.end(); err != nil {
		f.Fatal(err)
	}
	good := file.Bytes()
	f.Add(0, 0, byte(0), []byte(nil))
	f.Add(len(good)-3, 7, byte(1), []byte("x"))
	f.Add(30, 31, byte(255), []byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, cut, at int, x byte, more []byte) {
		data := bytes.Clone(good)
		if cut > 0 && cut < len(data) {
			data = data[:cut]
		}
		if at >= 0 && at < len(data) {
			data[at] ^= x
		}
		data = append(data, more...)
		n := 0
		_, err := readShard(bytes.NewReader(data), func(k keptSeries) { n++ })
		if whole := bytes.Equal(data, good); whole != (err == nil) || whole && n != 2 {
			t.Fatalf("whole %v: %d records, %v", whole, n, err)
		}
	})
}

// Whatever a block holds, its records are read or refused.
func FuzzReadRecords(f *testing.F) {
	f.Add([]byte{1, 1, 'a', 1, 'b', 0, 0, 0, 0, 1, 0, 2, 'x', 'y'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := readRecords(raw, func(k keptSeries) {
			if len(k.views) > maxViews {
				t.Fatalf("%d views", len(k.views))
			}
		})
		if err == nil && n == 0 && len(raw) > 0 {
			t.Fatal("bytes without a record were taken for whole")
		}
	})
}
