package main

import (
	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

func newCorrelate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "correlate [FILE...]",
		Short: "Find what moved with a series, or who is to blame for an incident",
		Long: `Find the series whose shape is nearest to the target's, with lag, sign and
p- and q-value (--target); or rank the entities of an incident (--incident).
Without a FILE the server at --server is asked.

The json lists the best -k series; those whose q-value is above 0.05 may be
chance, and are in group 0.`,
		Example: `  bellwether correlate metrics.csv --target 'latency_p99{service="checkout"}'
  bellwether correlate metrics.csv --target latency --from '2026-01-08 10:00:00' --to '2026-01-08 11:00:00' --mode lag
  bellwether correlate metrics.csv --incident 2026-01-08T10:20:00Z --topology calls.csv
  bellwether correlate --target 'latency_p99{service="checkout"}' --server localhost:9481`,
	}
	form := output(cmd, "text", "json")
	target := cmd.Flags().String("target", "", "series to explain: its name, or a selector that matches exactly one")
	from, to := timeVar(cmd, "from", "start of the window (default: of the input)"), timeVar(cmd, "to", "end of the window (default: of the input)")
	mode := oneOf(cmd, "mode", "exact: DTW over every series; fast: the best percent of a coarse pass; lag: cross-correlation; change: no target, what changed most", "exact", "fast", "lag", "change")
	k := cmd.Flags().IntP("k", "k", 10, "matches (or suspects) to list")
	incident := cmd.Flags().String("incident", "", "TIME or START/END of an incident: rank who is to blame")
	symptom := cmd.Flags().String("symptom", "", "with --incident: the series that users felt")
	by := cmd.Flags().String("by", "service", "with --incident: label that names the entity")
	topology := cmd.Flags().String("topology", "", "with --incident: CSV with the columns caller,callee")
	strict := strict(cmd)
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *k < 1 {
			return usagef(cmd, "cannot use -k %d: want 1 or more", *k)
		}
		if err := checkCorrelate(cmd, *incident, *target, mode.value); err != nil {
			return err
		}
		span := offline.Span{From: from.ms, To: to.ms}
		if *incident != "" {
			var err error
			if span, err = offline.ParseSpan(*incident); err != nil {
				return usagef(cmd, "%v", err)
			}
		}
		if len(args) == 0 {
			if *incident != "" {
				return rankSuspects(cmd, c, form.value, span, *symptom, *by, *topology, *k)
			}
			return correlateLive(cmd, c, form.value, *target, span, mode.value, *k)
		}
		f, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		defer f.close()
		read := offline.ReadOptions{Strict: *strict, Notes: cmd.ErrOrStderr()}
		if *incident != "" {
			return offline.Incident(cmd.Context(), f.inputs, offline.IncidentOptions{
				ReadOptions: read, Output: offline.Format(form.value), Span: span,
				Symptom: *symptom, By: *by, Topology: *topology, K: *k,
			}, cmd.OutOrStdout())
		}
		return offline.Correlate(cmd.Context(), f.inputs, offline.CorrelateOptions{
			ReadOptions: read, Output: offline.Format(form.value),
			Target: *target, Span: span, Mode: mode.value, K: *k,
		}, cmd.OutOrStdout())
	}
	return cmd
}

// checkCorrelate refuses flags that contradict each other.
func checkCorrelate(cmd *cobra.Command, incident, target, mode string) error {
	if incident == "" {
		for _, name := range []string{"symptom", "by", "topology"} {
			if cmd.Flags().Changed(name) {
				return usagef(cmd, "--%s goes with --incident", name)
			}
		}
		if target == "" && mode != "change" {
			return usagef(cmd, "nothing to explain: give --target SERIES, --mode change or --incident TIME")
		}
		if target != "" && mode == "change" {
			return usagef(cmd, "--mode change has no target: it ranks by change; leave --target out")
		}
		return nil
	}
	for _, name := range []string{"target", "from", "to", "mode"} {
		if cmd.Flags().Changed(name) {
			return usagef(cmd, "--%s does not go with --incident, which says who is to blame", name)
		}
	}
	return nil
}
