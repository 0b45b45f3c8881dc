// Package dcpo trains language models with Decoupled Calibration Policy Optimization and its relatives, evaluates how well
// their stated confidence is calibrated, and draws it.
//
// The method (arXiv 2603.09117), for one prompt and its group of rollouts, each "reasoning… CONFIDENCE: c":
//
//	r_i = 1 if the answer is right, else 0          Rollout.Reward.Accuracy       package reward
//	h_i = γ·r_i + (1−γ)·mean r                      Rollout.Reward.Target
//	s_i = −w·(h_i − c_i)²                           Rollout.Reward.Calibration
//	A^acc = (r − mean r)/std r                      Rollout.Advantage.Answer      package advantage
//	A^cal = (s − mean s)/std s                      Rollout.Advantage.Confidence
//	token t gets A^acc before the confidence span and A^cal inside it             package verbal finds the span
//	loss = clipped surrogate + KL to the reference  loss.Policy                   package loss
//
// GRPO is the same loop with A^acc on every token. A [Trainer] runs it on a backend.Model; [Evaluate] measures the result.
package dcpo
