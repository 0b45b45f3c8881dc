package explore

import (
	"math"

	"github.com/dcpo-go/godcpo/dcpo/explore/page"
)

// shading turns a value of tokens into a colour.
type shading struct {
	key, label, scale string
	most              float64 // the value that has the full colour
	value             func(Token) float64
}

// shadings are what tokens can be coloured by.
var shadings = []shading{
	{"logprob", "log-prob", "Orange: improbable. Full at −5 nats, a probability of 0.7 %.", 5, func(t Token) float64 { return t.LogProb }},
	{"entropy", "entropy", "Blue: many tokens were possible. Full at 3 nats, as of 20 equally likely ones.", 3, func(t Token) float64 { return t.Entropy }},
	{"advantage", "advantage", "Blue: made likelier by training, orange: less likely. Full at ±2.", 2, func(t Token) float64 { return t.Advantage }},
	{"reward", "reward", "Blue: rewarded, orange: punished. Full at ±1. Inside the span, what the confidence earned; elsewhere, what the answer did.", 1,
		func(t Token) float64 { return t.Reward }},
}

// difference is the shading of two views side by side.
var difference = shading{key: "difference", label: "difference", scale: "Blue: likelier in B than in A, orange: less likely. Full at ±2 nats.", most: 2}

// known are the shadings that some token has a value for.
func (v *View) known() []shading {
	var out []shading
	for _, s := range shadings {
		for _, t := range v.Tokens {
			if !math.IsNaN(s.value(t)) {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// colours are the page's choices, the difference first where two views stand side by side.
func (v *View) colours() []page.Colour {
	all := v.known()
	if v.Against != nil {
		all = append([]shading{difference}, all...)
	}
	var out []page.Colour
	for _, s := range all {
		out = append(out, page.Colour{Key: s.key, Label: s.label, Scale: s.scale})
	}
	return out
}
