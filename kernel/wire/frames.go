package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrMalformed is the error of frames that are no Jupyter message, or of content that does not fit its type.
var ErrMalformed = errors.New("malformed message")

// delimiter ends the routing frames.
var delimiter = []byte("<IDS|MSG>")

// jsonParts is how many signed JSON frames follow the signature: header, parent header, metadata, content.
const jsonParts = 4

// Parse reads a message from the frames of a socket: routing identities, delimiter, signature, header, parent header, metadata, content and
// any number of buffers. The signature is checked before anything is decoded. Errors wrap ErrMalformed or ErrSignature.
func Parse(frames [][]byte, signer *Signer) (Message, error) {
	at := -1
	for i, frame := range frames {
		if bytes.Equal(frame, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return Message{}, fmt.Errorf("%w: %d frames without the delimiter %s", ErrMalformed, len(frames), delimiter)
	}
	rest := frames[at+1:]
	if len(rest) < 1+jsonParts {
		return Message{}, fmt.Errorf("%w: %d frames after the delimiter, at least %d are due", ErrMalformed, len(rest), 1+jsonParts)
	}
	parts := rest[1 : 1+jsonParts]
	if err := signer.Verify(rest[0], parts...); err != nil {
		return Message{}, err
	}
	for i, name := range []string{"header", "parent header", "metadata", "content"} {
		if !isObject(parts[i]) {
			return Message{}, fmt.Errorf("%w: the %s is no JSON object", ErrMalformed, name)
		}
	}
	m := Message{
		Identities: frames[:at:at],
		Parent:     parts[1],
		Metadata:   parts[2],
		Content:    parts[3],
		rawHeader:  parts[0],
	}
	if buffers := rest[1+jsonParts:]; len(buffers) > 0 {
		m.Buffers = buffers
	}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return Message{}, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	if m.Header.ID == "" || m.Header.Type == "" {
		return Message{}, fmt.Errorf("%w: the header lacks msg_id or msg_type", ErrMalformed)
	}
	return m, nil
}

// Frames returns the frames to send for the message, signed.
func (m *Message) Frames(signer *Signer) ([][]byte, error) {
	header, err := m.HeaderJSON()
	if err != nil {
		return nil, err
	}
	parts := [][]byte{header, object(m.Parent), object(m.Metadata), object(m.Content)}
	frames := make([][]byte, 0, len(m.Identities)+2+jsonParts+len(m.Buffers))
	frames = append(frames, m.Identities...)
	frames = append(frames, delimiter, signer.Sign(parts...))
	frames = append(frames, parts...)
	return append(frames, m.Buffers...), nil
}
