package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Fingerprint is the SHA-256, in hexadecimal, of the ids, questions and answers
// in their order: two benchmarks with the same fingerprint ask the same. Unlike
// the field SHA256 it exists for generated problems too, and does not depend on
// the format of a file.
func (b *Benchmark) Fingerprint() string {
	h := sha256.New()
	for _, p := range b.Problems {
		for _, text := range []string{p.ID, p.Question, p.Answer} {
			// The length keeps a text from running into the next one.
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text))))
			h.Write([]byte(text))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
