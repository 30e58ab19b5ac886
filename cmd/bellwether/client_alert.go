package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// listGroups prints groups of alerts.
func listGroups(cmd *cobra.Command, c *client, form, selector string, openOnly bool, limit int32) error {
	req := &bellwetherv1.ListGroupsRequest{Matcher: selector, OpenOnly: openOnly, Limit: limit}
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListGroupsResponse, error) {
		return bellwetherv1.NewAlertServiceClient(conn).ListGroups(ctx, req)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for _, g := range answer.GetGroups() {
		state := fmt.Sprintf("%d of %d unhealthy", g.GetUnhealthy(), g.GetMembers())
		if g.GetClosed() != nil {
			state = "closed " + clock(g.GetClosed())
		} else if g.GetSuppressed() {
			state += ", suppressed"
		}
		fmt.Fprintf(out, "%s  %s  since %s  %s: %s\n", g.GetId(), word(g.GetPriority().String(), "PRIORITY_"), clock(g.GetOpened()), state, g.GetTitle())
	}
	if len(answer.GetGroups()) == 0 {
		fmt.Fprintln(out, "No groups match.")
	}
	return nil
}

// word drops the prefix that protobuf wants on the values of an enumeration.
func word(value, prefix string) string { return strings.TrimPrefix(value, prefix) }

// explain prints the trace of anything that has an id.
func explain(cmd *cobra.Command, c *client, form, id string) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ExplainResponse, error) {
		return bellwetherv1.NewAlertServiceClient(conn).Explain(ctx, &bellwetherv1.ExplainRequest{Id: id})
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", strings.TrimRight(answer.GetTrace().GetText(), "\n"))
	return err
}

// suppression is what the flags of `alert suppress` say.
type suppression struct {
	targets          []string
	start            *int64 // Unix milliseconds; nil: now.
	length           time.Duration
	reason, by       string
	preview, confirm bool
}

func (s suppression) proto() *bellwetherv1.Suppression {
	start := time.Now()
	if s.start != nil {
		start = time.UnixMilli(*s.start)
	}
	if s.by == "" {
		if s.by = os.Getenv("USER"); s.by == "" {
			if u, err := user.Current(); err == nil {
				s.by = u.Username
			}
		}
	}
	return &bellwetherv1.Suppression{
		Description: s.reason, Targets: s.targets, CreatedBy: s.by,
		Start: timestamppb.New(start), End: timestamppb.New(start.Add(s.length)),
	}
}

// suppress creates a suppression, or previews it.
func suppress(cmd *cobra.Command, c *client, form string, s suppression) error {
	var made *bellwetherv1.Suppression
	preview, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.SuppressionPreview, error) {
		ac := bellwetherv1.NewAlertServiceClient(conn)
		if s.preview {
			r, err := ac.PreviewSuppression(ctx, &bellwetherv1.PreviewSuppressionRequest{Suppression: s.proto()})
			return r.GetPreview(), err
		}
		r, err := ac.CreateSuppression(ctx, &bellwetherv1.CreateSuppressionRequest{Suppression: s.proto(), Confirm: s.confirm})
		made = r.GetSuppression()
		return r.GetPreview(), err
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, &bellwetherv1.CreateSuppressionResponse{Suppression: made, Preview: preview})
	}
	out := cmd.OutOrStdout()
	if made != nil {
		fmt.Fprintf(out, "%s mutes until %s.\n", made.GetId(), clock(made.GetEnd()))
	}
	fmt.Fprintf(out, "It matches %d of %d known monitors; %d events of the kept history would have been muted.\n",
		preview.GetMonitors(), preview.GetMonitorsTotal(), len(preview.GetEvents()))
	for _, still := range preview.GetStillNotify() {
		fmt.Fprintf(out, "  still gets through: %s\n", still)
	}
	if preview.GetRefused() {
		fmt.Fprintf(out, "It would be refused without --confirm: %s\n", preview.GetReason())
	}
	return nil
}

// watchAlerts follows the stream of transitions until it is interrupted.
func watchAlerts(cmd *cobra.Command, c *client, form, selector, token string, high bool) error {
	req := &bellwetherv1.WatchRequest{Matcher: selector, ResumeToken: token}
	if high {
		req.MinPriority = bellwetherv1.Priority_PRIORITY_HIGH
	}
	_, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (struct{}, error) {
		stream, err := bellwetherv1.NewAlertServiceClient(conn).Watch(ctx, req)
		for err == nil {
			var m *bellwetherv1.WatchResponse
			if m, err = stream.Recv(); err != nil {
				break
			}
			token = m.GetResumeToken()
			err = printTransition(cmd, form, m)
		}
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			err = nil
		}
		return struct{}{}, err
	})
	if token != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: go on from here with --resume %s\n", token)
	}
	return err
}

func printTransition(cmd *cobra.Command, form string, m *bellwetherv1.WatchResponse) error {
	if form == "json" {
		return printLine(cmd, m)
	}
	if m.GetType() == "bookmark" {
		return nil
	}
	about := m.GetText()
	if e := m.GetEvent().GetEvent(); e != nil {
		about = strings.TrimSpace(fmt.Sprintf("%s %s %s  %s", word(e.GetStatus().String(), "STATUS_"), e.GetMonitor(), seriesName(e.GetLabels()), about))
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s\n", clock(m.GetAt()), m.GetType(), about)
	return err
}
