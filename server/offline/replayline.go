package offline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/alerting"
)

// Line is one thing that would have happened, as Replay reports it and
// `replay -o json` prints it, one object a line.
type Line struct {
	Time    string `json:"time"`    // RFC 3339, UTC: virtual time.
	Kind    string `json:"kind"`    // One of the Line kinds.
	Subject string `json:"subject"` // The monitor of an event, the group key of a notification.
	Text    string `json:"text"`    // One sentence for people.

	// Verdict is what became of an event: told, grouped, pending, muted, ...
	Verdict alerting.Verdict `json:"verdict,omitempty"`
	// By is the suppression that muted; only where Kind is suppressed.
	By           string                 `json:"by,omitempty"`
	Event        *alerting.Event        `json:"event,omitempty"`
	Notification *alerting.Notification `json:"notification,omitempty"`
	Trace        string                 `json:"trace,omitempty"` // Why it was decided so.
}

// The kinds of Line.
const (
	LineEvent        = "event"        // An analysis changed its mind about something.
	LineNotification = "notification" // Somebody would have been told.
	LineSuppressed   = "suppressed"   // A suppression kept somebody from being told.
	LineRefused      = "refused"      // The alert core refused an event: a limit, or a malformed label.
)

// Summary is the end of a replay.
type Summary struct {
	From          string         `json:"from"` // RFC 3339, UTC: what was reported. Both empty if nothing was.
	To            string         `json:"to"`
	Series        int            `json:"series"`
	Samples       int64          `json:"samples"`
	Events        int            `json:"events"`
	Groups        int            `json:"groups"`        // Opened.
	Notifications int            `json:"notifications"` // Of every action and kind.
	Pages         int            `json:"pages"`         // That would have woken somebody: the first word and updates, not the all-clear.
	PagesPerDay   float64        `json:"pages_per_day"`
	Tickets       int            `json:"tickets"`
	Suppressed    map[string]int `json:"suppressed"` // Why events told nobody, to how many: "min-age", "flap", "repeated", "held-back" (too little beside so many series), or a suppression's id.
}

// WriteReplay returns what Replay's emit takes, writing text or json to w, and
// a function that writes the summary.
func WriteReplay(w *bufio.Writer, f Format) (emit func(Line) error, end func(Summary) error, err error) {
	switch f {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return func(l Line) error { return enc.Encode(l) }, func(s Summary) error {
			return enc.Encode(struct {
				Kind string `json:"kind"`
				Summary
			}{"summary", s})
		}, nil
	case Text, "":
		return func(l Line) error {
				_, err := fmt.Fprintln(w, l.String())
				return err
			}, func(s Summary) error {
				_, err := fmt.Fprint(w, s.String())
				return err
			}, nil
	}
	return nil, nil, fmt.Errorf("cannot write %q: want text or json", f)
}

// String renders the line for people.
func (l Line) String() string {
	what := l.Kind
	switch {
	case l.Notification != nil:
		n := l.Notification
		what = fmt.Sprintf("%s %s to %s", strings.ToUpper(string(n.Action)), n.Kind, n.Receiver)
	case l.Event != nil:
		what = fmt.Sprintf("event %s %s (%s)", l.Event.Status, l.Event.Priority, l.Verdict)
	case l.By != "":
		what = "suppressed by " + l.By
	}
	return fmt.Sprintf("%s  %s  %s: %s", l.Time, what, l.Subject, l.Text)
}

// String renders the summary for people.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nReplayed %s of %s", plural(int(s.Samples), "sample", "samples"), plural(s.Series, "series", "series"))
	if s.From != "" {
		fmt.Fprintf(&b, ", reported from %s to %s", s.From, s.To)
	}
	b.WriteString(".\n")
	fmt.Fprintf(&b, "%s became %s: %s (%.2f a day), %s, %s in all.\n",
		plural(s.Events, "event", "events"), plural(s.Groups, "group", "groups"), plural(s.Pages, "page", "pages"), s.PagesPerDay,
		plural(s.Tickets, "ticket", "tickets"), plural(s.Notifications, "notification", "notifications"))
	for _, by := range slices.Sorted(maps.Keys(s.Suppressed)) {
		fmt.Fprintf(&b, "  %d kept quiet by %s\n", s.Suppressed[by], by)
	}
	return b.String()
}
