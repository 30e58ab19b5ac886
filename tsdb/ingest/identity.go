package ingest

import (
	"hash/maphash"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
)

// A sender repeats the same series in every request, byte for byte. So the raw
// label bytes of a remote-write series are hashed and looked up here, and a
// known series needs no decoding of its labels and no hashing of them in the
// store.
//
// The key is two keyed 64-bit hashes with seeds of this process: a sender can
// neither meet nor build a collision. References that the store deletes are
// swept out later; until then they do no harm, since the store checks a
// reference and falls back to the labels.

type identityKey struct{ a, b uint64 }

type identity struct {
	ref    uint64
	labels labels.Labels // Shares its memory with the store's.
}

const (
	identityShards = 64
	// maxIdentities bounds a shard: some 16 million series in all. Beyond it
	// series are decoded each time.
	maxIdentities = 1 << 18
)

type identities struct {
	seedA, seedB maphash.Seed
	shards       [identityShards]struct {
		mu sync.RWMutex
		m  map[identityKey]identity
	}
	goneMu sync.Mutex
	gone   map[uint64]struct{} // Deleted references not swept out yet.
}

func newIdentities() *identities {
	return &identities{seedA: maphash.MakeSeed(), seedB: maphash.MakeSeed(), gone: map[uint64]struct{}{}}
}

func (s *identities) key(raw []byte) identityKey {
	return identityKey{maphash.Bytes(s.seedA, raw), maphash.Bytes(s.seedB, raw)}
}

func (s *identities) get(k identityKey) (identity, bool) {
	shard := &s.shards[k.a%identityShards]
	shard.mu.RLock()
	id, ok := shard.m[k]
	shard.mu.RUnlock()
	return id, ok
}

func (s *identities) put(k identityKey, id identity) {
	shard := &s.shards[k.a%identityShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.m == nil {
		shard.m = make(map[identityKey]identity)
	}
	if _, known := shard.m[k]; known || len(shard.m) < maxIdentities {
		shard.m[k] = id
	}
}

// forget notes deleted references; sweep removes them.
func (s *identities) forget(refs []uint64) {
	s.goneMu.Lock()
	defer s.goneMu.Unlock()
	for _, ref := range refs {
		s.gone[ref] = struct{}{}
	}
}

// sweep removes the entries of deleted references. It is called when a sender
// brings a new series, which is when memory grows, and does nothing while few
// are gone.
func (s *identities) sweep() {
	const worthIt = 1000
	s.goneMu.Lock()
	if len(s.gone) < worthIt {
		s.goneMu.Unlock()
		return
	}
	gone := s.gone
	s.gone = map[uint64]struct{}{}
	s.goneMu.Unlock()
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		for k, id := range shard.m {
			if _, dead := gone[id.ref]; dead {
				delete(shard.m, k)
			}
		}
		shard.mu.Unlock()
	}
}
