// Package recalibrate corrects stated confidences after the fact: it fits a map from confidence to the probability of being right
// on graded answers, and applies it to others.
//
// It is the cheap rival of training for calibration. A rising map cannot change which of two answers is the more confident one, so
// it mends ECE and Brier score, and leaves AUROC alone: what a trained model must beat a recalibrated one in.
//
//	Temperature  σ(logit(c)/T)                    one number, T > 0
//	Platt        σ(a·logit(c) + b)                a may be negative: confidences that point the wrong way are turned round
//	Beta         σ(a·ln c − b·ln(1 − c) + m)      a, b ≥ 0 (Kull, Silva Filho and Flach 2017)
//	Isotonic     any rising function, by pooling adjacent violators
//
// The first three see confidences clipped to [Clip, 1 − Clip], since the log-odds of 0 and 1 are infinite. Isotonic returns 0 and 1 where all
// answers at an end are wrong or right; a NLL then rests on its own clipping.
// Missing confidences stay missing, and those outside [0, 1] stay as they are; neither has a part in the fit.
//
// A map must not be judged by the answers it was fitted on. CrossFit gives every answer the map of the folds that
// do not hold its problem.
package recalibrate
