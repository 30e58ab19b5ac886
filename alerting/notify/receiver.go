// Package notify delivers notifications: receivers that know one way out each,
// and stages around them (bounded queue, rate limit with digest, retry, dead
// letters).
package notify

import (
	"context"

	"github.com/bellwether-ts/bellwether/alerting"
)

// Receiver sends notifications one way out. More than one notification at once
// is a digest. An error is retried unless it is Permanent.
type Receiver interface {
	Notify(ctx context.Context, ns ...alerting.Notification) error
}

// Dispatcher hands notifications to receivers by name.
type Dispatcher struct{}

// Send queues a notification for its receiver and never blocks.
func (d *Dispatcher) Send(n alerting.Notification) {}
