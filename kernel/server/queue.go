package server

import (
	"sync"
	"time"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// request is a message with the time it arrived.
type request struct {
	wire.Message
	arrived time.Time
}

// queueLimit bounds the requests that wait; past it the shell socket is read no further.
const queueLimit = 10_000

// queue holds the requests of the shell channel in the order in which they came. It is filled while a cell runs, so that the times of arrival are
// true: after a failure they decide which cells are aborted.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []request
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// push appends a request, waiting for room. It reports false once the queue is closed.
func (q *queue) push(r request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) >= queueLimit && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, r)
	q.changed.Broadcast()
	return true
}

// pop waits for the next request. It reports false once the queue is closed, whatever still waits.
func (q *queue) pop() (request, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return request{}, false
	}
	r := q.waiting[0]
	q.waiting[0] = request{}
	q.waiting = q.waiting[1:]
	q.changed.Broadcast()
	return r, true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
