package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/server/config"
)

// Options are the flags of `bellwether serve`; every zero value has a meaning.
type Options struct {
	ConfigFile    string // Empty: every default.
	StoragePath   string // Directory of the store, the alert log and canary runs. Empty: "data".
	WebAddress    string // Page, REST, remote write. Empty: ":9480".
	GRPCAddress   string // Empty: ":9481".
	WebConfigFile string // TLS and users of both, in Prometheus's web configuration format.
	Source        string // URL to pull from; overrides source.url of the file.
	LogLevel      string // debug, info, warn, error. Empty: info.
	Version       string // Shown in /metrics and on the page.

	Log      io.Writer            // Log lines; nil: standard error.
	Progress func() func(float64) // Starts a progress bar for reading history; nil: none.
	// Ready is called once the server answers, with the addresses it listens
	// on.
	Ready func(Addresses)

	logID  [16]byte // Id of a new alert log; zero: random. The demo's follows from its seed.
	inDemo bool     // A week is stored within seconds, which the store finds worth warning of.
}

// storeLog is where the embedded store reports to.
func (o *Options) storeLog(log *slog.Logger) *slog.Logger {
	if o.inDemo {
		return slog.New(slog.DiscardHandler)
	}
	return log.With("part", "tsdb")
}

// Addresses are where a running server listens.
type Addresses struct {
	HTTP string // host:port of the page and REST.
	GRPC string // host:port of gRPC.
	TLS  bool
}

// URL returns the address of the page.
func (a Addresses) URL() string {
	if a.TLS {
		return "https://" + a.HTTP
	}
	return "http://" + a.HTTP
}

func (o *Options) fillDefaults() {
	for p, v := range map[*string]string{
		&o.StoragePath: "data", &o.WebAddress: ":9480", &o.GRPCAddress: ":9481", &o.LogLevel: "info", &o.Version: "unknown",
	} {
		if *p == "" {
			*p = v
		}
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
}

// stopTimeout bounds how long a stop waits for open requests.
const stopTimeout = 10 * time.Second

// Run serves until ctx ends, a termination signal comes, or a part fails. What
// was acknowledged is on disk when it returns. SIGHUP reads the configuration
// again.
func Run(ctx context.Context, o Options) error {
	o.fillDefaults()
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if o.Source != "" {
		cfg.Source.URL = o.Source
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.LogLevel)); err != nil {
		return fmt.Errorf("cannot use log level %q: use debug, info, warn or error", o.LogLevel)
	}
	log := slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: level}))
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	w, err := build(o, cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(w.run(ctx), w.close())
}

// run brings the parts up in order and takes them down in the opposite one.
func (w *whole) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	faces, err := w.listen(ctx)
	if err != nil {
		return err
	}
	defer faces.stop()
	w.begin(ctx, "http and grpc", cancel, func(context.Context) error { return faces.serve() })
	if w.o.Ready != nil {
		w.o.Ready(faces.addresses)
	}
	w.log.Info("listening", "page", faces.addresses.URL(), "grpc", faces.addresses.GRPC, "version", w.o.Version)
	stopReload := w.watchSignals(ctx)
	defer stopReload()
	if err := w.catchUp(ctx, cancel); err != nil || ctx.Err() != nil {
		cancel(err)
		faces.stop()
		w.parts.Wait() // Nothing may use the store once it is closed.
		return asked(context.Cause(ctx))
	}
	w.ready.Store(true)
	w.log.Info("ready", "watched", w.pipeline.Coverage().Watched, "anomalies_open", w.pipeline.Anomalies.Open())
	running := make(chan struct{})
	// The pipeline stops last, so that what the ways in took is analysed.
	pipeCtx, stopPipe := context.WithCancel(context.WithoutCancel(ctx))
	go func() { defer close(running); _ = w.pipeline.Run(pipeCtx) }() // Run returns no error.
	w.background(ctx, cancel)
	<-ctx.Done()
	w.ready.Store(false)
	w.log.Info("stopping")
	faces.stop()
	w.parts.Wait()
	stopPipe()
	<-running
	return asked(context.Cause(ctx))
}

// asked is nil for an end that was asked for.
func asked(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return nil
	}
	return cause
}

// begin runs a part in the background; its failure ends the whole.
func (w *whole) begin(ctx context.Context, name string, cancel context.CancelCauseFunc, part func(context.Context) error) {
	w.parts.Go(func() {
		if err := part(ctx); err != nil && ctx.Err() == nil {
			cancel(fmt.Errorf("cannot keep %s running: %w", name, err))
		}
	})
}
