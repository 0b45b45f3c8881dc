package tokenizer

import "math"

// merge is what two neighbouring tokens become, and how early (0 is first).
type merge struct {
	rank uint32
	id   int32
}

// noMerge is the rank of a pair that never merges.
const noMerge = math.MaxUint32

// mergeTable maps pairs of tokens to their merge: open addressing with linear probing, about half full, because the lookups in it are
// where encoding a new word spends its time.
type mergeTable struct {
	keys   []uint64
	values []merge
	shift  uint
}

// emptyKey marks a free place: a pair of ids −1, which do not occur.
const emptyKey = math.MaxUint64

// newMergeTable makes room for n merges.
func newMergeTable(n int) *mergeTable {
	bits := uint(4)
	for 1<<bits < 2*n {
		bits++
	}
	t := &mergeTable{keys: make([]uint64, 1<<bits), values: make([]merge, 1<<bits), shift: 64 - bits}
	for i := range t.keys {
		t.keys[i] = emptyKey
	}
	return t
}

// place gives the slot of a pair: the one that holds it, or the free one where it belongs.
func (t *mergeTable) place(left, right int32) (slot int, key uint64) {
	key = uint64(uint32(left))<<32 | uint64(uint32(right))
	mask := len(t.keys) - 1
	slot = int(key * 0x9e3779b97f4a7c15 >> t.shift)
	for t.keys[slot] != key && t.keys[slot] != emptyKey {
		slot = (slot + 1) & mask
	}
	return slot, key
}

// put adds a merge; a pair already there is replaced.
func (t *mergeTable) put(left, right int32, m merge) {
	slot, key := t.place(left, right)
	t.keys[slot], t.values[slot] = key, m
}

// get looks a pair up; rank noMerge when it has none.
func (t *mergeTable) get(left, right int32) merge {
	slot, key := t.place(left, right)
	if t.keys[slot] != key {
		return merge{rank: noMerge}
	}
	return t.values[slot]
}

// shortPiece is the number of symbols up to which a plain search for the best pair beats a heap.
const shortPiece = 48

// merged applies the merges to the ids of a piece's bytes, in place: always the pair of lowest rank, the leftmost of equals.
func (t *mergeTable) merged(ids []int32) []int32 {
	if len(ids) > shortPiece {
		return t.mergedByHeap(ids)
	}
	var room [shortPiece]merge
	pairs := room[:max(len(ids)-1, 0)] // pairs[i] is the merge of ids[i] and ids[i+1]
	for i := range pairs {
		pairs[i] = t.get(ids[i], ids[i+1])
	}
	for len(pairs) > 0 {
		best := 0
		for i := 1; i < len(pairs); i++ {
			if pairs[i].rank < pairs[best].rank {
				best = i
			}
		}
		if pairs[best].rank == noMerge {
			break
		}
		ids[best] = pairs[best].id
		ids = append(ids[:best+1], ids[best+2:]...)
		pairs = append(pairs[:best], pairs[best+1:]...)
		if best > 0 {
			pairs[best-1] = t.get(ids[best-1], ids[best])
		}
		if best < len(pairs) {
			pairs[best] = t.get(ids[best], ids[best+1])
		}
	}
	return ids
}

// link is a symbol of a long piece in a doubly linked list, −1 at the ends. A symbol that was merged away has id −1.
type link struct{ id, previous, next int32 }

// candidate is a possible merge at a position. It is stale when the symbols there have changed since.
type candidate struct {
	merge
	at int32
}

// mergedByHeap is merged in n log n, for pieces such as a long run of letters without a space.
func (t *mergeTable) mergedByHeap(ids []int32) []int32 {
	links := make([]link, len(ids))
	var heap candidateHeap
	push := func(at int32) {
		if next := links[at].next; next >= 0 {
			if m := t.get(links[at].id, links[next].id); m.rank != noMerge {
				heap.push(candidate{m, at})
			}
		}
	}
	for i, id := range ids {
		links[i] = link{id, int32(i) - 1, int32(i) + 1}
	}
	links[len(links)-1].next = -1
	for i := range links {
		push(int32(i))
	}
	for len(heap) > 0 {
		c := heap.pop()
		left := &links[c.at]
		if left.id < 0 || left.next < 0 || t.get(left.id, links[left.next].id) != c.merge {
			continue
		}
		right := &links[left.next]
		left.id, right.id = c.id, -1
		left.next = right.next
		if left.next >= 0 {
			links[left.next].previous = c.at
		}
		push(c.at)
		if left.previous >= 0 {
			push(left.previous)
		}
	}
	out := ids[:0]
	for _, l := range links {
		if l.id >= 0 {
			out = append(out, l.id)
		}
	}
	return out
}

// candidateHeap is a binary heap by rank, then position.
type candidateHeap []candidate

// before orders candidates.
func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.at < b.at
}

// push adds a candidate.
func (h *candidateHeap) push(c candidate) {
	*h = append(*h, c)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s[i].before(s[parent]) {
			break
		}
		s[i], s[parent] = s[parent], s[i]
		i = parent
	}
}

// pop removes the first candidate.
func (h *candidateHeap) pop() candidate {
	s := *h
	top := s[0]
	s[0] = s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(s) {
			return top
		}
		if child+1 < len(s) && s[child+1].before(s[child]) {
			child++
		}
		if !s[child].before(s[i]) {
			return top
		}
		s[i], s[child] = s[child], s[i]
		i = child
	}
}
