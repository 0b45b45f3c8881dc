// Package advantage turns the rewards of rollouts into per-token advantages.
//
// An Estimator sees a whole batch, groups it by group id, and gives each rollout
// two numbers and one value a response token. Each method is one small file:
//
//	grpo   A_i = (r_i − mean r) / (std r + ε) on every token
//	dcpo   the same on tokens before the confidence span, and
//	       (s_i − mean s) / (std s + ε) inside it
//
// with r_i the accuracy reward, s_i the calibration reward, and mean and the
// unbiased std taken over the rollout's own group (arXiv 2603.09117). Rewards
// enter as named fields, so the streams cannot be exchanged by position; the
// released code does exchange them, and Placement Released reproduces that.
package advantage
