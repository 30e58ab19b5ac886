package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	promconfig "github.com/prometheus/common/config"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/notify"
	"github.com/bellwether-ts/bellwether/server/api"
	"github.com/bellwether-ts/bellwether/server/config"
)

// delivery is the way from the core's notifications to the receivers of the
// configuration, and back with what became of them.
type delivery struct {
	w     *whole
	now   atomic.Pointer[dispatch]
	fates chan fate
	done  chan struct{}
}

// dispatch is the dispatcher of one configuration.
type dispatch struct {
	*notify.Dispatcher
	types map[string]string // Receiver name to type, for the lists.
}

type fate struct {
	id  string
	err error
}

// maxFates is more than the core's outbox can hold, so that it is never full
// while the core keeps its own limit.
const maxFates = 32_768

func newDelivery(c config.Alerting, w *whole) (*delivery, error) {
	d := &delivery{w: w, fates: make(chan fate, maxFates), done: make(chan struct{})}
	first, err := d.build(c)
	if err != nil {
		return nil, err
	}
	d.now.Store(first)
	return d, nil
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

// ended takes the fate of a notification. It may be called on the engine's own
// goroutine, so it only queues.
func (d *delivery) ended(id string, err error) {
	select {
	case d.fates <- fate{id, err}:
	default:
		d.w.log.Error("cannot log a delivery: too many at once; it may be sent again after a restart", "notification", id)
	}
}

// start sends what an earlier process left in the outbox and begins to log
// fates; stop ends it.
func (d *delivery) start() {
	go func() {
		defer close(d.done)
		for f := range d.fates {
			if err := d.w.engine.Delivered(context.Background(), f.id, f.err); err != nil {
				d.w.log.Error("cannot log a delivery; it may be sent again after a restart", "notification", f.id, "err", err)
			}
		}
	}()
	d.sendOutbox()
}

func (d *delivery) sendOutbox() {
	var pending []alerting.Notification
	d.w.engine.View(func(c *alerting.Core) { pending = c.Outbox() })
	for _, n := range pending {
		d.now.Load().Send(n)
	}
}

// stop waits for the senders, then for the fates to be logged.
func (d *delivery) stop() {
	d.now.Load().Close()
	close(d.fates)
	<-d.done
}

// send hands a notification out and never blocks.
func (d *delivery) send(n alerting.Notification) { d.now.Load().Send(n) }

// replace puts the receivers of a new configuration into place. What waited in
// the old ones is in the outbox and sent by the new.
func (d *delivery) replace(next *dispatch) {
	old := d.now.Swap(next)
	old.Close()
	d.sendOutbox()
}

// status lists the receivers for people, by name.
func (d *delivery) status() []api.Receiver {
	cur := d.now.Load()
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
