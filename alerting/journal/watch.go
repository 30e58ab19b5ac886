package journal

// This file is a subscription: every matching transition, in order, without a
// gap, resumable. A watcher reads the ring in memory; one that fell behind it,
// or resumes from long ago, rebuilds the transitions from a snapshot and the
// log, which gives the same ids.

import (
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/prometheus/prometheus/model/labels"
)

// WatchOptions select what a watcher sees and where it starts.
type WatchOptions struct {
	Token    string                    // Resume after this token. Empty: see Start.
	Start    StartAt                   // Without a token.
	Kinds    []alerting.TransitionKind // Empty = all.
	Matchers []*labels.Matcher         // On the labels and `monitor` of the transition.
	Bookmark time.Duration             // Idle time after which a bookmark is sent; default 5 s.
}

// StartAt is where a watch without a token begins.
type StartAt int

// The starting points.
const (
	StartNow    StartAt = iota // With the next transition.
	StartOldest                // With the oldest that can still be rebuilt.
)

// Message is one step of a watch: the matching transitions of one log entry, or
// a bookmark saying that nothing at or before Seq is still to come.
type Message struct {
	Seq         uint64                `json:"seq"`
	PrevSeq     uint64                `json:"prev_seq"` // Seq of the message before (at first, the starting point), so a reader can prove there is no gap.
	Token       string                `json:"token"`    // Resume after this message.
	Bookmark    bool                  `json:"bookmark,omitempty"`
	Transitions []alerting.Transition `json:"transitions,omitempty"`
}

// Watcher is one subscriber's position. It is for one goroutine.
type Watcher struct {
	e      *Engine
	o      WatchOptions
	filter uint64
	pos    uint64 // Everything up to here was seen.
	prev   uint64 // Seq of the last message.
	buf    []entry
	past   *past // Set while it reads from the log.
}

// Watch starts a subscription. The error wraps ErrToken if the token is of
// another log, another filter or malformed, and is an *ExpiredError if what
// follows it is no longer kept.
func (e *Engine) Watch(o WatchOptions) (*Watcher, error) {
	if o.Bookmark <= 0 {
		o.Bookmark = 5 * time.Second
	}
	w := &Watcher{e: e, o: o, filter: filterHash(o)}
	head := e.feed.after(0).head
	oldest, err := e.oldestResume()
	if err != nil {
		return nil, err
	}
	w.pos = head
	if o.Start == StartOldest {
		w.pos = oldest
	}
	if o.Token != "" {
		t, err := parseToken(o.Token)
		switch {
		case err != nil:
			return nil, err
		case t.log != e.log.id:
			return nil, fmt.Errorf("%w: it belongs to another log (%x, this is %x); start without one", ErrToken, t.log[:4], e.log.id[:4])
		case t.filter != w.filter:
			return nil, fmt.Errorf("%w: it was given for another filter; use the same one, or start without a token", ErrToken)
		case t.seq > head:
			return nil, fmt.Errorf("%w: it stands at record %d, the log ends at %d; was the log restored from an old copy?", ErrToken, t.seq, head)
		case t.seq < oldest && e.feed.after(t.seq).behind:
			return nil, &ExpiredError{t.seq, w.token(oldest)}
		}
		w.pos = t.seq
	}
	w.prev = w.pos
	return w, nil
}

// oldestResume is the oldest position from which transitions can be rebuilt.
func (e *Engine) oldestResume() (uint64, error) {
	oldest := e.log.Oldest()
	if oldest == 1 {
		return 0, nil
	}
	seqs, err := e.snaps.list()
	if err != nil {
		return 0, err
	}
	for _, seq := range seqs {
		if seq+1 >= oldest {
			return seq, nil
		}
	}
	return 0, &ForgottenError{1, oldest}
}

// filterHash identifies a filter in a token.
func filterHash(o WatchOptions) uint64 {
	var parts []string
	for _, m := range o.Matchers {
		parts = append(parts, m.String())
	}
	for _, k := range o.Kinds {
		parts = append(parts, "kind:"+string(k))
	}
	slices.Sort(parts)
	h := fnv.New64a()
	h.Write([]byte(strings.Join(parts, "\x00")))
	return h.Sum64()
}

