// Package reward scores rollouts: an accuracy reward for the answer and a
// calibration reward for the stated confidence, kept apart as named fields.
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
package reward
