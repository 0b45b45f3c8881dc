package tokenizer

import "strings"

// Spelling gives a token as tokenizer.json writes it, such as "Ġis" for " is"; "" for an id out of range.
func (t *BPE) Spelling(id int32) string {
	token := t.Token(id)
	if _, added := t.added[id]; added {
		return token
	}
	var out strings.Builder
	for i := range len(token) {
		out.WriteRune(byteRunes[token[i]])
	}
	if spelled := out.String(); t.ids[spelled] == id {
		return spelled
	}
	return token // an entry outside the byte alphabet stands for itself
}
