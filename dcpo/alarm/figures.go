package alarm

import "time"

// Figures are what a step showed. What is not known may be left out together with the number that it is of: figures of rollouts with
// Rollouts, of updates with Updates, of tokens with Tokens. An undefined figure is NaN.
type Figures struct {
	Step     int
	Rollouts int // graded
	// Answer and Confidence describe the advantages of reasoning and of confidence tokens; a method without the latter has no groups
	// there.
	Answer, Confidence Advantages
	// Loss and GradNorm are means over the step's updates.
	Loss, GradNorm float64
	// Updates were tried, NotFinite of them skipped.
	Updates, NotFinite int

	// Truncated responses were cut off by the length limit; Missing have no readable confidence, Unreadable no readable answer.
	Truncated, Missing, Unreadable int
	// Confidences are the stated ones.
	Confidences []float64
	// Panics and TimeOuts are rewards that reward functions failed to give.
	Panics, TimeOuts int

	// Tokens were sampled. Gap is the mean |sampled − scored| log-prob over them, MismatchKL the mean of the k3 estimate between the
	// two policies, Entropy the mean entropy of the tokens' distributions, all in nats a token.
	Tokens                   int
	Gap, MismatchKL, Entropy float64
	// ReferenceKL is the divergence from the reference policy, in nats a token; ClipFraction the share of tokens whose ratio was clipped.
	ReferenceKL, ClipFraction float64

	// Times are how long each phase took, Residue how many bytes the fullest device held after it.
	Times   map[string]time.Duration
	Residue map[string]int64
}

// Advantages describe one stream of advantages over a step's rollouts.
type Advantages struct {
	// Groups is the number of groups, Equal of those whose rewards are all equal, so that their advantages are 0.
	Groups, Equal int
	// Mean and Std are over all rollouts.
	Mean, Std float64
}
