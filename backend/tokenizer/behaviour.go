package tokenizer

// piece is a part of a text that a Split pattern matched, or that lies between its matches.
type piece struct {
	span
	match bool
}

// pieces cuts a text at the matches. invert exchanges the two roles.
func pieces(text string, matches []span, invert bool) []piece {
	var out []piece
	at := 0
	for _, m := range matches {
		if m.start > at {
			out = append(out, piece{span{at, m.start}, invert})
		}
		if m.end > m.start { // an empty match only cuts
			out = append(out, piece{m, !invert})
		}
		at = m.end
	}
	if at < len(text) {
		out = append(out, piece{span{at, len(text)}, invert})
	}
	return out
}

// behaviours are the ways in which Split hands on its pieces, by the name in tokenizer.json.
var behaviours = map[string]func(out []span, pieces []piece, base int) []span{
	"Isolated": func(out []span, pieces []piece, base int) []span {
		return join(out, pieces, base, func(left, right piece) bool { return false })
	},
	"Contiguous": func(out []span, pieces []piece, base int) []span {
		return join(out, pieces, base, func(left, right piece) bool { return left.match == right.match })
	},
	"MergedWithPrevious": func(out []span, pieces []piece, base int) []span {
		return join(out, pieces, base, func(left, right piece) bool { return right.match && !left.match })
	},
	"MergedWithNext": func(out []span, pieces []piece, base int) []span {
		return join(out, pieces, base, func(left, right piece) bool { return left.match && !right.match })
	},
	"Removed": func(out []span, pieces []piece, base int) []span {
		for _, p := range pieces {
			if !p.match {
				out = append(out, span{base + p.start, base + p.end})
			}
		}
		return out
	},
}

// join appends the pieces, neighbours for which together holds as one.
func join(out []span, pieces []piece, base int, together func(left, right piece) bool) []span {
	for i, p := range pieces {
		if i > 0 && together(pieces[i-1], p) {
			out[len(out)-1].end = base + p.end
		} else {
			out = append(out, span{base + p.start, base + p.end})
		}
	}
	return out
}
