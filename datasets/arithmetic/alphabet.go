package arithmetic

// Alphabet holds every character of questions and responses outside the
// confidence piece, once each: what a character tokenizer needs.
const Alphabet = "0123456789+-*%=.\n"

// Pieces lists the alphabet's characters and then [ConfidencePiece] as one
// piece, in a fixed order, for building a tokenizer.
func Pieces() []string {
	pieces := make([]string, 0, len(Alphabet)+1)
	for _, r := range Alphabet {
		pieces = append(pieces, string(r))
	}
	return append(pieces, ConfidencePiece)
}
