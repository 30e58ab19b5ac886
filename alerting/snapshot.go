package alerting

// This file is the whole state as bytes. The form is one JSON document, version
// 1: every list in a defined order, every map by key, so equal states give
// equal bytes and a hash of them compares two replicas.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

const snapshotVersion = 1

// snapshot is the document. Lists of pointers are sorted by key or id; closed
// and ended keep their order of happening.
type snapshot struct {
	Version   int              `json:"version"`
	Log       string           `json:"log"` // Log id, hexadecimal.
	Config    Config           `json:"config"`
	Seq       uint64           `json:"seq"`
	Wall      int64            `json:"wall"`
	Mono      int64            `json:"mono"`
	Alerts    []*alert         `json:"alerts"`
	Groups    []*group         `json:"groups"`
	Latest    []string         `json:"latest"` // Ids of the newest open group of each key.
	Closed    []string         `json:"closed"`
	Supps     []*suppression   `json:"suppressions"`
	Ended     []string         `json:"ended"`
	Inventory []Thing          `json:"inventory"`
	Outbox    []Notification   `json:"outbox"`
	Decisions []storedDecision `json:"decisions"`
	Counters  counters         `json:"counters"`
}

// Snapshot returns the whole state as bytes; equal states give equal bytes.
func (c *Core) Snapshot() []byte {
	s := snapshot{Version: snapshotVersion, Log: hex.EncodeToString(c.id[:]), Config: c.cfg, Seq: c.seq, Wall: c.wall, Mono: c.mono,
		Closed: c.closed, Ended: c.ended, Outbox: c.Outbox(), Decisions: c.decisions.inOrder(), Counters: c.stats}
	for _, k := range sortedKeys(c.alerts) {
		s.Alerts = append(s.Alerts, c.alerts[k])
	}
	for _, id := range sortedKeys(c.groups) {
		s.Groups = append(s.Groups, c.groups[id])
	}
	for _, k := range sortedKeys(c.latest) {
		s.Latest = append(s.Latest, c.latest[k].ID)
	}
	for _, id := range sortedKeys(c.supps) {
		s.Supps = append(s.Supps, c.supps[id])
	}
	for _, k := range sortedKeys(c.inventory) {
		s.Inventory = append(s.Inventory, c.inventory[k])
	}
	b, err := json.Marshal(&s)
	if err != nil {
		// Unreachable: every type here marshals (Number takes care of NaN).
		return []byte("cannot write snapshot: " + err.Error())
	}
	return b
}

// StateHash returns the SHA-256 of Snapshot.
func (c *Core) StateHash() [32]byte { return sha256.Sum256(c.Snapshot()) }

// Restore rebuilds a core from a snapshot.
func Restore(b []byte) (*Core, error) {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("cannot read snapshot of the alert core: %w; use an older snapshot, or the log from its start", err)
	}
	if s.Version != snapshotVersion {
		return nil, fmt.Errorf("cannot read snapshot of the alert core: version %d, this program reads %d", s.Version, snapshotVersion)
	}
	id, err := hex.DecodeString(s.Log)
	if err != nil || len(id) != len(LogID{}) {
		return nil, fmt.Errorf("cannot read snapshot of the alert core: log id %q is not 32 hexadecimal digits", clip(s.Log, 40))
	}
	c, err := New(LogID(id), s.Config)
	if err != nil {
		return nil, err
	}
	c.seq, c.wall, c.mono = s.Seq, s.Wall, max(s.Mono, 1)
	c.closed, c.ended = s.Closed, s.Ended
	if err := c.restore(&s); err != nil {
		return nil, fmt.Errorf("cannot read snapshot of the alert core: %w; use an older snapshot, or the log from its start", err)
	}
	return c, nil
}

// restore fills the maps and rebuilds what is derived.
func (c *Core) restore(s *snapshot) error {
	for _, a := range s.Alerts {
		if a == nil || a.Key == "" {
			return fmt.Errorf("an alert without a key")
		}
		c.alerts[a.Key] = a
	}
	for _, g := range s.Groups {
		if g == nil || g.ID == "" {
			return fmt.Errorf("a group without an id")
		}
		c.groups[g.ID] = g
		if err := c.restoreGroup(g); err != nil {
			return err
		}
	}
	for _, id := range s.Latest {
		g := c.groups[id]
		if g == nil {
			return fmt.Errorf("latest group %q is missing", id)
		}
		c.latest[g.Key] = g
	}
	for _, id := range s.Closed {
		if c.groups[id] == nil {
			return fmt.Errorf("closed group %q is missing", id)
		}
		c.lastClosed[c.groups[id].Key] = id
	}
	if err := c.restoreSuppressions(s.Supps); err != nil {
		return err
	}
	for _, a := range s.Alerts {
		c.count(a, +1)
		c.armAlert(a)
		for _, id := range a.SuppressedBy {
			if c.supps[id] == nil {
				return fmt.Errorf("suppression %q is missing", id)
			}
			c.supps[id].holding[a.Key] = struct{}{}
		}
	}
	for _, t := range s.Inventory {
		c.inventory[t.Key()] = t
	}
	for i := range s.Outbox {
		c.outbox.byID[s.Outbox[i].ID] = &s.Outbox[i]
		c.outbox.order = append(c.outbox.order, s.Outbox[i].ID)
	}
	c.decisions.list = s.Decisions
	if s.Counters.Verdicts != nil && s.Counters.Refusals != nil {
		c.stats = s.Counters
	}
	return nil
}

func (c *Core) restoreGroup(g *group) error {
	if g.Closed {
		return nil
	}
	c.open++
	g.index = make(map[string]int, len(g.Members))
	for i, key := range g.Members {
		if c.alerts[key] == nil {
			return fmt.Errorf("member %q of group %q is missing", key, g.ID)
		}
		g.index[key] = i
	}
	c.armGroup(g)
	return nil
}

func (c *Core) restoreSuppressions(supps []*suppression) error {
	for _, s := range supps {
		if s == nil {
			return fmt.Errorf("a suppression without an id")
		}
		s.holding = map[string]struct{}{}
		ts, err := readTargets(s.Suppression, s)
		if err != nil {
			return err
		}
		s.targets = ts
		c.supps[s.ID] = s
		if s.State == Active {
			c.muting.add(s)
		}
		c.edges.arm(&s.queued, s.edge(), edgeTimer, s.ID)
	}
	return nil
}
