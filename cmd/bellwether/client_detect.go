package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bellwether-ts/bellwether/metric"
	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// listAnomalies prints the anomalies a server knows.
func listAnomalies(cmd *cobra.Command, c *client, form string, from *int64) error {
	req := &bellwetherv1.ListAnomaliesRequest{Limit: 1000, Start: timestamp(from)}
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListAnomaliesResponse, error) {
		return bellwetherv1.NewDetectServiceClient(conn).ListAnomalies(ctx, req)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for _, a := range answer.GetAnomalies() {
		end := "open"
		if a.GetEnd() != nil {
			end = "to " + clock(a.GetEnd())
		}
		fmt.Fprintf(out, "%s  %s  %s from %s %s, score %.1f: %.6g where %.6g was expected\n",
			a.GetId(), seriesName(a.GetLabels()), a.GetKind(), clock(a.GetStart()), end, a.GetPeakScore(), a.GetObserved(), a.GetExpected())
		if a.GetHeldBack() != "" {
			fmt.Fprintf(out, "    held back: %s\n", a.GetHeldBack())
		}
	}
	if len(answer.GetAnomalies()) == 0 {
		fmt.Fprintln(out, "No anomalies in the time asked for.")
	} else {
		fmt.Fprintln(out, "\n'bellwether explain ID' says why.")
	}
	if answer.GetTruncated() {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: the list is cut at 1000")
	}
	return nil
}

// timestamp converts optional Unix milliseconds.
func timestamp(ms *int64) *timestamppb.Timestamp {
	if ms == nil {
		return nil
	}
	return timestamppb.New(time.UnixMilli(*ms))
}

// clock prints an instant as all outputs do.
func clock(t *timestamppb.Timestamp) string { return t.AsTime().UTC().Format(time.RFC3339) }

// seriesName prints labels in Prometheus notation.
func seriesName(ls map[string]string) string { return metric.FormatSeries(labels.FromMap(ls)) }
