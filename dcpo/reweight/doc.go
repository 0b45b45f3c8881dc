// Package reweight tempers the hold that unlikely tokens have on a policy's
// gradient, which grows as a token's probability falls (AR-Lopti, arXiv
// 2505.12929), in two ways that combine:
//
//   - Advantages (advantage reweighting, AR) makes a token's advantage grow with
//     the probability it was sampled with;
//   - Isolate (low-probability token isolation, Lopti) updates unlikely tokens
//     first and the others in an update of their own.
//
// Both work on arrays as the policy loss takes them, [rows, window] row-major, in
// which prompt and padding have advantage and weight 0.
package reweight
