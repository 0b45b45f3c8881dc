// Package klcontrol puts the divergence from the reference policy into the
// rewards, token by token, and steers its coefficient.
//
// The penalty of a token is −β·kl, with kl an estimate of KL(policy ‖ reference)
// at that token from the log-probs under which it was sampled. β stays, or follows
// a target as in Ziegler et al. (arXiv 1909.08593).
package klcontrol

import (
	"errors"
	"fmt"
	"math"
)

// Controller holds the coefficient β. Its exported fields are all its state: save
// it as JSON with a checkpoint and go on with what is read back.
type Controller struct {
	// Coefficient is β, at least 0.
	Coefficient float64 `json:"coefficient"`
	// Target is the divergence to keep near, as Divergence measures it, in nats a
	// token; 0 leaves the coefficient as it is.
	Target float64 `json:"target,omitempty"`
	// Horizon is the number of rollouts over which the coefficient adapts: it moves
	// by at most a fifth in that many. 0 stands for 10,000.
	Horizon float64 `json:"horizon,omitempty"`
}

// defaultHorizon is the reference's.
const defaultHorizon = 10000

// maxError bounds the relative miss of the target that one update answers.
const maxError = 0.2

// Validate reports all faults at once.
func (c Controller) Validate() error {
	var faults []error
	check := func(what string, v float64) {
		if !(v >= 0) || math.IsInf(v, 0) {
			faults = append(faults, fmt.Errorf("KL %s is %v: use a finite value of at least 0", what, v))
		}
	}
	check("coefficient", c.Coefficient)
	check("target", c.Target)
	check("horizon", c.Horizon)
	return errors.Join(faults...)
}

// Penalise returns the token rewards of one response less β·kl. rewards may be
// nil, which stands for zeros; rewards, kl and the result are [tokens], and the
// first two stay as they are.
func (c Controller) Penalise(rewards, kl []float64) ([]float64, error) {
	if rewards != nil && len(rewards) != len(kl) {
		return nil, fmt.Errorf("KL penalty: %d token rewards but %d divergences", len(rewards), len(kl))
	}
	out := make([]float64, len(kl))
	copy(out, rewards)
	for t, v := range kl {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("KL penalty: the divergence at token %d is %v", t, v)
		}
		out[t] -= c.Coefficient * v
	}
	return out, nil
}

// Update moves the coefficient after a batch of so many rollouts with that
// divergence:
//
//	β ← β·(1 + clip(divergence/target − 1, ±0.2)·rollouts/horizon)
//
// It fails, and changes nothing, if the divergence is not finite or the batch is
// so large beside the horizon that the coefficient could not stay above 0.
func (c *Controller) Update(divergence float64, rollouts int) error {
	if math.IsNaN(divergence) || math.IsInf(divergence, 0) {
		return fmt.Errorf("KL coefficient: the batch's divergence is %v", divergence)
	}
	if c.Target == 0 {
		return nil
	}
	horizon := c.Horizon
	if horizon == 0 {
		horizon = defaultHorizon
	}
	if maxError*float64(rollouts) >= horizon {
		return fmt.Errorf("KL coefficient: a horizon of %g rollouts is too short for batches of %d; use more than %g", horizon, rollouts, maxError*float64(rollouts))
	}
	miss := min(max(divergence/c.Target-1, -maxError), maxError)
	c.Coefficient *= 1 + miss*float64(rollouts)/horizon
	return nil
}

// Divergence is what Update takes: the mean over responses of the mean of kl over
// a response's tokens, in nats a token, as in verl. kl: [responses][tokens].
// Responses without tokens are left out; it is 0 where there are no others.
func Divergence(kl [][]float64) float64 {
	sum, n := 0., 0
	for _, row := range kl {
		if len(row) == 0 {
			continue
		}
		total := 0.
		for _, v := range row {
			total += v
		}
		sum, n = sum+total/float64(len(row)), n+1
	}
	return sum / float64(max(n, 1))
}
