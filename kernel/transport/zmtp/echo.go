package zmtp

import (
	"log/slog"
	"net"
)

// Echo is a REP socket that answers every request with the request itself: the heartbeat of a kernel.
type Echo struct{ socket }

// NewEcho serves an echoing REP socket on the listener, which it takes over. A nil logger drops what would be logged.
func NewEcho(listener net.Listener, log *slog.Logger) *Echo {
	e := &Echo{}
	e.start(kind{name: "REP", peers: []string{"REQ", "DEALER"}}, listener, e, log)
	return e
}

func (e *Echo) joined(*peer) {}
func (e *Echo) left(*peer)   {}

// received sends the frames back with the envelope they came in, an empty frame after a REQ.
func (e *Echo) received(p *peer, frames [][]byte) {
	p.out.push(encodeMessage(frames), 0)
}
