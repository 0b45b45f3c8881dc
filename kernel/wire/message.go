package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Message is one Jupyter message. The JSON parts stay as they came: the contents are decoded by whoever handles the type, and the header is
// given back byte for byte as the parent header of replies.
type Message struct {
	// Identities are the routing frames before the delimiter: the ROUTER identities of the peer on shell, control and stdin, the topic on iopub.
	Identities [][]byte
	Header     Header
	// Parent is the header of the message that caused this one, as JSON; nil stands for {}.
	Parent json.RawMessage
	// Metadata is a JSON object; nil stands for {}.
	Metadata json.RawMessage
	// Content is a JSON object; nil stands for {}.
	Content json.RawMessage
	// Buffers are binary parts after the JSON ones (comms use them). They are not signed.
	Buffers [][]byte

	rawHeader json.RawMessage // as received; nil in messages made here
}

// New makes a message of the session with content encoded as JSON. A nil parent means that nothing asked for it.
func New(t Type, session, username string, parent *Message, content any) (Message, error) {
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetEscapeHTML(false) // escapes would swell HTML and SVG outputs
	if err := encoder.Encode(content); err != nil {
		return Message{}, fmt.Errorf("encode the content of %s: %w", t, err)
	}
	m := Message{Header: NewHeader(t, session, username), Content: bytes.TrimRight(raw.Bytes(), "\n")}
	if parent != nil {
		var err error
		if m.Parent, err = parent.HeaderJSON(); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}

// HeaderJSON returns the header as JSON: the very bytes that were received, or an encoding of Header in a message made here.
func (m *Message) HeaderJSON() (json.RawMessage, error) {
	if m.rawHeader != nil {
		return m.rawHeader, nil
	}
	raw, err := json.Marshal(m.Header)
	if err != nil {
		return nil, fmt.Errorf("encode the header of %s: %w", m.Header.Type, err)
	}
	return raw, nil
}

// ParentHeader decodes Parent. It is the zero Header where there is no parent.
func (m *Message) ParentHeader() (Header, error) {
	var h Header
	if len(m.Parent) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(m.Parent, &h); err != nil {
		return h, fmt.Errorf("%w: parent header of %s: %w", ErrMalformed, m.Header.Type, err)
	}
	return h, nil
}

// isObject reports whether raw holds one JSON object and nothing else.
func isObject(raw []byte) bool {
	trimmed := bytes.TrimLeft(raw, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(raw)
}

// object returns raw, or the empty object for nil.
func object(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return []byte("{}")
	}
	return raw
}
