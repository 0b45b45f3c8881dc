// Package reward scores rollouts: an accuracy reward for the answer, a
// calibration reward for the stated confidence, and whatever a method adds,
// kept apart as named fields.
//
// For rollout i of a group, with r_i in {0, 1} for a wrong or right answer, c_i
// for the stated confidence, and R the mean of r over the rollouts of the same
// problem (arXiv 2603.09117):
//
//	target_i = r_i                    DCPO-I, Instance
//	target_i = R                      DCPO-G, GroupMean
//	target_i = γ·r_i + (1−γ)·R        DCPO,   Hybrid
//	s_i      = −w·(target_i − c_i)²   the calibration reward
//
// A rollout without a readable confidence gets the s_i of c_i = −1, which no
// confidence in [0, 1] falls below. Groups are found by group id, never by the
// position of a rollout in the batch.
//
// What a method rewards is a [Composition] of components, each with a name, a
// weight, and the stream of tokens that it trains: those of the answer or those
// of the stated confidence. Components are made here, by [Accuracy],
// [Calibration], [LogScore], [Format], [Boxed], [Overlong] and [Logic], or are
// a user's function, which may panic or hang without harm to the run. With all
// else at its default:
//
//	GRPO   Accuracy(1), Calibration(0, ConfidenceStream): calibration is reported only
//	DCPO   Accuracy(1), Calibration(1, ConfidenceStream)
//	RLCR   Accuracy(1), Calibration(1, AnswerStream), with Options{Target: Instance, Weight: 1}
package reward
