package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A greeting is 64 bytes: signature (0xFF, 8 bytes of padding, 0x7F), version, mechanism (20 bytes), as-server, filler.
const (
	greetingBytes  = 64
	versionAt      = 10
	mechanismAt    = 12
	mechanismBytes = 20
)

// greeting returns ours: version 3.0, so that subscribers subscribe by messages, and no security.
func greeting() []byte {
	g := make([]byte, greetingBytes)
	g[0], g[9], g[versionAt] = 0xFF, 0x7F, 3
	copy(g[mechanismAt:], "NULL")
	return g
}

// handshake greets the peer at the other end of rw as a socket of kind ours and returns the identity the peer gave itself, which may be empty.
// A peer whose kind is not among theirs is refused.
func handshake(r *bufio.Reader, w io.Writer, ours string, theirs []string) (identity []byte, err error) {
	if _, err := w.Write(greeting()); err != nil {
		return nil, err
	}
	var g [greetingBytes]byte
	if _, err := io.ReadFull(r, g[:]); err != nil {
		return nil, err
	}
	if g[0] != 0xFF || g[9] != 0x7F {
		return nil, fmt.Errorf("%w: no greeting", ErrProtocol)
	}
	if g[versionAt] < 3 {
		return nil, fmt.Errorf("%w: version %d, version 3 is the oldest that is served", ErrProtocol, g[versionAt])
	}
	mechanism := string(bytes.TrimRight(g[mechanismAt:mechanismAt+mechanismBytes], "\x00"))
	if mechanism != "NULL" {
		return nil, fmt.Errorf("%w: security mechanism %q, only NULL is served", ErrProtocol, mechanism)
	}
	if _, err := w.Write(ready(ours)); err != nil {
		return nil, err
	}
	flags, body, err := readFrame(r, maxCommandBytes)
	if err != nil {
		return nil, err
	}
	name, rest, ok := cutCommand(body)
	if flags&flagCommand == 0 || !ok || name != "READY" {
		return nil, fmt.Errorf("%w: %q where READY is due", ErrProtocol, name)
	}
	properties, err := parseProperties(rest)
	if err != nil {
		return nil, err
	}
	if kind := string(properties["socket-type"]); !slices.Contains(theirs, kind) {
		return nil, fmt.Errorf("%w: a %q socket cannot talk to a %s socket", ErrProtocol, kind, ours)
	}
	return properties["identity"], nil
}

// ready returns the READY command of a socket of that kind.
func ready(kind string) []byte {
	body := appendName(nil, "READY")
	body = appendProperty(body, "Socket-Type", []byte(kind))
	body = appendProperty(body, "Identity", nil)
	return appendFrame(nil, flagCommand, body)
}

// cutCommand splits a command's body into its name and the rest.
func cutCommand(body []byte) (name string, rest []byte, ok bool) {
	if len(body) == 0 || len(body) < 1+int(body[0]) {
		return "", nil, false
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], true
}

// parseProperties reads the metadata of a READY command. Names are case-insensitive and come back in lower case.
func parseProperties(data []byte) (map[string][]byte, error) {
	properties := make(map[string][]byte)
	for len(data) > 0 {
		name, rest, ok := cutCommand(data)
		if !ok || len(rest) < 4 {
			return nil, fmt.Errorf("%w: a property that is cut short", ErrProtocol)
		}
		size := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(size) > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: property %q has %d bytes of %d", ErrProtocol, name, len(rest), size)
		}
		properties[strings.ToLower(name)] = rest[:size]
		data = rest[size:]
	}
	return properties, nil
}

func appendName(dst []byte, name string) []byte {
	return append(append(dst, byte(len(name))), name...)
}

func appendProperty(dst []byte, name string, value []byte) []byte {
	dst = appendName(dst, name)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}
