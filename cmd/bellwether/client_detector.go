package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

func newDetectorList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Say how the detectors of a server do",
		Long:    "Say how a server's own detectors do: on how many series, what is open, what a\nsample costs, and where and why one was stopped.",
		Example: `  bellwether detector list`,
		Args:    exactArgs(0, ""),
	}
	form := output(cmd, "text", "json")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListDetectorsResponse, error) {
			return bellwetherv1.NewDetectServiceClient(conn).ListDetectors(ctx, &bellwetherv1.ListDetectorsRequest{})
		})
		if err != nil {
			return err
		}
		if form.value == "json" {
			return printJSON(cmd, answer)
		}
		printDetectors(cmd, answer.GetDetectors())
		return nil
	}
	return cmd
}

func printDetectors(cmd *cobra.Command, list []*bellwetherv1.CustomDetector) {
	out := cmd.OutOrStdout()
	for _, d := range list {
		fmt.Fprintf(out, "%s version %d: %s, %d series of %s, %d open, %d samples judged at a cost of %.0f on average and %d at most\n",
			d.GetName(), d.GetVersion(), d.GetState(), d.GetSeries(), d.GetMatch(), d.GetOpen(), d.GetJudged(), d.GetMeanCost(), d.GetMaxCost())
		if d.GetDisabled() != "" {
			fmt.Fprintf(out, "  %s\n", d.GetDisabled())
		}
		for _, f := range d.GetFaults() {
			fmt.Fprintf(out, "  %s\n", f.GetWhy())
		}
		if more := int(d.GetStopped()) - len(d.GetFaults()); more > 0 {
			fmt.Fprintf(out, "  and %d series more\n", more)
		}
		for _, why := range slices.Sorted(maps.Keys(d.GetLeftOut())) {
			fmt.Fprintf(out, "  %d series left out: %s\n", d.GetLeftOut()[why], why)
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "The server runs no detectors but its own; detect.detectors names files of yours.")
	}
}
