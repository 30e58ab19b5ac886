package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server"
)

// startServer runs the real service on free ports and returns its gRPC
// address.
func startServer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan server.Addresses, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, server.Options{
			StoragePath: dir, WebAddress: "127.0.0.1:0", GRPCAddress: "127.0.0.1:0",
			Log: io.Discard, Ready: func(a server.Addresses) { ready <- a },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	select {
	case a := <-ready:
		return a.GRPC
	case err := <-ended:
		ended <- nil
		t.Fatalf("server did not start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("server did not start within a minute")
	}
	return ""
}

// typed runs one command line.
func typed(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// The commands that ask a server, against a real one.
func TestCommandsAskTheServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server; run without -short")
	}
	address := startServer(t)
	sendEvent(t, address, "disk")
	f := func(line string, wantCode int, wantOut ...string) {
		t.Helper()
		args := append(strings.Fields(line), "--server", address)
		code, out, errs := typed(t.Context(), args...)
		if code != wantCode {
			t.Errorf("%s: exit code %d, want %d; standard error %q", line, code, wantCode, errs)
		}
		for _, want := range wantOut {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%s: %q is not in\n%s%s", line, want, out, errs)
			}
		}
		if code == exitError && out != "" {
			t.Errorf("%s: an error wrote to standard output: %q", line, out)
		}
	}
	f("detect", 0, "No anomalies in the time asked for.")
	f("detect -o json", 0, `"anomalies": []`)
	f("slo", 0, "The server has no objectives")
	f("slo nothing", 1, `cannot find objective "nothing"`)
	f("alert list", 0, "HIGH", "disk")
	f("alert list -o json", 0, `"open`, `"members": 1`)
	f("alert list service=", 1, "cannot read selector")
	f("feedback an-none --not-an-anomaly", 1, `cannot find anomaly "an-none"`)
	f("feedback an-none", 2, "--not-an-anomaly or --useful")
	f("deploy", 0, "No deploys in the last 30 days.")
	f(`deploy service="cart" --description v2`, 0, "marked: 0 watched series")
	f(`deploy service="cart" --description v2 -o json`, 0, `"series": "0"`)
	f(`deploy a=~".*"`, 1, "matches everything")
	f("deploy", 0, `service="cart"`, "v2: 0 series")
	f("explain e-disk", 0, "UNHEALTHY")
	f("alert explain e-disk -o json", 0, `"text":`)
	f(`alert suppress service="cart" --for 1h --reason test --preview`, 0, "It matches 1 of 1 known monitors")
	f(`alert suppress service=~".*" --for 1h --reason test`, 1, "selects everything")
	f(`alert suppress service="cart" --for 1h --reason test --confirm -o json`, 0, `"suppression": {`, `"description": "test"`)
	f("correlate --target up", 1, "0 series match")
	f("canary run --baseline a=\"b\" --canary a=\"c\"", 0, "ca-")
	f(`canary run --baseline a="b" --canary a="c" --metric x`, 2, "write NAME=QUERY")
	f(`canary run --baseline a="b" --canary a="c" --max-duration 2s --look-every 1s --wait`, 30, "NO_DATA")
}

// A watch ends with its context, and says where to go on.
func TestWatchResumes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server; run without -short")
	}
	address := startServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out endsAt
	out.want, out.stop = "disk-", cancel
	done := make(chan struct{})
	go func() { // The watch starts with the next transition, so send until it has seen one.
		defer close(done)
		for n := 0; ctx.Err() == nil; n++ {
			sendEvent(t, address, fmt.Sprintf("disk-%d", n))
			time.Sleep(50 * time.Millisecond)
		}
	}()
	var errs bytes.Buffer
	code := run(ctx, []string{"alert", "watch", "--server", address}, strings.NewReader(""), &out, &errs)
	cancel()
	<-done
	if code != 0 || !strings.Contains(errs.String(), "note: go on from here with --resume ") {
		t.Errorf("exit code %d, standard error %q, standard output %q", code, errs.String(), out.String())
	}
}

// endsAt calls stop once it has been given the wanted text.
type endsAt struct {
	bytes.Buffer
	want string
	stop func()
}

// Write implements io.Writer.
func (e *endsAt) Write(p []byte) (int, error) {
	n, err := e.Buffer.Write(p)
	if strings.Contains(e.String(), e.want) {
		e.stop()
	}
	return n, err
}

// sendEvent tells the server that a disk is full.
func sendEvent(t *testing.T, address, monitor string) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_, err = bellwetherv1.NewAlertServiceClient(conn).SendEvents(context.Background(), &bellwetherv1.SendEventsRequest{Events: []*bellwetherv1.Event{{
		Id: "e-" + monitor, Source: "test", Monitor: monitor, Status: bellwetherv1.Status_STATUS_UNHEALTHY,
		Priority: bellwetherv1.Priority_PRIORITY_HIGH, Labels: map[string]string{"service": "cart"}, Message: "The disk is full.",
	}}})
	if err != nil {
		t.Error(err)
	}
}
