package main

import (
	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

func newReplay() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay [FILE...]",
		Short: "Run the whole pipeline over past data: what would have been alerted?",
		Long: `Run the whole pipeline (detection, objectives, alert core) over past data in
virtual time, and print in time order every event and every notification that
would have gone out, and a summary at the end. The data come from FILE..., from
a store directory (--tsdb), or from a Prometheus-compatible server (--source,
with --from). Nothing is sent.`,
		Example: `  bellwether replay metrics.csv
  bellwether replay --tsdb ./data --from 2026-01-08 --config.file bellwether.yml -o json
  bellwether replay --source http://localhost:9090 --from 2026-01-08 --match '{job="api"}'`,
	}
	form := output(cmd, "text", "json")
	var o offline.ReplayRun
	cmd.Flags().StringVar(&o.TSDB, "tsdb", "", "directory of a store to read")
	cmd.Flags().StringVar(&o.Source, "source", "", "URL of a Prometheus-compatible server to read")
	cmd.Flags().StringVar(&o.Match, "match", "", "with --tsdb and --source: selector of the series (default: all)")
	from, to := timeVar(cmd, "from", "report from here on; what lies before is learned from"), timeVar(cmd, "to", "end here (default: the end of the data)")
	cmd.Flags().StringVar(&o.ConfigFile, "config.file", "", "configuration to try (default: none, every default)")
	cmd.Flags().StringArrayVar(&o.Suppress, "suppress", nil, "selector of what a suppression would mute during the replay; repeat for more")
	strict := strict(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ways := 0
		for _, given := range []bool{len(args) > 0, o.TSDB != "", o.Source != ""} {
			if given {
				ways++
			}
		}
		if ways != 1 {
			return usagef(cmd, "replay needs one place to read from: FILE..., --tsdb DIR or --source URL")
		}
		if o.Match != "" && len(args) > 0 {
			return usagef(cmd, "--match goes with --tsdb and --source; a FILE is replayed whole")
		}
		if o.Source != "" && from.ms == nil {
			return usagef(cmd, "--source needs --from TIME: how far back to read")
		}
		f, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		defer f.close()
		o.Inputs, o.Span, o.Output = f.inputs, offline.Span{From: from.ms, To: to.ms}, offline.Format(form.value)
		o.Strict, o.Notes = *strict, cmd.ErrOrStderr()
		return o.Run(cmd.Context(), cmd.OutOrStdout())
	}
	return cmd
}
