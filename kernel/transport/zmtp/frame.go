package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits on what one peer may send.
const (
	// MaxMessageBytes bounds all frames of one message together.
	MaxMessageBytes = 64 << 20
	// MaxFrames bounds the number of frames of one message.
	MaxFrames = 4096
	// maxCommandBytes bounds a command: a READY with its properties, a subscription.
	maxCommandBytes = 64 << 10
)

// ErrProtocol is the error of a peer that does not speak the protocol, or that exceeds a limit.
var ErrProtocol = errors.New("not ZMTP")

// Bits of a frame's flags.
const (
	flagMore    = 1 << 0
	flagLong    = 1 << 1
	flagCommand = 1 << 2
)

// growStep is how much memory a frame may claim before its bytes have come.
const growStep = 64 << 10

// readFrame reads one frame whose body may have up to budget bytes.
func readFrame(r *bufio.Reader, budget int64) (flags byte, body []byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, nil, err
	}
	flags = head[0]
	size := uint64(head[1])
	if flags&flagLong != 0 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, nil, unexpected(err)
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 || flags&flagCommand != 0 && flags&flagMore != 0 {
		return 0, nil, fmt.Errorf("%w: frame flags %#x", ErrProtocol, flags)
	}
	if flags&flagCommand != 0 {
		budget = min(budget, maxCommandBytes)
	}
	if budget < 0 || size > uint64(budget) {
		return 0, nil, fmt.Errorf("%w: a frame of %d bytes where at most %d are taken", ErrProtocol, size, budget)
	}
	if size <= growStep {
		body = make([]byte, size)
		_, err = io.ReadFull(r, body)
		return flags, body, unexpected(err)
	}
	var grown bytes.Buffer
	if _, err := io.CopyN(&grown, r, int64(size)); err != nil {
		return 0, nil, unexpected(err)
	}
	return flags, grown.Bytes(), nil
}

// readMessage reads the frames of one message, or the body of one command.
func readMessage(r *bufio.Reader) (frames [][]byte, command bool, err error) {
	budget := int64(MaxMessageBytes)
	for {
		flags, body, err := readFrame(r, budget)
		if err != nil {
			if len(frames) > 0 {
				err = unexpected(err)
			}
			return nil, false, err
		}
		if flags&flagCommand != 0 {
			if len(frames) > 0 {
				return nil, false, fmt.Errorf("%w: a command inside a message", ErrProtocol)
			}
			return [][]byte{body}, true, nil
		}
		frames = append(frames, body)
		if flags&flagMore == 0 {
			return frames, false, nil
		}
		if len(frames) == MaxFrames {
			return nil, false, fmt.Errorf("%w: a message of more than %d frames", ErrProtocol, MaxFrames)
		}
		budget -= int64(len(body))
	}
}

// appendFrame appends a frame with its header.
func appendFrame(dst []byte, flags byte, body []byte) []byte {
	if len(body) > 255 {
		dst = append(dst, flags|flagLong)
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(body)))
	} else {
		dst = append(dst, flags, byte(len(body)))
	}
	return append(dst, body...)
}

// encodeMessage returns the bytes of a message on the wire.
func encodeMessage(frames [][]byte) []byte {
	size := 0
	for _, frame := range frames {
		size += 9 + len(frame)
	}
	out := make([]byte, 0, size)
	for i, frame := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = flagMore
		}
		out = appendFrame(out, flags, frame)
	}
	return out
}

// unexpected turns the end of input inside a frame into an error that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
