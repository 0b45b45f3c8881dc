package wire

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"
)

// Header identifies a message. The header of a request comes back as the parent header of everything it causes.
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"` // ISO 8601 with the time zone
	Type     Type   `json:"msg_type"`
	Version  string `json:"version"` // of the protocol
}

// dateLayout is ISO 8601 in UTC with microseconds, which every client parses.
const dateLayout = "2006-01-02T15:04:05.000000Z"

// NewHeader makes the header of a new message of the session: a fresh id, the time now, this protocol version.
func NewHeader(t Type, session, username string) Header {
	return Header{
		ID:       NewID(),
		Session:  session,
		Username: username,
		Date:     time.Now().UTC().Format(dateLayout),
		Type:     t,
		Version:  ProtocolVersion,
	}
}

// Time is when the sender says it made the message, by its own clock; false where it does not say.
func (h Header) Time() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, h.Date)
	return t, err == nil
}

// NewID returns 128 random bits in hexadecimal, cut by dashes as a UUID is: the form of message, session and comm ids.
func NewID() string {
	var raw [16]byte
	rand.Read(raw[:]) // never fails: crypto/rand ends the program where there is no randomness
	s := hex.EncodeToString(raw[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}
