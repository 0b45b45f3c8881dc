package advantage

// gae is PPO's Generalised Advantage Estimation (arXiv 1506.02438) from a value
// head's predictions V, whitened over all tokens of the batch. Returns, the value
// head's targets, are taken before whitening.
//
//	δ_t = r_t + γ·V_t+1 − V_t      A_t = δ_t + γλ·A_t+1      Returns_t = A_t + V_t
//
// Nothing follows the last token: V and A after it are 0, as in verl since 2025.
// The older verl that the released DCPO code is built on reads the value head on
// the padding behind the response and carries that into every token's advantage.
func gae(o Options, rollouts []Rollout) []Advantage {
	tokens := make([][]float64, len(rollouts))
	returns := make([][]float64, len(rollouts))
	for i, r := range rollouts {
		tokens[i] = generalised(r.tokenRewards(), r.Values, orOne(o.Discount), orOne(o.Lambda))
		returns[i] = make([]float64, r.Length)
		for t := range returns[i] {
			returns[i][t] = tokens[i][t] + r.Values[t]
		}
	}
	whiten(tokens)
	out := varying(rollouts, tokens)
	for i := range out {
		out[i].Returns = returns[i]
	}
	return out
}

// generalised computes A of one response; rewards, values and result: [tokens].
func generalised(rewards, values []float64, discount, lambda float64) []float64 {
	out := make([]float64, len(rewards))
	nextValue, next := 0., 0.
	for t := len(rewards) - 1; t >= 0; t-- {
		next = rewards[t] + discount*nextValue - values[t] + discount*lambda*next
		nextValue, out[t] = values[t], next
	}
	return out
}
