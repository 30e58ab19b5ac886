package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

func note(i int) alerting.Notification {
	return alerting.Notification{ID: fmt.Sprint("n", i), Kind: alerting.Opened, Receiver: "hook", Action: alerting.Page, At: 1_700_000_000_000,
		Group: "g1", GroupKey: `monitor="disk"`, Status: alerting.Unhealthy, Priority: alerting.High, Title: "UNHEALTHY (HIGH)",
		Labels: labels.FromStrings("service", "cart"), Members: []alerting.Member{}, Unhealthy: 1, Total: 1}
}

func TestRetry(t *testing.T) {
	f := func(name string, errs []error, wantTries int, wantErr string, longest time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			r := Retry(Func(func(context.Context, ...alerting.Notification) error {
				err := errs[min(tries, len(errs)-1)]
				tries++
				return err
			}), RetryOptions{GiveUp: time.Minute})
			start := time.Now()
			err := r.Notify(context.Background(), note(1))
			if tries != wantTries && wantTries > 0 {
				t.Errorf("%s: %d tries, want %d", name, tries, wantTries)
			}
			if (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%s: %v, want %q", name, err, wantErr)
			}
			if d := time.Since(start); d > longest {
				t.Errorf("%s: took %s, at most %s", name, d, longest)
			}
		})
	}
	bad := errors.New("boom")
	f("works", []error{nil}, 1, "", 0)
	f("works later", []error{bad, bad, nil}, 3, "", 4*time.Second)
	f("permanent", []error{Permanent(bad)}, 1, "gave up after 1 tries: boom", 0)
	f("never works", []error{bad}, 0, "boom", time.Minute)
}

// A try that hangs is cut off and tried again.
func TestRetryTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		r := Retry(Func(func(ctx context.Context, _ ...alerting.Notification) error {
			if tries++; tries == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}), RetryOptions{Timeout: time.Second})
		if err := r.Notify(context.Background(), note(1)); err != nil || tries != 2 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}

// recorder notes each sending and every fate.
type recorder struct {
	mu    sync.Mutex
	sent  []string
	fates map[string]int
	fail  error
	hold  chan struct{}
}

func newRecorder() *recorder { return &recorder{fates: map[string]int{}} }

func (r *recorder) Notify(ctx context.Context, ns ...alerting.Notification) error {
	if r.hold != nil {
		select {
		case <-r.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, n := range ns {
		ids = append(ids, n.ID)
	}
	r.sent = append(r.sent, strings.Join(ids, "+"))
	return r.fail
}

func (r *recorder) done(id string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fates[id]++
}

// A storm goes out as a burst, then as digests; nothing is lost, nothing twice.
func TestRateLimitMakesDigests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder()
		d := New(map[string]Receiver{"hook": r}, Options{Burst: 3, Every: 10 * time.Second, Digest: 20, Done: r.done})
		defer d.Close()
		for i := range 50 {
			d.Send(note(i))
		}
		time.Sleep(35 * time.Second)
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.sent) != 6 || r.sent[2] != "n2" || strings.Count(r.sent[3], "+") != 19 {
			t.Errorf("sendings %q", r.sent)
		}
		for i := range 50 {
			if r.fates[fmt.Sprint("n", i)] != 1 {
				t.Errorf("n%d has %d fates", i, r.fates[fmt.Sprint("n", i)])
			}
		}
		want := map[string]Stats{"": {}, "hook": {Delivered: 50, Sendings: 6}}
		if diff := cmp.Diff(want, d.Stats()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder()
		r.fail = errors.New("410 gone")
		d := New(map[string]Receiver{"hook": r}, Options{Done: r.done, Letters: 2})
		defer d.Close()
		lost := note(0)
		lost.Receiver = "hok"
		d.Send(lost)
		for i := 1; i < 4; i++ {
			d.Send(note(i))
		}
		synctest.Wait()
		got := d.DeadLetters()
		if len(got) != 3 || !strings.Contains(got[0].Reason, `no such receiver is configured; there are ["hook"]`) || !strings.Contains(got[1].Reason, "410 gone") {
			t.Fatalf("%+v", got)
		}
		if s := d.Stats()["hook"]; s.Dead != 3 || s.Forgotten != 1 {
			t.Errorf("%+v", s)
		}
		r.mu.Lock()
		r.fail = nil
		r.mu.Unlock()
		if !d.Resend("n3") || d.Resend("n1") {
			t.Error("resent what is not there, or not what is")
		}
		synctest.Wait()
		if n := len(d.DeadLetters()); n != 2 || d.Stats()["hook"].Delivered != 1 {
			t.Errorf("%d dead letters after resending one", n)
		}
	})
}

