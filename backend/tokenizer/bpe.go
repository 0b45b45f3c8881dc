package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// BPE is a byte-level byte-pair tokenizer read from a tokenizer.json. Open one with Load or ParseBPE.
type BPE struct {
	tokens  []string             // id → bytes, "" for a gap in the ids
	ids     map[string]int32     // vocabulary spelling → id, added tokens included
	added   map[int32]addedToken // by id
	byteIDs [256]int32           // the ids of single bytes, −1 for bytes the vocabulary lacks
	whole   map[string]int32     // bytes → id, for ignore_merges; else nil
	merges  *mergeTable
	unknown int32 // the id that stands for a byte the vocabulary lacks, −1 to drop it
	gaps    bool  // some byte has no id

	compose    bool          // normalise to NFC
	literal    *addedMatcher // added tokens sought in the text as it is
	normalised *addedMatcher // and in the normalised text
	splitters  []splitter
	trim       *trimmer // nil: offsets keep the spaces

	before, after []int32 // ids that EncodeSpecial puts around the text

	cache  cache
	ending endings
	source string // the directory it was loaded from, for Save; "" for none
}

// ParseBPE makes a tokenizer of the text of a tokenizer.json. It has no EOS and no padding token, which stand in other files: see Load.
func ParseBPE(text []byte) (*BPE, error) {
	spec, err := parseSpec(text)
	if err == nil && spec.Model.Type == "WordLevel" {
		err = errors.New("the model is of type WordLevel, expected BPE")
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	t, err := buildBPE(spec)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	return t, nil
}

// buildBPE assembles the parts.
func buildBPE(spec *fileSpec) (*BPE, error) {
	t := &BPE{ending: endings{pad: -1}}
	if err := t.readModel(&spec.Model); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if err := t.readNormaliser(spec.Normalizer); err != nil {
		return nil, err
	}
	if err := t.readAdded(spec.AddedTokens); err != nil {
		return nil, fmt.Errorf("added_tokens: %w", err)
	}
	var err error
	if t.splitters, err = buildSplitters(spec.PreTokenizer); err != nil {
		return nil, err
	}
	if err := t.readPostProcessor(spec.PostProcessor); err != nil {
		return nil, fmt.Errorf("post_processor: %w", err)
	}
	if err := checkDecoder(spec.Decoder); err != nil {
		return nil, fmt.Errorf("decoder: %w", err)
	}
	t.indexAdded(spec.AddedTokens)
	return t, nil
}

// readModel reads vocabulary and merges.
func (t *BPE) readModel(m *modelSpec) error {
	if err := m.check(); err != nil {
		return err
	}
	if err := t.fillVocabulary(m.Vocab); err != nil {
		return err
	}
	if m.Unknown != nil {
		id, ok := m.Vocab[*m.Unknown]
		if !ok && t.gaps {
			return fmt.Errorf("unk_token %q is not in the vocabulary", *m.Unknown)
		} else if ok {
			t.unknown = id
		}
	}
	if t.gaps && (m.FuseUnknown || m.ByteFallback) {
		return errors.New("fuse_unk and byte_fallback are not supported where the vocabulary lacks some bytes")
	}
	if m.IgnoreMerges {
		t.whole = make(map[string]int32, len(m.Vocab))
		for spelling, id := range m.Vocab {
			t.whole[tokenBytes(spelling)] = id
		}
	}
	t.merges = newMergeTable(len(m.Merges))
	for rank, pair := range m.Merges {
		left, okLeft := m.Vocab[pair[0]]
		right, okRight := m.Vocab[pair[1]]
		joined, okJoined := m.Vocab[pair[0]+pair[1]]
		if !okLeft || !okRight || !okJoined {
			return fmt.Errorf("merge %d of %q and %q: a token of it is not in the vocabulary", rank, pair[0], pair[1])
		}
		t.merges.put(left, right, merge{uint32(rank), joined})
	}
	return nil
}

// check refuses the options of the BPE model that byte-level tokenizers do not use.
func (m *modelSpec) check() error {
	switch {
	case m.Dropout != nil && *m.Dropout != 0:
		return fmt.Errorf("dropout %g is not supported: ids would be random", *m.Dropout)
	case m.Prefix != nil && *m.Prefix != "":
		return fmt.Errorf("continuing_subword_prefix %q is not supported", *m.Prefix)
	case m.Suffix != nil && *m.Suffix != "":
		return fmt.Errorf("end_of_word_suffix %q is not supported", *m.Suffix)
	}
	return nil
}

// maxID bounds token ids, so that a damaged file cannot ask for all memory.
const maxID = 1 << 20

// fillVocabulary lays out the vocabulary by id.
func (t *BPE) fillVocabulary(vocab map[string]int32) error {
	t.ids, t.unknown = vocab, -1
	top := int32(0)
	for spelling, id := range vocab {
		if id < 0 || id >= maxID {
			return fmt.Errorf("token %q has id %d, outside 0 to %d", spelling, id, maxID)
		}
		top = max(top, id)
	}
	t.tokens = make([]string, top+1)
	for spelling, id := range vocab {
		t.tokens[id] = tokenBytes(spelling)
	}
	for b, r := range byteRunes {
		id, ok := vocab[string(r)]
		if !ok {
			id, t.gaps = -1, true
		}
		t.byteIDs[b] = id
	}
	return nil
}

// readAdded adds the added tokens to the vocabulary. Their ids stand in the file twice where they are in the vocabulary too.
func (t *BPE) readAdded(tokens []addedToken) error {
	t.added = make(map[int32]addedToken, len(tokens))
	for _, a := range tokens {
		if a.ID < 0 || a.ID >= maxID {
			return fmt.Errorf("token %q has id %d, outside 0 to %d", a.Content, a.ID, maxID)
		}
		if id, ok := t.ids[a.Content]; ok && id != a.ID {
			return fmt.Errorf("token %q has id %d, but %d in the vocabulary", a.Content, a.ID, id)
		}
		if previous, ok := t.added[a.ID]; ok {
			return fmt.Errorf("tokens %q and %q share id %d", previous.Content, a.Content, a.ID)
		}
		for int(a.ID) >= len(t.tokens) {
			t.tokens = append(t.tokens, "")
		}
		t.added[a.ID], t.ids[a.Content] = a, a.ID
		t.tokens[a.ID] = tokenBytes(t.sought(a))
	}
	return nil
}

// sought is the spelling under which an added token stands in a text and is decoded.
func (t *BPE) sought(a addedToken) string {
	content := a.Content
	if a.Normalized && t.compose {
		content, _ = nfc(content)
	}
	return content
}

// indexAdded builds the matchers of the added tokens, which need the normaliser.
func (t *BPE) indexAdded(tokens []addedToken) {
	var literal, normalised []addedToken
	for _, a := range tokens {
		if a.Normalized {
			normalised = append(normalised, a)
		} else {
			literal = append(literal, a)
		}
	}
	t.literal = newAddedMatcher(literal, t.sought)
	t.normalised = newAddedMatcher(normalised, t.sought)
}

// readNormaliser reads the normalizer: none or NFC.
func (t *BPE) readNormaliser(text json.RawMessage) error {
	if isNull(text) {
		return nil
	}
	return eachStep(text, "normalizers", func(kind string, step json.RawMessage) error {
		if kind != "NFC" {
			return fmt.Errorf("normalizer %s is not supported (known: NFC)", kind)
		}
		t.compose = true
		return nil
	})
}
