package tokenizer

// Tokenizer turns text into token ids and back. Ids are int32, as the models take them.
//
// Text that is not valid UTF-8 is read as if each invalid byte were U+FFFD.
type Tokenizer interface {
	// Encode gives the ids of a text. Added and special tokens written out in the text are recognised; none is put around it.
	Encode(text string) []int32

	// EncodeOffsets is Encode with the half-open range of each token in the text's code points, as Hugging Face tokenizers count them: a
	// token holding part of a code point's bytes spans the whole of it.
	EncodeOffsets(text string) (ids []int32, offsets [][2]int)

	// Decode gives the text of ids without special tokens. Ids out of range are skipped; invalid UTF-8 becomes U+FFFD, one for each maximal
	// broken sequence.
	Decode(ids []int32) string

	// DecodeOffsets gives the bytes of the ids one after the other, unrepaired (so possibly invalid UTF-8 where a response ends inside a
	// character), and for each id the byte offset in text where it ends. Special tokens and ids out of range have no width. It is how
	// a span of text is traced back to the sampled ids.
	DecodeOffsets(ids []int32) (text string, ends []int)

	// VocabSize is one more than the largest id.
	VocabSize() int

	// EOS lists all ids that end a response; empty when the tokenizer's files name none.
	EOS() []int32

	// Pad is the id that fills a batch; the first of EOS when the files name none, −1 when there is neither.
	Pad() int32

	// Token gives the bytes one id stands for, special tokens written out; "" for an id out of range. They may be part of a character.
	Token(id int32) string
}

// Encoder is implemented by tokenizers whose files say what stands around a bare text, such as the <|begin_of_text|> of Llama 3.
// A rendered chat template already contains these tokens, so Encode does not add them.
type Encoder interface {
	// EncodeSpecial is EncodeOffsets with the tokens of the file's post-processor around it, at offsets [0, 0).
	EncodeSpecial(text string) (ids []int32, offsets [][2]int)
}

// Saver is implemented by tokenizers that can be written into a model directory, from which Load reads them again.
type Saver interface {
	Save(dir string) error
}
