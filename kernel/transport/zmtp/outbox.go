package zmtp

import (
	"context"
	"net"
	"sync"
	"time"
)

// outbox is the queue of encoded messages on their way to one peer. Its writer goroutine consumes the queue, waits for messages or the end,
// is unblocked by push and close, and produces bytes on the connection.
type outbox struct {
	highWater int // bytes; a message that finds more than this queued has to wait

	mu      sync.Mutex
	changed *sync.Cond
	queue   [][]byte
	bytes   int    // queued and being written
	pushed  uint64 // messages ever queued
	written uint64 // messages ever written
	lagging bool   // the peer let a message time out; until it catches up, messages that find the queue full are dropped at once
	slow    bool   // the peer let a flush time out; until it has read everything, flush does not wait for it
	closed  bool
}

func newOutbox(highWater int) *outbox {
	o := &outbox{highWater: highWater}
	o.changed = sync.NewCond(&o.mu)
	return o
}

// push queues a message. Where the queue is full it waits up to patience for room, then drops the message and reports false.
// A negative patience queues in any case.
func (o *outbox) push(message []byte, patience time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if patience >= 0 && o.full() && !o.lagging {
		o.await(patience, func() bool { return !o.full() })
	}
	if o.closed {
		return false
	}
	if patience >= 0 && o.full() {
		o.lagging = true
		return false
	}
	o.queue = append(o.queue, message)
	o.bytes += len(message)
	o.pushed++
	o.changed.Broadcast()
	return true
}

func (o *outbox) full() bool { return o.bytes > o.highWater }

// await waits, with the lock held, until done or closed or the time is over.
func (o *outbox) await(limit time.Duration, done func() bool) {
	expired := false
	timer := time.AfterFunc(limit, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		expired = true
		o.changed.Broadcast()
	})
	defer timer.Stop()
	for !done() && !o.closed && !expired {
		o.changed.Wait()
	}
}

// flush waits until all that is queued now has been written, the connection is gone, or ctx ends. It does not wait a second time for a peer that
// does not read.
func (o *outbox) flush(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.changed.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	target := o.pushed
	for o.written < target && !o.closed && !o.slow && ctx.Err() == nil {
		o.changed.Wait()
	}
	o.slow = o.written < target
}

// close ends the writer and everyone who waits. Messages still queued are lost: flush first to keep them.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.queue, o.bytes = nil, 0
	o.changed.Broadcast()
}

// write sends the queue to conn until the outbox is closed or writing fails.
func (o *outbox) write(conn net.Conn) error {
	for {
		batch := o.take()
		if batch == nil {
			return nil
		}
		size, count := 0, len(batch)
		for _, message := range batch {
			size += len(message)
		}
		buffers := net.Buffers(batch)
		if _, err := buffers.WriteTo(conn); err != nil {
			return err
		}
		o.wrote(count, size)
	}
}

// maxBatch bounds how many messages are written by one system call.
const maxBatch = 64

// take waits for messages and returns them, nil once the outbox is closed.
func (o *outbox) take() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) == 0 && !o.closed {
		o.changed.Wait()
	}
	if o.closed {
		return nil
	}
	n := min(len(o.queue), maxBatch)
	batch := o.queue[:n:n]
	if o.queue = o.queue[n:]; len(o.queue) == 0 {
		o.queue = nil // let go of the array: a burst must not pin memory
	}
	return batch
}

func (o *outbox) wrote(count, size int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.written += uint64(count)
	if o.bytes -= size; o.bytes < 0 {
		o.bytes = 0 // closed meanwhile
	}
	if o.bytes <= o.highWater/2 {
		o.lagging = false
	}
	if o.bytes == 0 {
		o.slow = false
	}
	o.changed.Broadcast()
}
