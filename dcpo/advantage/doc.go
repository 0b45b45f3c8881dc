// Package advantage turns the rewards of rollouts into per-token advantages.
//
// An Estimator sees a whole batch, groups it by group id, and gives each rollout
// one value a response token. Each method is one small file with its formula:
//
//	dcpo                  two rewards, each standardised in its group, each on its own tokens
//	bae_ocb               the same, the confidence compared among equal outcomes
//	grpo                  one reward, standardised in its group, on every token
//	dr_grpo, rlcr         centred in its group
//	rloo                  less the mean of the group's others
//	opo                   less the group's mean weighed by length
//	gpg                   centred, times rollouts over rewarded rollouts
//	ccgspg                centred, over the policy's doubt 1 − C
//	gdpo                  each named reward standardised in its group, summed, whitened
//	reinforce++-baseline  centred in its group, whitened over the batch
//	reinforce++           discounted returns, whitened over the batch
//	gae                   of a value head, whitened over the batch
//	remax                 returns less the greedy answer's reward
//
// Mean and std are of the rollout's own group, std the unbiased one. Rewards
// enter as named fields, so that DCPO's two cannot be exchanged by position; the
// released code does exchange them, and Placement Released reproduces that.
//
// rlcr and Rewarding Doubt are methods of a reward, made in package reward; the
// former has dr_grpo's advantage, the latter that of whichever estimator it is
// trained with (PPO in its paper).
package advantage
