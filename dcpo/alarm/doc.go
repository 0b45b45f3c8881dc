// Package alarm warns of what is known to go wrong in training without an error: the run goes on, and learns nothing or the wrong
// thing.
//
// Check looks at one step's Figures and at those of the steps before and returns a Warning for each thing it finds; it keeps nothing.
// A Monitor remembers the steps and says each thing at most once in so many of them. A Watchdog tells when nothing goes on at all, and
// what hangs.
//
//	name                 what is seen
//	equal_groups         groups whose rewards are all equal, which teach nothing
//	zero_gradient        a gradient of exactly 0, with its reason where it is known
//	truncated            responses cut off by the length limit
//	logprob_mismatch     sampled and scored log-probs that differ
//	logprob_broken       the same, so far that training should stop
//	not_finite           updates that were skipped, their gradient being NaN or infinite
//	missing_confidence   responses without a readable confidence
//	constant_confidence  stated confidences that are all the same
//	extreme_confidence   stated confidences of exactly 0 or 1
//	reward_panics        rewards lost because a reward function panicked
//	reward_timeouts      rewards lost because a reward function took too long
//	unreadable_answers   responses without an answer that can be read
//	entropy_collapse     a policy that has hardly any choice left
//	kl_runaway           a policy far from its reference
//	clipped              updates that the clip bounds hold back
//	slow_phase           a phase that takes several times its usual time
//	memory_residue       device memory that is held after a phase, and grows step by step
package alarm
