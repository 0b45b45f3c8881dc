package tokenizer

import (
	"strings"
	"sync"
)

// Limits of the piece cache: natural text repeats its words, so a few hundred thousand of them cover nearly all of it.
const (
	cacheShards    = 16
	cachePerShard  = 16384 // pieces; a full shard is emptied
	cachePieceSize = 48    // bytes; longer pieces rarely come again
)

// cache remembers the ids of pieces. It is cut into shards so that goroutines seldom wait for each other.
type cache struct {
	shards [cacheShards]struct {
		sync.RWMutex
		ids map[string][]int32
		_   [32]byte // a cache line of its own
	}
}

// shardOf chooses the shard of a piece.
func shardOf(piece string) int {
	return int(piece[0]*7^piece[len(piece)-1]*3^byte(len(piece))) % cacheShards
}

// get gives the ids of a piece; the slice must not be changed.
func (c *cache) get(piece string) ([]int32, bool) {
	s := &c.shards[shardOf(piece)]
	s.RLock()
	ids, ok := s.ids[piece]
	s.RUnlock()
	return ids, ok
}

// put remembers copies of the piece and its ids.
func (c *cache) put(piece string, ids []int32) {
	s := &c.shards[shardOf(piece)]
	kept := append(make([]int32, 0, len(ids)), ids...)
	s.Lock()
	if s.ids == nil || len(s.ids) >= cachePerShard {
		s.ids = make(map[string][]int32, 256)
	}
	s.ids[strings.Clone(piece)] = kept
	s.Unlock()
}
