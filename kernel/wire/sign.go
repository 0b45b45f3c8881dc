package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
)

// ErrSignature is the error of a message that does not come from a holder of the key, or that comes a second time.
var ErrSignature = errors.New("bad message signature")

// SchemeHMACSHA256 is the only signature scheme that Jupyter clients use.
const SchemeHMACSHA256 = "hmac-sha256"

// replayWindow is how many signatures are remembered to refuse a copy of a message, as many as jupyter_client keeps.
const replayWindow = 1 << 16

// Signer signs messages and checks signatures with the key of a connection file. It is safe for concurrent use.
type Signer struct {
	key []byte

	mu   sync.Mutex
	seen map[[sha256.Size]byte]struct{}
	ring [][sha256.Size]byte // the seen signatures in a ring, oldest at next
	next int
}

// NewSigner makes a Signer. An empty key turns signatures off, as the protocol says; an empty scheme means hmac-sha256.
func NewSigner(scheme, key string) (*Signer, error) {
	if scheme != "" && scheme != SchemeHMACSHA256 {
		return nil, fmt.Errorf("signature scheme %q is not supported: the connection file must say %q", scheme, SchemeHMACSHA256)
	}
	return &Signer{key: []byte(key), seen: make(map[[sha256.Size]byte]struct{})}, nil
}

// Sign returns the signature of the four JSON parts in lower-case hexadecimal, empty without a key.
func (s *Signer) Sign(parts ...[]byte) []byte {
	if len(s.key) == 0 {
		return nil
	}
	sum := s.sum(parts)
	return hex.AppendEncode(nil, sum[:])
}

// Verify checks signature over parts in constant time, and that it has not been used before. The error wraps ErrSignature.
func (s *Signer) Verify(signature []byte, parts ...[]byte) error {
	if len(s.key) == 0 {
		return nil
	}
	var got [sha256.Size]byte
	if n, err := hex.Decode(got[:], fit(signature)); err != nil || n != len(got) || len(signature) != 2*len(got) {
		return fmt.Errorf("%w: %d bytes where %d hexadecimal digits are due", ErrSignature, len(signature), 2*len(got))
	}
	if want := s.sum(parts); !hmac.Equal(got[:], want[:]) {
		return fmt.Errorf("%w: the sender does not have the key of the connection file", ErrSignature)
	}
	if !s.firstUse(got) {
		return fmt.Errorf("%w: the same message came before", ErrSignature)
	}
	return nil
}

// fit cuts a signature that is too long, so that decoding it cannot overrun the sum.
func fit(signature []byte) []byte {
	return signature[:min(len(signature), 2*sha256.Size)]
}

func (s *Signer) sum(parts [][]byte) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, s.key)
	for _, part := range parts {
		mac.Write(part)
	}
	mac.Sum(sum[:0])
	return sum
}

// firstUse records sum and reports whether it is new.
func (s *Signer) firstUse(sum [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.seen[sum]; ok {
		return false
	}
	if len(s.ring) < replayWindow {
		s.ring = append(s.ring, sum)
	} else {
		delete(s.seen, s.ring[s.next])
		s.ring[s.next] = sum
		s.next = (s.next + 1) % replayWindow
	}
	s.seen[sum] = struct{}{}
	return true
}
