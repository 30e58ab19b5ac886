package main

import (
	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

func newDetect() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "detect [FILE...]",
		Short: "Find anomalies in files, or list those of a server",
		Long: `Find anomalies: in files, streaming (a row never sees a later row), or, without
a FILE, those a server knows.

A CSV is wide (timestamp, then a column a series) or long
(timestamp,series,value). With -o csv there is one line a sample:
timestamp,series,value,score,alarm,expected,lower,upper,anomalous. score is
-log10 of the calibrated p-value; alarm is that evidence where an anomaly opens
or escalates, else 0. An anomaly opens there at a low bar (one false alarm a
series-day), to be raised by the reader; --budget sets the bar of text and json.
An empty or NaN cell is no sample and has no line; expected, lower and upper are
empty where nothing is expected yet; a sample whose time does not advance its
series has a line without evidence.`,
		Example: `  bellwether detect metrics.csv
  zcat week.csv.gz | bellwether detect - -o csv > scores.csv
  bellwether detect --profile skyline --from 2026-01-08 metrics.csv
  bellwether detect metrics.csv --detector queue_stuck.yaml
  bellwether detect --server localhost:9481`,
	}
	form := output(cmd, "text", "json", "csv")
	profile := oneOf(cmd, "profile", "detectors: the calibrated consensus, or Etsy Skyline's nine algorithms and vote", "default", "skyline")
	budget := cmd.Flags().Float64("budget", 0, "false alarms tolerated per 1000 series-days (default 10)")
	from := timeVar(cmd, "from", "report from here on; earlier rows are learned from (with a server: list from here on)")
	detectors := cmd.Flags().StringArray("detector", nil, "file of your own detectors to run too")
	strict := strict(cmd)
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			if form.value == "csv" || profile.value != "default" || cmd.Flags().Changed("budget") || *strict || len(*detectors) > 0 {
				return usagef(cmd, "-o csv, --profile, --budget, --detector and --strict go with a FILE; a server has its own configuration")
			}
			return listAnomalies(cmd, c, form.value, from.ms)
		}
		if cmd.Flags().Changed("budget") && !(*budget > 0) {
			return usagef(cmd, "cannot use --budget %v: want false alarms per 1000 series-days above 0", *budget)
		}
		own, err := offline.LoadDetectors(*detectors, "")
		if err != nil {
			return err
		}
		f, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		defer f.close()
		return offline.Detect(cmd.Context(), f.inputs, offline.DetectOptions{
			ReadOptions: offline.ReadOptions{Strict: *strict, Notes: cmd.ErrOrStderr()},
			Output:      offline.Format(form.value),
			Profile:     profile.value,
			Budget:      *budget,
			Detectors:   own,
			From:        from.ms,
			Color:       isTerminal(cmd.OutOrStdout()),
		}, cmd.OutOrStdout())
	}
	return cmd
}
