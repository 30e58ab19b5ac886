package journal

import (
	"context"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/prometheus/prometheus/model/labels"
)

// WatchOptions select what a watcher sees and where it starts.
type WatchOptions struct {
	Token    string                    // Resume after this token. Empty: start with the next transition.
	FromSeq  uint64                    // With no token: start after this sequence number; 0 = now.
	Kinds    []alerting.TransitionKind // Empty = all.
	Matchers []*labels.Matcher         // On the labels and `monitor` of the transition.
	Bookmark time.Duration             // Idle time after which a bookmark is sent; default 5 s.
}

// Message is one step of a watch: the matching transitions of one log entry, or
// a bookmark saying that nothing older than Seq will come.
type Message struct {
	Seq         uint64                `json:"seq"`
	PrevSeq     uint64                `json:"prev_seq"` // Seq of the message before, so a reader can prove there is no gap.
	Token       string                `json:"token"`    // Resume after this message.
	Bookmark    bool                  `json:"bookmark,omitempty"`
	Transitions []alerting.Transition `json:"transitions,omitempty"`
}

// Watcher is one subscriber's position.
type Watcher struct{}

// Watch starts a subscription.
func (e *Engine) Watch(o WatchOptions) (*Watcher, error) { return nil, errNotBuilt }

// Next waits for the next message.
func (w *Watcher) Next(ctx context.Context) (Message, error) { return Message{}, errNotBuilt }

// Close releases the watcher.
func (w *Watcher) Close() {}
