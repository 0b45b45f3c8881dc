package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// StreamOptions say how a response becomes text. The zero value leaves special tokens out and never stops.
type StreamOptions struct {
	// Special writes special tokens out.
	Special bool
	// Stop lists strings that end the text, which is cut before the one that is complete first; of those that are complete at the same place
	// the longest counts. Empty strings are ignored.
	Stop []string
	// KeepStop leaves the stop string at the end of the text.
	KeepStop bool
	// MinTokens is a number of tokens in which no stop string may end: it counts if at least its last byte belongs to a later token.
	MinTokens int
}

// Stream turns the tokens of one response into text as they arrive. The pieces it gives, one after the other, are the text that Decode gives for
// all tokens at once, up to a stop string; each piece is valid UTF-8. The work for a token does not depend on how many there were before.
// A Stream serves one goroutine.
type Stream struct {
	tok     Tokenizer
	opt     StreamOptions
	matcher *stopMatcher // nil without stop strings
	state   int32        // of the matcher
	partial []byte       // the bytes so far of a character
	held    []byte       // text that is the beginning of a stop string: as long as the matcher's state is deep
	tokens  int
	stopped bool
	stop    string
}

// NewStream starts the text of a response.
func NewStream(tok Tokenizer, opt StreamOptions) *Stream {
	return &Stream{tok: tok, opt: opt, matcher: newStopMatcher(opt.Stop)}
}

// Push takes the next tokens and gives the text that is certain now: not the bytes of an incomplete character, and nothing that may still become a
// stop string. After a stop string it gives "".
func (s *Stream) Push(ids ...int32) string {
	var out strings.Builder
	for _, id := range ids {
		if s.stopped {
			break
		}
		s.tokens++
		s.partial = append(s.partial, s.bytes(id)...)
		whole := wholeCharacters(s.partial)
		s.write(&out, lossy(string(s.partial[:whole])))
		s.partial = append(s.partial[:0], s.partial[whole:]...)
	}
	return out.String()
}

// Flush ends the text: it gives what was held back, with U+FFFD for an incomplete character.
func (s *Stream) Flush() string {
	var out strings.Builder
	if !s.stopped {
		s.write(&out, lossy(string(s.partial)))
		out.Write(s.held)
	}
	s.partial, s.held, s.stopped = nil, nil, true
	return out.String()
}

// Stopped gives the stop string that ended the text; false when none did.
func (s *Stream) Stopped() (stop string, ok bool) { return s.stop, s.stop != "" }

// bytes gives what one token adds.
func (s *Stream) bytes(id int32) string {
	if s.opt.Special {
		return s.tok.Token(id)
	}
	text, _ := s.tok.DecodeOffsets([]int32{id})
	return text
}

// write appends text to out, up to a stop string and without the beginning of one.
func (s *Stream) write(out *strings.Builder, text string) {
	if s.matcher == nil {
		out.WriteString(text)
		return
	}
	for i := range len(text) {
		s.state = s.matcher.step(s.state, text[i])
		s.held = append(s.held, text[i])
		node := &s.matcher.nodes[s.state]
		if node.stop != "" && s.tokens > s.opt.MinTokens {
			s.stopped, s.stop = true, node.stop
			keep := len(s.held)
			if !s.opt.KeepStop {
				keep -= len(node.stop)
			}
			out.Write(s.held[:keep])
			s.held = nil
			return
		}
		free := len(s.held) - node.depth
		out.Write(s.held[:free])
		s.held = append(s.held[:0], s.held[free:]...)
	}
}

// wholeCharacters is the length of b without an incomplete character at its end.
func wholeCharacters(b []byte) int {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax+1); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// Spell decodes ids as Decode does, with special tokens written out.
func Spell(tok Tokenizer, ids ...int32) string {
	var out strings.Builder
	for _, id := range ids {
		out.WriteString(tok.Token(id))
	}
	return lossy(out.String())
}

// stopMatcher finds the stop strings in a text byte by byte: the automaton of Aho and Corasick (1975). Its depth at each byte is the length of the
// longest end of the text that begins a stop string, which is what has to be held back.
type stopMatcher struct{ nodes []stopNode }

// stopNode is a state: the beginning of a stop string that the text ends with.
type stopNode struct {
	next  map[byte]int32
	fail  int32  // the state of the longest proper end of this beginning
	depth int    // its length
	stop  string // the longest stop string that the text ends with here, "" for none
}

// newStopMatcher builds the automaton; nil when there is no string to find.
func newStopMatcher(stops []string) *stopMatcher {
	m := &stopMatcher{nodes: []stopNode{{}}}
	for _, stop := range stops {
		stop = lossy(stop) // as the text is
		at := int32(0)
		for i := range len(stop) {
			at = m.child(at, stop[i])
		}
		m.nodes[at].stop = stop
	}
	if len(m.nodes) == 1 {
		return nil
	}
	m.link()
	return m
}

// child is the state after one more byte, made if there is none.
func (m *stopMatcher) child(at int32, b byte) int32 {
	next, ok := m.nodes[at].next[b]
	if !ok {
		next = int32(len(m.nodes))
		m.nodes = append(m.nodes, stopNode{depth: m.nodes[at].depth + 1})
		if m.nodes[at].next == nil {
			m.nodes[at].next = map[byte]int32{}
		}
		m.nodes[at].next[b] = next
	}
	return next
}

// link sets the fail states, those of shorter beginnings first.
func (m *stopMatcher) link() {
	var queue []int32
	for _, first := range m.nodes[0].next {
		queue = append(queue, first)
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for b, next := range m.nodes[at].next {
			m.nodes[next].fail = m.step(m.nodes[at].fail, b)
			queue = append(queue, next)
		}
		if n := &m.nodes[at]; n.stop == "" {
			n.stop = m.nodes[n.fail].stop
		}
	}
}

// step is the state after one more byte of text.
func (m *stopMatcher) step(at int32, b byte) int32 {
	for {
		if next, ok := m.nodes[at].next[b]; ok {
			return next
		}
		if at == 0 {
			return 0
		}
		at = m.nodes[at].fail
	}
}
