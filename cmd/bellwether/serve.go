package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// serveFlags are the flags that serve and demo share.
type serveFlags struct {
	configFile, storagePath, webAddress, grpcAddress, webConfigFile, source, logLevel string
	demo                                                                              bool
	seed                                                                              uint64
}

// runServer starts the service and returns when ctx ends.
var runServer = func(ctx context.Context, f serveFlags) error {
	return errors.New("cannot serve: not built yet")
}

func newServe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the service: page and REST on :9480, gRPC on :9481",
		Long:  "Run the service. Every flag is optional; without a source it waits for samples to be\npushed. SIGHUP reads the configuration again; a bad one is refused and the old one kept.",
		Example: `  bellwether serve --source http://localhost:9090
  bellwether serve --config.file bellwether.yml --storage.path /var/lib/bellwether`,
		Args: exactArgs(0, ""),
	}
	var f serveFlags
	f.add(cmd)
	cmd.Flags().StringVar(&f.configFile, "config.file", "", "configuration (default: none, every default)")
	cmd.Flags().StringVar(&f.storagePath, "storage.path", "data", "directory of the store and the alert log")
	cmd.Flags().StringVar(&f.source, "source", "", "URL of a Prometheus-compatible server to pull from")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runServer(cmd.Context(), f) }
	return cmd
}

// add adds the flags of where to listen and how to log.
func (f *serveFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.webAddress, "web.listen-address", ":9480", "address of the page, REST and remote write")
	cmd.Flags().StringVar(&f.grpcAddress, "grpc.listen-address", ":9481", "address of gRPC")
	cmd.Flags().StringVar(&f.webConfigFile, "web.config.file", "", "TLS and authentication of both, in Prometheus's web configuration format")
	level := &choice{value: "info", known: []string{"debug", "info", "warn", "error"}}
	cmd.Flags().Var(level, "log.level", "least severe log line that is written")
	cmd.PreRun = func(*cobra.Command, []string) { f.logLevel = level.value }
}
