package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	grpcauth "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/bellwether-ts/bellwether/server/api"
)

// HTTP and gRPC listen on two ports with the same TLS and the same users, from
// one file in Prometheus's web configuration format.

// faces are the two servers.
type faces struct {
	http      *http.Server
	httpL     net.Listener
	grpc      *grpc.Server
	grpcL     net.Listener
	health    *health.Server
	gateway   *api.Gateway
	web       *web.FlagConfig
	whole     *whole
	addresses Addresses
	once      sync.Once
}

func (w *whole) listen(ctx context.Context) (*faces, error) {
	f := &faces{whole: w, health: health.NewServer()}
	secure, users, err := readWebConfig(w.o.WebConfigFile)
	if err != nil {
		return nil, err
	}
	apiOptions := api.Options{
		Pipeline: w.pipeline, Sink: w.sink, Receivers: w.delivery.status, Config: w.config,
		Calls: w.calls, Entity: w.config().Correlate.ByLabel,
	}
	maxMessage := int(w.config().Limits.MaxBodyBytes)
	if f.gateway, err = api.NewGateway(ctx, apiOptions, maxMessage, f.recovered()...); err != nil {
		return nil, err
	}
	f.grpc = grpc.NewServer(f.grpcOptions(secure, users, maxMessage)...)
	api.Register(f.grpc, apiOptions)
	grpc_health_v1.RegisterHealthServer(f.grpc, f.health)
	reflection.Register(f.grpc)
	f.http = &http.Server{Handler: w.routes(f.gateway), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10}
	no := false
	f.web = &web.FlagConfig{WebListenAddresses: &[]string{w.o.WebAddress}, WebSystemdSocket: &no, WebConfigFile: &w.o.WebConfigFile}
	if f.httpL, err = listenOn("--web.listen-address", w.o.WebAddress); err != nil {
		return nil, err
	}
	if f.grpcL, err = listenOn("--grpc.listen-address", w.o.GRPCAddress); err != nil {
		return nil, errors.Join(err, f.httpL.Close())
	}
	f.addresses = Addresses{HTTP: reachable(f.httpL), GRPC: reachable(f.grpcL), TLS: secure != nil}
	return f, nil
}

// idleTimeout is how long a connection without a request is kept: what a client
// that died left behind is freed.
const idleTimeout = 5 * time.Minute

func listenOn(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; choose another with %s", address, err, flag)
	}
	return l, nil
}

// reachable writes an address a person can open: an unspecified host becomes
// localhost.
func reachable(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return l.Addr().String()
}

// serve answers until stop.
func (f *faces) serve() error {
	failed := make(chan error, 2)
	go func() { failed <- f.grpc.Serve(f.grpcL) }()
	go func() { failed <- web.Serve(f.httpL, f.http, f.web, f.whole.log) }()
	var errs []error
	for range 2 {
		err := <-failed
		if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
			errs = append(errs, err)
			f.stop()
		}
	}
	return errors.Join(errs...)
}

// stop ends open streams and gRPC calls (what was not answered was not
// acknowledged), lets other HTTP requests finish for a while and closes.
func (f *faces) stop() {
	f.once.Do(func() {
		f.health.Shutdown()
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		f.gateway.Close()
		f.grpc.Stop()
		if err := f.http.Shutdown(ctx); err != nil {
			_ = f.http.Close() // Shutdown's own error says why.
		}
	})
}

// readWebConfig reads TLS and users for gRPC; exporter-toolkit reads the same
// file for HTTP.
func readWebConfig(path string) (*tls.Config, map[string]string, error) {
	if path == "" {
		return nil, nil, nil
	}
	if err := web.Validate(path); err != nil {
		return nil, nil, fmt.Errorf("cannot use --web.config.file %s: %w", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read --web.config.file: %w", err)
	}
	var c web.Config
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, nil, fmt.Errorf("cannot use --web.config.file %s: %w", path, err)
	}
	users := map[string]string{}
	for name, hash := range c.Users {
		users[name] = string(hash)
	}
	if c.TLSConfig.TLSCertPath == "" && c.TLSConfig.TLSCert == "" {
		return nil, users, nil
	}
	c.TLSConfig.SetDirectory(filepath.Dir(path))
	conf, err := web.ConfigToTLSConfig(&c.TLSConfig)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot use TLS of --web.config.file %s: %w", path, err)
	}
	return conf, users, nil
}

// recovered makes a panic of one request an error of that request; without it
// the whole process would end, and a gRPC server has no such net of its own.
func (f *faces) recovered() []grpc.ServerOption {
	handler := recovery.WithRecoveryHandler(func(p any) error {
		f.whole.panics.Add(1)
		f.whole.log.Error("a request ran into a bug; it was answered with an error", "panic", p, "stack", string(debug.Stack()))
		return status.Error(codes.Internal, "cannot answer: a bug in the server; its log says more")
	})
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(recovery.UnaryServerInterceptor(handler)),
		grpc.ChainStreamInterceptor(recovery.StreamServerInterceptor(handler)),
	}
}

func (f *faces) grpcOptions(secure *tls.Config, users map[string]string, maxMessage int) []grpc.ServerOption {
	auth := basicAuth(users)
	opts := append(f.recovered(),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxConcurrentStreams(1000), grpc.KeepaliveParams(keepalive.ServerParameters{Time: idleTimeout}),
		grpc.ChainUnaryInterceptor(grpcauth.UnaryServerInterceptor(auth)),
		grpc.ChainStreamInterceptor(grpcauth.StreamServerInterceptor(auth)))
	if secure != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(secure)))
	}
	return opts
}

// basicAuth checks the users of the web configuration on gRPC. A checked pair
// is remembered, since bcrypt is slow on purpose.
func basicAuth(users map[string]string) grpcauth.AuthFunc {
	var guess sync.Mutex
	var known sync.Map // Hash of user and password.
	return func(ctx context.Context) (context.Context, error) {
		if len(users) == 0 {
			return ctx, nil
		}
		refuse := status.Error(codes.Unauthenticated, "cannot let you in: send basic auth (--username and --password-file) of a user in --web.config.file")
		var header string
		if md := metadata.ValueFromIncomingContext(ctx, "authorization"); len(md) > 0 {
			header = md[0]
		}
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "Basic "))
		user, password, ok := strings.Cut(string(decoded), ":")
		hash, exists := users[user]
		if err != nil || !ok || !exists {
			return nil, refuse
		}
		pair := sha256.Sum256(decoded)
		if _, ok := known.Load(pair); ok {
			return ctx, nil
		}
		// One at a time: who guesses passwords may not take every processor,
		// and holds up only those not known yet.
		guess.Lock()
		defer guess.Unlock()
		if bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) != nil {
			return nil, refuse
		}
		known.Store(pair, true)
		return ctx, nil
	}
}
