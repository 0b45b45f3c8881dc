// Package figure draws the figures of calibration experiments with gonum/plot.
//
// Of answers with their confidences: Reliability and ReliabilityRow, Histograms
// by correctness, RiskCoverage, and MeasureBars. Of tokens' log-probs:
// TokenProbabilities. Of training runs: TrainingCurves and RunCurves,
// AccuracyConfidence, and Gradients. Bars compares anything else.
//
// Each function returns a Figure, which renders itself as SVG, PNG or PDF, saves
// itself by file extension, and shows itself in a notebook. Figures have a white
// background, so they read on dark pages too, and colours that the common forms
// of colour blindness keep apart. Equal input gives equal SVG and PNG bytes (a
// PDF holds the time of its making).
//
// Empty and degenerate input is drawn as an empty, annotated figure; input that
// contradicts itself is an error.
package figure
