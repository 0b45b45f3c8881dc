package explore

import (
	"math"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// View is one answer with everything that is known of its tokens.
type View struct {
	Title    string // names the answer among others
	Model    string // what scored it, or where its log-probs were recorded; "" where there are none
	Question string // what the model was asked, as text
	Prompt   []int32
	Response string // bytes of the answer; not always valid UTF-8
	// Facts say what else is known: the right answer, the verdict, rewards.
	Facts  []Fact
	Tokens []Token
	Stated verbal.Stated
	// Span is the confidence span in Tokens; empty where nothing was stated, or where the tokens' text is not known.
	Span verbal.Span
	// Confidences are those that could have been stated in place of the sampled one; nil where no model was asked.
	Confidences *Distribution
	// Variants are what WhatIf tried.
	Variants []Variant
	// Against is the same answer under another model; Compare sets it.
	Against *View
	// Notes say what a reader should know of how the view came about.
	Notes []string

	place place // where the confidence is stated
}

// Fact is a named value, as text.
type Fact struct{ Name, Value string }

// Token is one token of an answer.
type Token struct {
	// ID in the vocabulary; -1 for a piece of text whose cutting into tokens was not recorded.
	ID int32
	// Text is the bytes the token stands for, which may be part of a character; a special token's is its spelling. "" where no
	// tokenizer was at hand.
	Text    string
	Special bool // stands for no text of the answer, such as an end token
	// Part is the character that the token holds only some bytes of; "" for all other tokens.
	Part string
	// LogProb given the tokens before it, and Entropy of the distribution it was drawn from, in nats; NaN where unknown.
	LogProb, Entropy float64
	Rank             int           // 1 for the likeliest token of the vocabulary; 0 where unknown
	Top              []Alternative // the likeliest tokens in its place, best first
	// Advantage is what training credited the token with. Reward is the sum of the parts that look at the confidence inside the span, and
	// of the other parts elsewhere, whichever tokens a method trains by them. NaN where unknown.
	Advantage, Reward float64
}

// Alternative is a token that might have stood in a place.
type Alternative struct {
	ID      int32
	Text    string
	LogProb float64 // in nats
}

// blank is a token of which nothing but the id is known.
func blank(id int32) Token {
	return Token{ID: id, LogProb: math.NaN(), Entropy: math.NaN(), Advantage: math.NaN(), Reward: math.NaN()}
}

// spell gives what one id stands for.
func spell(tok tokenizer.Tokenizer, id int32) (text string, special bool) {
	if text, _ = tok.DecodeOffsets([]int32{id}); text != "" {
		return text, false
	}
	return tok.Token(id), true
}

// cut makes a view's tokens of ids, finds the stated confidence in their text, and keeps where it stands. want is the text as it was
// recorded, which may stop short of the ids' own; "" takes theirs.
func (v *View) cut(tok tokenizer.Tokenizer, ids []int32, want string, opt Options) (ends []int) {
	v.Response, ends = tok.DecodeOffsets(ids)
	if want != "" && len(want) < len(v.Response) && v.Response[:len(want)] == want {
		v.Response = want
	}
	v.Tokens = make([]Token, len(ids))
	at := 0
	for i, id := range ids {
		v.Tokens[i] = blank(id)
		v.Tokens[i].Text, v.Tokens[i].Special = spell(tok, id)
		ends[i] = min(ends[i], len(v.Response))
		v.Tokens[i].Part = characterAround(v.Response, at, ends[i])
		at = ends[i]
	}
	v.Stated = verbal.Parse(v.Response, opt.Policy)
	v.Span = verbal.TokenSpan(v.Stated.SpanStart(opt.Span), ends)
	return ends
}
