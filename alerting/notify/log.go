package notify

// This file is the log receiver: one line per notification, the receiver of
// whoever has configured none.

import (
	"context"
	"log/slog"

	"github.com/bellwether-ts/bellwether/alerting"
)

// NewLog returns a receiver that writes to the logger: pages at level error,
// other trouble at warn, recoveries at info. It never fails.
func NewLog(l *slog.Logger) Receiver {
	return Func(func(ctx context.Context, ns ...alerting.Notification) error {
		for _, n := range ns {
			level := slog.LevelWarn
			switch {
			case n.Status == alerting.Healthy:
				level = slog.LevelInfo
			case n.Action == alerting.Page:
				level = slog.LevelError
			}
			l.LogAttrs(ctx, level, n.Title,
				slog.String("id", n.ID), slog.String("kind", string(n.Kind)), slog.String("action", string(n.Action)),
				slog.String("group", n.Group), slog.String("priority", string(n.Priority)), slog.String("ticket_queue", n.TicketQueue),
				slog.Int("unhealthy", n.Unhealthy), slog.Int("muted", n.Muted), slog.Int("total", n.Total), slog.String("why", n.Why))
		}
		return nil
	})
}
