// Package calibration measures how well stated confidences agree with
// correctness: ECE, PCE, MCE, Brier score, AUROC, and 95 % bootstrap intervals.
//
// Summarize gives the reference's figures, quickly enough for every training
// step. Report adds those of Further: calibration errors that do not hang on
// the choice of bins, NLL, the parts of the Brier score, and what is gained by
// answering only when confident. Bootstrap gives either with intervals, and
// compares two methods on the same problems.
//
// Definitions of the former are those of the released DCPO evaluation, so results
// can be compared with it; those of the latter stand at the fields of Further. With n answers, bins b of equal width, n_b answers in bin
// b, and their mean correctness acc_b and mean confidence conf_b:
//
//	ECE             Σ_b n_b/n · |acc_b − conf_b|
//	PCE             the same sum over the bins with conf_b > acc_b only
//	PCEConditional  PCE divided by the share of answers in those bins
//	MCE             max_b |acc_b − conf_b| over bins that hold an answer
//	Brier           mean (confidence − correct)² over confidences in [0, 1]
//	AUROC           chance that a right answer states more than a wrong one, ties half
//
// A bin is (low, high]; the first also holds 0. A missing confidence counts as
// −0.1: it is in no bin and not in the Brier score, yet in n, in the mean
// confidence and in the AUROC. So leaving confidences out lowers ECE and PCE;
// read them beside ShareMissing. Confidences are fractions, 0 to 1.
//
// A measure that is undefined (of no answers, or AUROC of right answers only) is
// NaN in Go, null in JSON and "–" in tables.
package calibration
