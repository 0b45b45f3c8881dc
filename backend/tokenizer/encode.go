package tokenizer

import "unicode/utf8"

// Encode implements Tokenizer.
func (t *BPE) Encode(text string) []int32 {
	e := encoding{ids: make([]int32, 0, len(text)/3+8)}
	t.encode(&e, text)
	return e.ids
}

// EncodeOffsets implements Tokenizer.
func (t *BPE) EncodeOffsets(text string) ([]int32, [][2]int) {
	room := len(text)/3 + 8
	e := encoding{ids: make([]int32, 0, room), wanted: true, offsets: make([][2]int, 0, room)}
	t.encode(&e, text)
	return e.ids, e.offsets
}

// EncodeSpecial implements Encoder.
func (t *BPE) EncodeSpecial(text string) ([]int32, [][2]int) {
	ids, offsets := t.EncodeOffsets(text)
	if len(t.before)+len(t.after) == 0 {
		return ids, offsets
	}
	around := append(append(append([]int32(nil), t.before...), ids...), t.after...)
	moved := make([][2]int, len(around))
	copy(moved[len(t.before):], offsets)
	return around, moved
}

// encoding collects the tokens of a text.
type encoding struct {
	ids     []int32
	offsets [][2]int
	wanted  bool // offsets are wanted

	spans, scratch []span  // pieces of the text at hand, reused
	symbols        []int32 // ids of the piece at hand, reused
}

// encode appends the tokens of a text.
func (t *BPE) encode(e *encoding, text string) {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	m := ruler{text: text}
	for _, c := range t.literal.split(text) {
		part := text[c.start:c.end]
		var offset [2]int
		if e.wanted {
			offset = m.measure(c.start, c.end)
		}
		if c.token != nil {
			t.addToken(e, c.token.ID, part, offset)
		} else {
			t.encodePart(e, part, offset[0])
		}
	}
}

// addToken appends an added token, found as the given text.
func (t *BPE) addToken(e *encoding, id int32, text string, offset [2]int) {
	if e.wanted {
		if t.trim != nil {
			offset = t.trim.apply(len(e.ids), text, true, offset)
		}
		e.offsets = append(e.offsets, offset)
	}
	e.ids = append(e.ids, id)
}

// encodePart normalises text between added tokens and appends its tokens; chars is where it starts in code points.
func (t *BPE) encodePart(e *encoding, text string, chars int) {
	m := ruler{text: text, base: chars}
	if t.compose {
		m.text, m.origin = nfc(text)
	}
	if len(t.normalised.tokens) == 0 {
		t.encodeWords(e, &m, span{0, len(m.text)})
		return
	}
	for _, c := range t.normalised.split(m.text) {
		if c.token == nil {
			t.encodeWords(e, &m, c.span)
		} else {
			t.addToken(e, c.token.ID, m.text[c.start:c.end], m.measure(c.start, c.end))
		}
	}
}

// encodeWords cuts plain normalised text into pieces and appends their tokens.
func (t *BPE) encodeWords(e *encoding, m *ruler, part span) {
	e.spans = append(e.spans[:0], part)
	for _, split := range t.splitters {
		e.scratch = e.scratch[:0]
		for _, s := range e.spans {
			e.scratch = split(e.scratch, m.text[s.start:s.end], s.start)
		}
		e.spans, e.scratch = e.scratch, e.spans
	}
	for _, s := range e.spans {
		first := len(e.ids)
		t.encodePiece(e, m.text[s.start:s.end])
		if e.wanted {
			t.measurePiece(e, m, s, first)
		}
	}
}

// measurePiece appends the offsets of the tokens of a piece, which are the ids from first on.
func (t *BPE) measurePiece(e *encoding, m *ruler, piece span, first int) {
	if t.gaps && t.lacks(m.text[piece.start:piece.end]) {
		e.offsets = append(e.offsets, t.measureGapped(e.ids[first:], m, piece)...)
	} else {
		at := piece.start
		for _, id := range e.ids[first:] {
			end := at + len(t.tokens[id])
			e.offsets = append(e.offsets, m.measure(at, end))
			at = end
		}
	}
	if t.trim != nil {
		for i := first; i < len(e.ids); i++ {
			e.offsets[i] = t.trim.apply(i, t.tokens[e.ids[i]], false, e.offsets[i])
		}
	}
}

