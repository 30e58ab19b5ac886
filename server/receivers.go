package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	promconfig "github.com/prometheus/common/config"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/notify"
	"github.com/bellwether-ts/bellwether/server/api"
	"github.com/bellwether-ts/bellwether/server/config"
)

// delivery is the way from the core's notifications to the receivers of the
// configuration, and back with what became of them.
type delivery struct {
	w *whole

	// mu is held for writing while the dispatcher changes, so that nothing is
	// handed to one that is being closed.
	mu      sync.RWMutex
	now     *dispatch
	stopped bool
}

// dispatch is the dispatcher of one configuration.
type dispatch struct {
	*notify.Dispatcher
	types map[string]string // Receiver name to type, for the lists.
}

func newDelivery(c config.Alerting, w *whole) (*delivery, error) {
	d := &delivery{w: w}
	var err error
	d.now, err = d.build(c)
	return d, err
}

// build makes the receivers of a configuration, or says what is wrong with
// each.
func (d *delivery) build(c config.Alerting) (*dispatch, error) {
	receivers, types := map[string]notify.Receiver{}, map[string]string{}
	var errs []error
	for _, r := range c.Receivers {
		types[r.Name] = r.Type
		if r.Type == "log" {
			receivers[r.Name] = notify.NewLog(d.w.log.With("receiver", r.Name))
			continue
		}
		hook, err := webhook(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot use receiver %q: %w", r.Name, err))
			continue
		}
		receivers[r.Name] = notify.Retry(hook, notify.RetryOptions{Timeout: r.Timeout.D})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &dispatch{notify.New(receivers, notify.Options{Done: d.ended}), types}, nil
}

func webhook(r config.Receiver) (notify.Receiver, error) {
	http := promconfig.DefaultHTTPClientConfig
	http.TLSConfig.CAFile = r.CAFile
	if r.BearerTokenFile != "" {
		http.Authorization = &promconfig.Authorization{Type: "Bearer", CredentialsFile: r.BearerTokenFile}
	}
	return notify.NewWebhook(notify.WebhookConfig{URL: r.URL, HTTP: &http, CloudEvents: true})
}

// ended logs the fate of a notification. The dispatcher calls it on a goroutine
// of its own and queues what comes meanwhile.
func (d *delivery) ended(id string, err error) {
	if err := d.w.engine.Delivered(context.Background(), id, err); err != nil {
		d.w.log.Error("cannot log a delivery; it may be sent again after a restart", "notification", id, "err", err)
	}
}

// sendOutbox sends what an earlier process or the receivers before a reload
// left.
func (d *delivery) sendOutbox() {
	var pending []alerting.Notification
	d.w.engine.View(func(c *alerting.Core) { pending = c.Outbox() })
	for _, n := range pending {
		d.send(n)
	}
}

// stop waits for the senders and for their fates to be logged. What is sent
// later stays in the outbox for the next start.
func (d *delivery) stop() {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.now.Close()
}

// send hands a notification out and never blocks for long.
func (d *delivery) send(n alerting.Notification) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if !d.stopped {
		d.now.Send(n)
	}
}

// replace puts the receivers of a new configuration into place. What waited in
// the old ones is in the outbox and sent by the new.
func (d *delivery) replace(next *dispatch) {
	d.mu.Lock()
	old := d.now
	d.now = next
	d.mu.Unlock()
	old.Close()
	d.sendOutbox()
}

// current is the dispatcher in force.
func (d *delivery) current() *dispatch {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.now
}

// status lists the receivers for people, by name.
func (d *delivery) status() []api.Receiver {
	cur := d.current()
	stats := cur.Stats()
	byName := map[string]*api.Receiver{}
	var out []api.Receiver
	for _, name := range slices.Sorted(maps.Keys(stats)) {
		s := stats[name]
		if name == "" && s.Dead == 0 {
			continue
		}
		out = append(out, api.Receiver{Name: name, Type: cur.types[name], Queued: s.Waiting, Delivered: s.Delivered})
	}
	for i := range out {
		byName[out[i].Name] = &out[i]
	}
	for _, l := range cur.DeadLetters() {
		r := byName[l.Notification.Receiver]
		if r == nil {
			r = byName[""]
		}
		if r != nil {
			r.Dead = append(r.Dead, l)
		}
	}
	return out
}
