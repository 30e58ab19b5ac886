package alerting

// This file is who is who: the key of a monitored thing, the id of an event,
// and the hash that tells a repetition from news.

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/prometheus/model/labels"
)

// Defaults returns the event with every default filled in that does not depend
// on the configuration: schema version, priority, observed_at (at, Unix
// milliseconds), since, and the id.
func (e Event) Defaults(at int64) Event {
	def(&e.SchemaVersion, SchemaVersion)
	def(&e.Priority, Low)
	def(&e.ObservedAt, at)
	def(&e.Since, e.ObservedAt)
	if e.ID == "" {
		e.ID = e.contentID()
	}
	return e
}

// contentID is the id of an event that brings none: 128 bits of SHA-256 over
// monitor, labels, status and since, so that two senders who saw the same
// change made the same event.
func (e *Event) contentID() string {
	b := appendKey(make([]byte, 0, 256), e.Monitor, e.Labels)
	b = append(b, 2)
	b = append(b, e.Status...)
	b = append(b, 2)
	b = strconv.AppendInt(b, e.Since, 10)
	sum := sha256.Sum256(b)
	return "e" + hex.EncodeToString(sum[:16])
}

// appendKey appends the identity of a monitored thing: its monitor and labels.
// Every part carries its length, so no two things share a key.
func appendKey(b []byte, monitor string, ls labels.Labels) []byte {
	b = appendText(b, monitor)
	ls.Range(func(l labels.Label) {
		b = appendText(b, l.Name)
		b = appendText(b, l.Value)
	})
	return b
}

func appendText(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

// Key is the identity of the thing.
func (t Thing) Key() string { return string(appendKey(nil, t.Monitor, t.Labels)) }

// content hashes what makes two events of one thing say the same: all but the
// identity, the id, the times and the evidence. buf is scratch memory.
func (e *Event) content(buf []byte) (uint64, []byte) {
	buf = append(buf[:0], e.Status...)
	buf = append(buf, e.Priority...)
	buf = appendText(buf, e.Message)
	buf = appendText(buf, e.Alerting.Channel)
	buf = appendText(buf, e.Alerting.TicketQueue)
	buf = strconv.AppendInt(buf, e.Grouping.Window, 10)
	for _, k := range e.Grouping.Keys {
		buf = appendText(buf, k)
	}
	for _, l := range e.Links {
		buf = appendText(buf, l.Title)
		buf = appendText(buf, l.URL)
	}
	if len(e.Filters) > 0 {
		j, _ := json.Marshal(e.Filters) // Rare; JSON sorts the parameters.
		buf = append(buf, j...)
	}
	sum := xxhash.Sum64(buf)
	// A map has no order: the sum of its entries' hashes has none either.
	for k, v := range e.Context {
		buf = appendText(buf[:0], k)
		buf = appendText(buf, v)
		sum += xxhash.Sum64(buf)
	}
	return sum, buf
}

func compareStrings(a, b string) int { return cmp.Compare(a, b) }

// labelOf returns what a matcher sees under name: the monitor for `monitor`
// and for the bare name of a selector, else the label.
func labelOf(monitor string, ls labels.Labels, name string) string {
	if name == "monitor" || name == labels.MetricName {
		return monitor
	}
	return ls.Get(name)
}

func matchesAll(ms []*labels.Matcher, monitor string, ls labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(labelOf(monitor, ls, m.Name)) {
			return false
		}
	}
	return true
}

// MatchesThing reports whether the monitor and labels satisfy every matcher;
// `monitor` (or the bare name of the selector) stands for the monitor.
func MatchesThing(ms []*labels.Matcher, monitor string, ls labels.Labels) bool {
	return matchesAll(ms, monitor, ls)
}
