package alarm

import "fmt"

// rolloutRules look at how responses were sampled and graded.
var rolloutRules = []rule{
	{
		name: "truncated",
		why:  "A response that is cut off has no answer and no confidence, however well it reasons, so the model learns to be short rather than right",
		try:  "a longer rollout.max_new_tokens, stages of growing length (curriculum.stages), or reward.overlong_buffer for a penalty that grows gently",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.Truncated, f.Rollouts, o.Truncated) {
				return ""
			}
			return fmt.Sprintf("%s of the responses were cut off by the length limit, the limit of this alarm is %s", share(f.Truncated, f.Rollouts), percent(o.Truncated))
		},
	},
	{
		name: "logprob_broken", stop: true,
		why: "Rollouts come from another policy than the one that is trained: old weights in the engine, another temperature or template, or a fault in one of the two programs",
		try: "the weight sync and its probe, the same sampling settings on both sides, then \"godcpo score\" on one of the rollouts",
		see: func(o Options, _ []Figures, f Figures) string {
			if !above(f.Gap, o.StopGap) {
				return ""
			}
			return fmt.Sprintf("sampled and scored log-probs differ by %.4g nats a token on average, more than %g", f.Gap, o.StopGap)
		},
	},
	{
		name: "logprob_mismatch",
		why:  "The engine samples from a slightly other policy than the one that is trained; the updates are off-policy without knowing, and runs have collapsed over it",
		try:  "rollout.importance = \"token\", model.float_head = true, or float32; a gap that grows from step to step means that the engine's weights are old",
		see: func(o Options, _ []Figures, f Figures) string {
			if above(f.Gap, o.StopGap) || !above(f.Gap, o.Gap) && !above(f.MismatchKL, o.MismatchKL) {
				return ""
			}
			return fmt.Sprintf("sampled and scored log-probs differ by %.4g nats a token on average (limit %g), a divergence of %.4g (limit %g)", f.Gap, o.Gap, f.MismatchKL, o.MismatchKL)
		},
	},
	{
		name: "reward_panics",
		why:  "A rollout whose reward function panics gets none of that reward, as if it were bad",
		try:  "the first panic's message in the log, and the function on that response by itself",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.Panics, f.Rollouts, o.RewardErrors) {
				return ""
			}
			return fmt.Sprintf("reward functions panicked on %s of the rollouts", share(f.Panics, f.Rollouts))
		},
	},
	{
		name: "reward_timeouts",
		why:  "A rollout whose reward function does not come back in time gets none of that reward, as if it were bad",
		try:  "a faster function, or a longer reward.timeout_seconds",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.TimeOuts, f.Rollouts, o.RewardErrors) {
				return ""
			}
			return fmt.Sprintf("reward functions timed out on %s of the rollouts", share(f.TimeOuts, f.Rollouts))
		},
	},
	{
		name: "unreadable_answers",
		why:  "They count as wrong; where most are, the model learns the form of an answer and nothing else, or the grader looks for another form than the prompt asks for",
		try:  "a few responses in samples.html, confidence.prompt and reward.grader, or a warm-up that teaches the form",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.Unreadable, f.Rollouts, o.Unreadable) {
				return ""
			}
			return fmt.Sprintf("%s of the responses have no answer that can be read, the limit is %s", share(f.Unreadable, f.Rollouts), percent(o.Unreadable))
		},
	},
}
