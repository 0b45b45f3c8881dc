package zmtp

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// Publisher is an XPUB socket: what it publishes goes to every peer that has subscribed to a prefix of the first frame.
type Publisher struct {
	socket
	onSubscribe func(topic string) [][]byte

	topics struct {
		sync.Mutex
		byPeer map[*peer]map[string]bool
	}
}

// patience is how long one message waits for a subscriber that does not read.
const patience = 2 * time.Second

// NewPublisher serves an XPUB socket on the listener, which it takes over. For each new subscription onSubscribe, where not nil, returns a message
// for this one subscriber (nil for none); the subscriber gets it before anything published later. A nil logger drops what would be logged.
func NewPublisher(listener net.Listener, onSubscribe func(topic string) [][]byte, log *slog.Logger) *Publisher {
	p := &Publisher{onSubscribe: onSubscribe}
	p.topics.byPeer = make(map[*peer]map[string]bool)
	p.start(kind{name: "XPUB", peers: []string{"SUB", "XSUB"}}, listener, p, log)
	return p
}

// Publish queues a message for its subscribers. A subscriber for whom too much is queued already (it has stopped reading) delays Publish by up to
// two seconds, once, and loses messages from then on until it has caught up, unless keep is set: such messages, few and small, are queued always.
func (p *Publisher) Publish(frames [][]byte, keep bool) {
	if len(frames) == 0 {
		return
	}
	targets := p.subscribers(string(frames[0]))
	if len(targets) == 0 {
		return
	}
	wait := patience
	if keep {
		wait = -1
	}
	message := encodeMessage(frames)
	for _, target := range targets {
		if !target.out.push(message, wait) {
			p.log.Warn("a subscriber does not read: message dropped", "peer", target.conn.RemoteAddr(), "bytes", len(message))
		}
	}
}

// subscribers returns the peers that want the topic.
func (p *Publisher) subscribers(topic string) []*peer {
	p.topics.Lock()
	defer p.topics.Unlock()
	var wanted []*peer
	for target, prefixes := range p.topics.byPeer {
		for prefix := range prefixes {
			if strings.HasPrefix(topic, prefix) {
				wanted = append(wanted, target)
				break
			}
		}
	}
	return wanted
}

func (p *Publisher) joined(who *peer) {
	p.topics.Lock()
	defer p.topics.Unlock()
	p.topics.byPeer[who] = make(map[string]bool)
}

func (p *Publisher) left(who *peer) {
	p.topics.Lock()
	defer p.topics.Unlock()
	delete(p.topics.byPeer, who)
}

// maxTopics bounds the subscriptions of one peer.
const maxTopics = 1024

// received takes subscriptions: a byte 1 (subscribe) or 0 (cancel) and the topic's prefix. Anything else is ignored.
func (p *Publisher) received(who *peer, frames [][]byte) {
	if len(frames) != 1 || len(frames[0]) == 0 || len(frames[0]) > maxCommandBytes {
		return
	}
	topic := string(frames[0][1:])
	p.topics.Lock()
	defer p.topics.Unlock()
	prefixes := p.topics.byPeer[who]
	switch frames[0][0] {
	case 0:
		delete(prefixes, topic)
	case 1:
		if prefixes[topic] || len(prefixes) == maxTopics {
			return
		}
		if p.onSubscribe != nil {
			if welcome := p.onSubscribe(topic); welcome != nil {
				who.out.push(encodeMessage(welcome), -1)
			}
		}
		prefixes[topic] = true
	}
}
