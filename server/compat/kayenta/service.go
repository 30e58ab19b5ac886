package kayenta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Options are what the service needs. Store, Dir and Now are required.
type Options struct {
	Store *tsdb.Store
	Dir   string // Where configs, executions and metric sets are kept.
	Now   func() time.Time
	Log   *slog.Logger // nil: silent.

	// Page answers browsers that open /canary/ID, a view of the page too. nil:
	// they get the JSON.
	Page http.Handler

	Workers    int           // Executions at the same time; 2 when 0.
	ScopeLabel string        // Label of the scope for resourceType gce_instance; "instance" when empty.
	History    time.Duration // Before the window, for the native judge; 24h when 0.
}

// Service is a Kayenta. It is safe for concurrent use.
type Service struct {
	o Options

	configs     *files // Canary configs.
	sets        *files // Metric set lists.
	pairs       *files // Metric set pair lists.
	archive     *files // Results put by others.
	canaries    *files // Executions.
	analyses    *files // Standalone analyses.
	comparisons *files // Comparisons of judges.

	mu      sync.Mutex
	live    map[string]*execution // Not complete.
	running map[string]*analysis  // Not complete.
	index   map[string]entry      // Every execution kept.
	queue   chan string           // Executions to run.
}

// maxQueued bounds the executions that wait.
const maxQueued = 1000

// Open reads what an earlier process kept. Executions it left unfinished are
// queued again.
func Open(o Options) (*Service, error) {
	if o.Store == nil || o.Dir == "" || o.Now == nil {
		return nil, errors.New("cannot open the Kayenta interface: Store, Dir and Now are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Workers <= 0 {
		o.Workers = 2
	}
	if o.ScopeLabel == "" {
		o.ScopeLabel = kayenta.ScopeLabel
	}
	if o.History <= 0 {
		o.History = 24 * time.Hour
	}
	s := &Service{
		o: o, live: map[string]*execution{}, running: map[string]*analysis{}, index: map[string]entry{},
		queue: make(chan string, maxQueued),
	}
	for _, kind := range []struct {
		to   **files
		name string
		what string
		max  int
	}{
		{&s.configs, "config", "canary config", 5_000}, {&s.sets, "sets", "metric set list", 5_000},
		{&s.pairs, "pairs", "metric set pair list", 12_000}, {&s.archive, "archive", "archived canary result", 5_000},
		{&s.canaries, "executions", "canary execution", 12_000}, {&s.analyses, "analyses", "canary analysis", 5_000},
		{&s.comparisons, "comparisons", "judge comparison", 1_000},
	} {
		var err error
		if *kind.to, err = openFiles(filepath.Join(o.Dir, kind.name), kind.what, kind.max); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(s.loadExecutions(), s.loadAnalyses()); err != nil {
		return nil, err
	}
	return s, nil
}

// Run carries out executions and analyses until ctx ends. What is unfinished
// then is taken up by the next process.
func (s *Service) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range s.o.Workers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case id := <-s.queue:
					s.execute(ctx, id)
				}
			}
		})
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			workers.Wait()
			return nil
		case <-tick.C:
			s.Step(s.o.Now().UnixMilli())
		}
	}
}

// Drain carries out what is queued now, in this goroutine; Run does it in the
// background. For tests and tools with a clock of their own.
func (s *Service) Drain(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case id := <-s.queue:
			s.execute(ctx, id)
		default:
			return
		}
	}
}

func (s *Service) now() int64 { return s.o.Now().UnixMilli() }

// iso writes Unix milliseconds as java.time.Instant does.
func iso(ms int64) string {
	t := time.UnixMilli(ms).UTC()
	if ms%1000 == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// isoDuration writes milliseconds as java.time.Duration does: PT1H, PT8M5.5S.
func isoDuration(ms int64) string {
	if ms == 0 {
		return "PT0S"
	}
	h, m, rest := ms/3_600_000, ms/60_000%60, ms%60_000
	out := "PT"
	if h != 0 {
		out += fmt.Sprintf("%dH", h)
	}
	if m != 0 {
		out += fmt.Sprintf("%dM", m)
	}
	if rest != 0 {
		out += fmt.Sprintf("%gS", float64(rest)/1000)
	}
	return out
}
