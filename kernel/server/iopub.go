package server

import (
	"context"
	"time"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// publish sends a message to all subscribers of iopub. Messages with keep set reach even a subscriber that lags behind. Content that JSON cannot hold,
// such as a NaN in a cell's display, is logged and an error.
func (s *Server) publish(t wire.Type, parent *wire.Message, content any, keep bool) error {
	return s.publishMessage(t, parent, content, nil, nil, keep)
}

// publishMessage is publish with metadata (nil for none) and buffers.
func (s *Server) publishMessage(t wire.Type, parent *wire.Message, content any, metadata []byte, buffers [][]byte, keep bool) error {
	frames, err := s.frames(t, "kernel."+s.session+"."+string(t), parent, content, metadata, buffers)
	if err != nil {
		s.log.Error("message not published", "type", t, "err", err)
		return err
	}
	s.sockets.IOPub.Publish(frames, keep)
	return nil
}

// welcome makes the iopub_welcome that greets a new subscriber: from then on it misses nothing.
func (s *Server) welcome(topic string) [][]byte {
	frames, err := s.frames(wire.IOPubWelcome, topic, nil, wire.WelcomeContent{Subscription: topic}, nil, nil)
	if err != nil {
		s.log.Error("subscriber not greeted", "err", err)
		return nil
	}
	return frames
}

func (s *Server) frames(t wire.Type, topic string, parent *wire.Message, content any, metadata []byte, buffers [][]byte) ([][]byte, error) {
	message, err := wire.New(t, s.session, username, parent, content)
	if err != nil {
		return nil, err
	}
	message.Identities = [][]byte{[]byte(topic)}
	message.Metadata, message.Buffers = metadata, buffers
	return message.Frames(s.signer)
}

// flushTime bounds how long a reply waits for a client that does not read.
const flushTime = 200 * time.Millisecond

// flush waits until everything published so far has left for the clients.
func (s *Server) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	s.sockets.IOPub.Flush(ctx)
}
