package main

import (
	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server"
	"github.com/bellwether-ts/bellwether/server/offline"
)

func newServe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the service: page and REST on :9480, gRPC on :9481",
		Long: `Run the service. Every flag is optional; without a source it waits for samples
to be pushed. SIGHUP reads the configuration again; a bad one is refused and the
old one kept. SIGINT and SIGTERM stop it; what was acknowledged is on disk.`,
		Example: `  bellwether serve --source http://localhost:9090
  bellwether serve --config.file bellwether.yml --storage.path /var/lib/bellwether`,
		Args: exactArgs(0, ""),
	}
	var o server.Options
	serveFlags(cmd, &o)
	cmd.Flags().StringVar(&o.ConfigFile, "config.file", "", "configuration (default: none, every default)")
	cmd.Flags().StringVar(&o.StoragePath, "storage.path", "data", "directory of the store and the alert log")
	cmd.Flags().StringVar(&o.Source, "source", "", "URL of a Prometheus-compatible server to pull from")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return server.Run(cmd.Context(), o) }
	return cmd
}

// serveFlags adds what serve and demo share: where to listen and how to log.
func serveFlags(cmd *cobra.Command, o *server.Options) {
	cmd.Flags().StringVar(&o.WebAddress, "web.listen-address", ":9480", "address of the page, REST and remote write")
	cmd.Flags().StringVar(&o.GRPCAddress, "grpc.listen-address", ":9481", "address of gRPC")
	cmd.Flags().StringVar(&o.WebConfigFile, "web.config.file", "", "TLS and authentication of both, in Prometheus's web configuration format")
	level := oneOf(cmd, "log.level", "least severe log line that is written", "info", "debug", "warn", "error")
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		o.LogLevel, o.Version, o.Log = level.value, buildVersion().Version, cmd.ErrOrStderr()
		if stderr, ok := terminal(cmd.ErrOrStderr()); ok {
			o.Progress = func() func(float64) { return offline.ShareBar(stderr, "history") }
		}
	}
}