// A receiver that hangs fills its own queue and holds up nobody.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck, fine := newRecorder(), newRecorder()
		stuck.hold = make(chan struct{})
		d := New(map[string]Receiver{"hook": stuck, "log": fine}, Options{Queue: 5, Done: stuck.done})
		for i := range 10 {
			d.Send(note(i))
			synctest.Wait()
		}
		other := note(99)
		other.Receiver = "log"
		d.Send(other)
		synctest.Wait()
		if s := d.Stats()["hook"]; s.Waiting != 5 || s.Dead != 4 {
			t.Errorf("%+v", s)
		}
		if len(fine.sent) != 1 {
			t.Error("another receiver had to wait")
		}
		d.Close()
		// Not delivered and not dead: the outbox has them.
		if n := len(stuck.fates); n != 5 {
			t.Errorf("%d fates, want those of the 4 dead letters and of the log", n)
		}
	})
}

func TestWebhook(t *testing.T) {
	var req *http.Request
	var body []byte
	code, after := 200, ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req = r
		body, _ = io.ReadAll(r.Body)
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
		io.WriteString(w, "hello")
	}))
	defer srv.Close()
	w, err := NewWebhook(WebhookConfig{URL: srv.URL + "/secret", CloudEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Notify(context.Background(), note(1)); err != nil {
		t.Fatal(err)
	}
	for h, want := range map[string]string{"Idempotency-Key": "n1", "Content-Type": "application/json", "Ce-Type": "dev.bellwether.alert.v1.opened",
		"Ce-Id": "n1", "Ce-Specversion": "1.0", "Ce-Subject": "g1", "Ce-Time": "2023-11-14T22:13:20Z"} {
		if got := req.Header.Get(h); got != want {
			t.Errorf("%s: %q, want %q", h, got, want)
		}
	}
	var got WebhookBody
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	eq := cmp.Comparer(labels.Equal)
	if diff := cmp.Diff(WebhookBody{SchemaVersion: 1, Key: "n1", Notifications: []alerting.Notification{note(1)}}, got, eq); diff != "" {
		t.Error(diff)
	}
	if err := w.Notify(context.Background(), note(1), note(2)); err != nil {
		t.Fatal(err)
	}
	first := req.Header.Get("Idempotency-Key")
	w.Notify(context.Background(), note(1), note(2))
	if second := req.Header.Get("Idempotency-Key"); first != second || first == "n1" || !strings.Contains(string(body), `"digest":true`) {
		t.Errorf("digest keys %q and %q", first, second)
	}

	// Which answers are final: a permanent error is not tried again.
	f := func(status int, retryAfter string, tries int) {
		t.Helper()
		code, after = status, retryAfter
		n := 0
		count := Func(func(ctx context.Context, ns ...alerting.Notification) error {
			if n++; n == 2 {
				code = 200
			}
			return w.Notify(ctx, ns...)
		})
		err := Retry(count, RetryOptions{First: time.Microsecond}).Notify(context.Background(), note(1))
		if n != tries || (err == nil) != (tries == 2) {
			t.Errorf("%d: %d tries, %v", status, n, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "hello") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%d: %v", status, err)
		}
	}
	f(400, "", 1)
	f(404, "", 1)
	f(408, "", 2)
	f(429, "", 2)
	f(503, "0", 2)

	srv.Close()
	if err := w.Notify(context.Background(), note(1)); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a webhook that is down: %v", err)
	}
	for _, bad := range []string{"", "example.org/x", "ftp://example.org", "http://"} {
		if _, err := NewWebhook(WebhookConfig{URL: bad}); err == nil {
			t.Errorf("%q passes as a URL", bad)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	err := answer(&http.Response{StatusCode: 429, Status: "429 Too Many Requests", Header: http.Header{"Retry-After": {"30"}}}, nil)
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		start := time.Now()
		Retry(Func(func(context.Context, ...alerting.Notification) error {
			if tries++; tries == 1 {
				return err
			}
			return nil
		}), RetryOptions{}).Notify(context.Background(), note(1))
		if d := time.Since(start); d != 30*time.Second || tries != 2 {
			t.Errorf("waited %s, %d tries", d, tries)
		}
	})
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	l := NewLog(slog.New(slog.NewTextHandler(&b, nil)))
	n := note(1)
	healthy := note(2)
	healthy.Status, healthy.Title = alerting.Healthy, "HEALTHY"
	if err := l.Notify(context.Background(), n, healthy); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "level=ERROR") || !strings.Contains(lines[0], "id=n1") || !strings.Contains(lines[1], "level=INFO") {
		t.Errorf("%s", b.String())
	}
}

// The engine calls Send from its own goroutine and hears of fates through
// Submit: neither may wait for the other.
func TestSendNeverWaitsForDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var mu sync.Mutex
		heard := 0
		d := New(nil, Options{Done: func(string, error) {
			<-gate
			mu.Lock()
			heard++
			mu.Unlock()
		}})
		for i := range 5000 { // All dead letters: there is no receiver.
			d.Send(note(i))
		}
		s := d.Stats()[""]
		if s.Dead != 5000 || s.Unreported == 0 {
			t.Errorf("%+v", s)
		}
		close(gate)
		d.Close()
		if uint64(heard)+s.Unreported != 5000 {
			t.Errorf("%d fates reported and %d counted as unreported, of 5000", heard, s.Unreported)
		}
	})
}
