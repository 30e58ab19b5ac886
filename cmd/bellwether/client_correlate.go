package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/offline"
)

var modes = map[string]bellwetherv1.CorrelateMode{
	"exact":  bellwetherv1.CorrelateMode_CORRELATE_MODE_EXACT,
	"fast":   bellwetherv1.CorrelateMode_CORRELATE_MODE_FAST,
	"lag":    bellwetherv1.CorrelateMode_CORRELATE_MODE_LAG,
	"change": bellwetherv1.CorrelateMode_CORRELATE_MODE_CHANGE,
}

// correlateLive asks a server what moved with a series.
func correlateLive(cmd *cobra.Command, c *client, form, target string, span offline.Span, mode string, k int) error {
	req := &bellwetherv1.CorrelateRequest{Series: target, Window: timeRange(span), Mode: modes[mode], K: int32(min(k, 1000))}
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.CorrelateResponse, error) {
		return bellwetherv1.NewCorrelateServiceClient(conn).Correlate(ctx, req)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	_, err = fmt.Fprint(cmd.OutOrStdout(), answer.GetTrace().GetText())
	return err
}

// rankSuspects asks a server who is to blame.
func rankSuspects(cmd *cobra.Command, c *client, form string, span offline.Span, symptom, by, topology string, k int) error {
	edges, err := offline.ReadTopology(topology)
	if err != nil {
		return err
	}
	req := &bellwetherv1.RankSuspectsRequest{Incident: timeRange(span), Symptom: symptom, By: by, K: int32(min(k, 1000))}
	for _, e := range edges {
		req.Topology = append(req.Topology, &bellwetherv1.CallEdge{Caller: e.Caller, Callee: e.Callee})
	}
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.RankSuspectsResponse, error) {
		return bellwetherv1.NewCorrelateServiceClient(conn).RankSuspects(ctx, req)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for i, s := range answer.GetSuspects() {
		fmt.Fprintf(out, "%2d. %s  %.3f\n", i+1, s.GetEntity(), s.GetScore())
	}
	_, err = fmt.Fprintf(out, "\n%s", answer.GetTrace().GetText())
	return err
}

// timeRange converts a span; nil if it is open at both ends.
func timeRange(s offline.Span) *bellwetherv1.TimeRange {
	if s.From == nil && s.To == nil {
		return nil
	}
	return &bellwetherv1.TimeRange{Start: timestamp(s.From), End: timestamp(s.To)}
}
