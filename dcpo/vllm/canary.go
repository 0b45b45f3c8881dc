package vllm

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"
)

// canary is how a fixed prompt scored: log p(ids[t+1] | ids[..t]) at temperature 1, in nats. [len(prompt) − 1]
type canary []float32

// ownMove is how far a log-prob of the trainer's must have moved, in nats, for a server's to have moved too.
const ownMove = 1e-4

// finite reports the first value that is no log-prob.
func (c canary) finite() error {
	at := slices.IndexFunc(c, func(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) })
	if at >= 0 {
		return fmt.Errorf("the log-prob of token %d of the canary prompt is %g", at+1, c[at])
	}
	return nil
}

// gap is the mean and the largest difference between two scores, in nats.
func (c canary) gap(other canary) (mean, most float64) {
	for t := range c {
		d := math.Abs(float64(c[t]) - float64(other[t]))
		mean, most = mean+d/float64(len(c)), max(most, d)
	}
	return mean, most
}

// judge compares a server's score with the trainer's, and both with those of the sync before (nil: there is none). A step of training
// moves log-probs by less than the server's rounding, so nearness alone does not show that it has taken over the last step; that its
// score is the old one to the last bit shows that it has not.
func judge(theirs, mine, theirsBefore, mineBefore canary, tolerance float64) error {
	if err := theirs.finite(); err != nil {
		return err
	}
	if mean, most := theirs.gap(mine); mean > tolerance {
		return fmt.Errorf("the server's log-probs of the canary prompt differ from the trainer's by %.4g nats on average (at most %.4g), "+
			"more than the tolerance %g: it has other weights, or computes with them otherwise", mean, most, tolerance)
	}
	if theirsBefore == nil || mineBefore == nil || !slices.Equal(theirs, theirsBefore) {
		return nil
	}
	if _, moved := mine.gap(mineBefore); moved > ownMove {
		return fmt.Errorf("the server's log-probs of the canary prompt are those before the sync to the last bit, "+
			"while the trainer's moved by up to %.4g nats: it still has the old weights", moved)
	}
	return nil
}

// scoreOn has a server score the canary prompt.
func (c *Client) scoreOn(ctx context.Context, e *endpoint, prompt []int32, limit time.Duration) (canary, error) {
	body, err := json.Marshal(map[string]any{"model": c.opt.Model, "prompt": prompt, "max_tokens": 1, "temperature": 0, "seed": 0, "n": 1,
		"top_p": 1, "top_k": 0, "min_p": 0, "presence_penalty": 0, "frequency_penalty": 0, "repetition_penalty": 1, "prompt_logprobs": 0,
		"return_token_ids": true})
	if err != nil {
		return nil, err
	}
	text, err := c.call(ctx, e, http.MethodPost, completionPath, body, callOptions{limit: limit})
	if err != nil {
		return nil, err
	}
	var got reply
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, fmt.Errorf("answer is not the JSON expected: %w", err)
	}
	return got.score(prompt)
}
