package advantage

// score is the reward of the response as a whole.
func (r Rollout) score() float64 {
	sum := r.Answer
	for _, v := range r.TokenRewards {
		sum += v
	}
	return sum
}

// scores lists the rewards of whole responses, and the groups they belong to.
func scores(rollouts []Rollout) (values []float64, groups []string) {
	values = make([]float64, len(rollouts))
	for i, r := range rollouts {
		values[i] = r.score()
	}
	return values, groupsOf(rollouts)
}

func groupsOf(rollouts []Rollout) []string {
	groups := make([]string, len(rollouts))
	for i, r := range rollouts {
		groups[i] = r.Group
	}
	return groups
}

// streams lists the rewards of the answer and of the confidence. A token's own
// reward belongs to the stream that trains the token.
func streams(rollouts []Rollout) (answer, confidence []float64) {
	answer, confidence = make([]float64, len(rollouts)), make([]float64, len(rollouts))
	for i, r := range rollouts {
		answer[i], confidence[i] = r.Answer, r.Calibration
		span := r.Credited()
		for t, v := range r.TokenRewards {
			if span.Start <= t && t < span.End {
				confidence[i] += v
			} else {
				answer[i] += v
			}
		}
	}
	return answer, confidence
}

// tokenRewards lists what falls due at each token, [Length]: its own reward, and
// at the last one also the answer's. An empty response has no place for it.
func (r Rollout) tokenRewards() []float64 {
	rewards := make([]float64, r.Length)
	copy(rewards, r.TokenRewards)
	if r.Length > 0 {
		rewards[r.Length-1] += r.Answer
	}
	return rewards
}

// discounted returns the reward from each token on, in which a reward loses the
// factor discount with each token before it.
func discounted(rewards []float64, discount float64) []float64 {
	returns, next := make([]float64, len(rewards)), 0.
	for t := len(rewards) - 1; t >= 0; t-- {
		next = rewards[t] + discount*next
		returns[t] = next
	}
	return returns
}
