// Package explore looks into one answer of a model: how probable each of its tokens was and what might have stood there, which
// tokens carry the stated confidence, what they earned in training, and how probable every other confidence was in that place.
//
// Answer and AnswerTokens score an answer with a model at hand; Read gives the answers that a training run recorded, which show what
// the record holds even without a model. Either way the result is a View. It shows itself in a notebook cell, prints itself, and
// makes a page that needs nothing from elsewhere. WhatIf edits the reasoning before the confidence and tells how the distribution of
// confidences moves; Compare puts two models' views of one answer side by side.
//
// All log-probs and entropies are in nats, at temperature 1, unless a record holds others.
package explore