// encodePiece appends the ids of one piece, which is not empty.
func (t *BPE) encodePiece(e *encoding, piece string) {
	if t.whole != nil {
		if id, ok := t.whole[piece]; ok {
			e.ids = append(e.ids, id)
			return
		}
	}
	if len(piece) == 1 {
		if id := t.byteIDs[piece[0]]; id >= 0 {
			e.ids = append(e.ids, id)
			return
		}
	}
	short := len(piece) <= cachePieceSize
	if short {
		if ids, ok := t.cache.get(piece); ok {
			e.ids = append(e.ids, ids...)
			return
		}
	}
	symbols := e.symbols[:0]
	for i := range len(piece) {
		id := t.byteIDs[piece[i]]
		if id < 0 {
			id = t.unknown
		}
		if id >= 0 {
			symbols = append(symbols, id)
		}
	}
	e.symbols = symbols
	symbols = t.merges.merged(symbols)
	if short {
		t.cache.put(piece, symbols)
	}
	e.ids = append(e.ids, symbols...)
}

// lacks tells whether some byte of the piece has no token.
func (t *BPE) lacks(piece string) bool {
	for i := range len(piece) {
		if t.byteIDs[piece[i]] < 0 {
			return true
		}
	}
	return false
}

// measureGapped gives the offsets of a piece some of whose bytes have no token. The reference counts there in its mapped characters, of
// one or two bytes, and lets a dropped byte shift what follows; so do we, to give the same numbers.
func (t *BPE) measureGapped(ids []int32, m *ruler, piece span) [][2]int {
	var byteAt []int // mapped byte → byte of the piece
	for i := piece.start; i < piece.end; i++ {
		for range utf8.RuneLen(byteRunes[m.text[i]]) {
			byteAt = append(byteAt, i)
		}
	}
	out := make([][2]int, 0, len(ids))
	missing := t.missing(m.text[piece.start:piece.end])
	at := 0
	for _, id := range ids {
		width := 0
		if id == t.unknown && len(missing) > 0 {
			width, missing = utf8.RuneLen(byteRunes[missing[0]]), missing[1:]
		} else {
			for i := range len(t.tokens[id]) {
				width += utf8.RuneLen(byteRunes[t.tokens[id][i]])
			}
		}
		out = append(out, m.measure(byteAt[at], byteAt[at+width-1]+1))
		at += width
	}
	return out
}

// missing lists the bytes of the piece that have no token.
func (t *BPE) missing(piece string) []byte {
	var out []byte
	for i := range len(piece) {
		if t.byteIDs[piece[i]] < 0 {
			out = append(out, piece[i])
		}
	}
	return out
}

// ruler turns byte ranges of a normalised text into code points of the text before normalisation. It is fast where ranges come in order.
type ruler struct {
	text    string
	origin  []charRange // for each code point of text, nil when it is the original
	base    int         // added to every position
	at      int         // bytes measured so far
	started int         // code points that start before at
}

// measure gives the code points that the bytes from start to end touch.
func (m *ruler) measure(start, end int) [2]int {
	m.advance(start)
	first := m.started
	if !utf8.RuneStart(m.text[start]) {
		first--
	}
	m.advance(end)
	last := m.started - 1
	if m.origin == nil {
		return [2]int{m.base + first, m.base + last + 1}
	}
	return [2]int{m.base + m.origin[first].start, m.base + m.origin[last].end}
}

// advance counts the code points that start before byte to.
func (m *ruler) advance(to int) {
	if to < m.at {
		m.at, m.started = 0, 0
	}
	for ; m.at < to; m.at++ {
		if utf8.RuneStart(m.text[m.at]) {
			m.started++
		}
	}
}