func (w *Watcher) token(seq uint64) string { return token{w.e.log.id, seq, w.filter}.String() }

// Token resumes after the message that Next returned last: at first, at the
// starting point.
func (w *Watcher) Token() string { return w.token(w.prev) }

// Seq is the position that Token resumes after.
func (w *Watcher) Seq() uint64 { return w.prev }

// Next waits for the next message. A bookmark comes after Bookmark without one.
// It returns ErrClosed once the engine is closed and everything was read.
func (w *Watcher) Next(ctx context.Context) (Message, error) {
	idle := time.NewTimer(w.o.Bookmark)
	defer idle.Stop()
	for {
		for len(w.buf) > 0 {
			e := w.buf[0]
			w.buf = w.buf[1:]
			w.pos = e.seq
			if ts := w.match(e.transitions); len(ts) > 0 {
				return w.message(Message{Seq: e.seq, Transitions: ts}), nil
			}
		}
		l := w.e.feed.after(w.pos)
		if l.behind {
			if err := w.readPast(ctx); err != nil {
				return Message{}, err
			}
			continue
		}
		w.Close() // It has caught up: the scratch core may go.
		if len(l.entries) > 0 {
			w.buf = l.entries
			continue
		}
		w.pos = max(w.pos, l.head)
		if l.closed {
			return Message{}, ErrClosed
		}
		select {
		case <-l.changed:
		case <-idle.C:
			return w.message(Message{Seq: w.pos, Bookmark: true}), nil
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

func (w *Watcher) message(m Message) Message {
	m.PrevSeq, m.Token = w.prev, w.token(m.Seq)
	w.prev = m.Seq
	return m
}

func (w *Watcher) match(ts []alerting.Transition) []alerting.Transition {
	var out []alerting.Transition
	for _, t := range ts {
		if len(w.o.Kinds) > 0 && !slices.Contains(w.o.Kinds, t.Kind) {
			continue
		}
		if alerting.MatchesThing(w.o.Matchers, t.Monitor, t.Labels) {
			out = append(out, t)
		}
	}
	return out
}

// past is a scratch core that runs through the log again.
type past struct {
	core *alerting.Core
	next func() (Record, error, bool)
	stop func()
}

// readPast fills buf with the next transitions from the log.
func (w *Watcher) readPast(ctx context.Context) error {
	if w.past == nil || w.past.core.Seq() > w.pos {
		w.Close()
		core, err := w.e.base(w.pos, &Report{})
		if err != nil {
			return w.expired(err)
		}
		next, stop := iter.Pull2(w.e.log.Read(core.Seq() + 1))
		w.past = &past{core, next, stop}
	}
	for range 1024 {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err, ok := w.past.next()
		if !ok {
			// The log went on since it was opened: open it anew from here.
			w.past.stop()
			w.past.next, w.past.stop = iter.Pull2(w.e.log.Read(w.past.core.Seq() + 1))
			return nil
		}
		if err != nil {
			return w.expired(err)
		}
		in, err := decodeInput(r)
		if err != nil {
			return err
		}
		outs := w.past.core.Apply(in)
		if r.Seq <= w.pos {
			continue
		}
		w.pos = r.Seq
		e := entry{seq: r.Seq}
		for _, o := range outs {
			if o.Transition != nil {
				e.transitions = append(e.transitions, *o.Transition)
			}
		}
		if len(e.transitions) > 0 {
			w.buf = append(w.buf, e)
			return nil
		}
	}
	return nil
}

// expired turns "no longer kept" into an error with the oldest token.
func (w *Watcher) expired(err error) error {
	oldest, oerr := w.e.oldestResume()
	if oerr != nil || oldest <= w.pos {
		return err
	}
	return &ExpiredError{w.pos, w.token(oldest)}
}

// Close releases what the watcher holds. It may be called more than once.
func (w *Watcher) Close() {
	if w.past != nil {
		w.past.stop()
		w.past = nil
	}
}
