// Package notify delivers notifications: receivers that know one way out each
// (webhook, log), and what every receiver needs around it, each a stage of its
// own: retry with jittered backoff, a bounded queue, a rate limit that turns a
// storm into digests, and a list of dead letters.
//
//	Dispatcher -> queue per receiver -> rate limit and digest -> Retry -> Receiver
//
// Delivery is at least once: a notification's ID goes along as idempotency key,
// and what was neither delivered nor given up when the program stopped is still
// in the core's outbox and is sent again. Nothing is dropped silently: what
// cannot be delivered becomes a dead letter with its reason.
//
// It refuses to decide what to send or to whom; that is the core's.
package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/cenkalti/backoff/v5"
)

// Receiver sends notifications one way out. More than one at once is a digest.
// An error is retried unless it is Permanent. A receiver may be handed the same
// notification again after a crash or a retry; Key tells.
type Receiver interface {
	Notify(ctx context.Context, ns ...alerting.Notification) error
}

// Func is a function as a Receiver.
type Func func(ctx context.Context, ns ...alerting.Notification) error

// Notify calls the function.
func (f Func) Notify(ctx context.Context, ns ...alerting.Notification) error { return f(ctx, ns...) }

// Permanent marks an error that another try cannot mend.
func Permanent(err error) error { return backoff.Permanent(err) }

// Key is the idempotency key of what is sent together: the notification's own
// ID, or for a digest a hash of the IDs in order.
func Key(ns []alerting.Notification) string {
	if len(ns) == 1 {
		return ns[0].ID
	}
	h := sha256.New()
	for _, n := range ns {
		fmt.Fprintf(h, "%d:%s", len(n.ID), n.ID)
	}
	return "digest-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// RetryOptions say how long to try. Zero values mean the default.
type RetryOptions struct {
	First   time.Duration // Wait before the second try; default 1 s. Later waits grow by half, each jittered by half.
	Longest time.Duration // Longest wait; default 1 min.
	GiveUp  time.Duration // Total time; default 10 min.
	Timeout time.Duration // Of one try; default 15 s.
}

// Retry is a stage that tries again until it works, the error is Permanent, the
// context ends, or the time is up.
func Retry(r Receiver, o RetryOptions) Receiver {
	set := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.First, time.Second)
	set(&o.Longest, time.Minute)
	set(&o.GiveUp, 10*time.Minute)
	set(&o.Timeout, 15*time.Second)
	return Func(func(ctx context.Context, ns ...alerting.Notification) error {
		tries := 0
		_, err := backoff.Retry(ctx, func() (struct{}, error) {
			tries++
			try, cancel := context.WithTimeout(ctx, o.Timeout)
			defer cancel()
			return struct{}{}, r.Notify(try, ns...)
		}, backoff.WithBackOff(&backoff.ExponentialBackOff{InitialInterval: o.First, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: o.Longest}),
			backoff.WithMaxElapsedTime(o.GiveUp))
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("gave up after %d tries: %w", tries, err)
		}
		return err
	})
}
