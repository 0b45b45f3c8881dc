package calibration

// Further is what a full report measures beyond the reference's figures. An undefined measure is NaN.
//
// Measures of probabilities (down to WithinBinCovariance) are over the answers whose confidence lies in [0, 1], as the Brier
// score is. Measures of ranking (from AURC on) are over all answers, as the AUROC is: an answer without a confidence comes last.
type Further struct {
	// AdaptiveECE is the ECE over bins of equal mass: the edges are quantiles of the stated confidences, a bin is (low, high],
	// and equal confidences are never parted.
	AdaptiveECE float64
	// SmoothECE is the calibration error under a Gaussian kernel, reflected at 0 and 1, whose width is the error itself
	// (Błasiok and Nakkiran 2023): it has no bins to choose.
	SmoothECE float64
	// RMSCE is √(Σ_b n_b/n · (conf_b − acc_b)²) over the equal bins of ECE. RMSCEDebiased takes from each bin's square the
	// acc_b·(1 − acc_b)/(n_b − 1) that chance alone puts there (Kumar, Liang and Ma 2019); a bin of one answer counts 0.
	RMSCE, RMSCEDebiased float64
	// NLL is the mean −log of the probability given to what came true, in nats, with confidences clipped to
	// [ConfidenceClip, 1 − ConfidenceClip]. BaseRateNLL is that of stating the accuracy each time.
	NLL, BaseRateNLL float64
	// BrierSkill is 1 − Brier/Uncertainty: 0 for stating the accuracy each time, 1 at best.
	BrierSkill float64
	// The Brier score is Reliability − Resolution + Uncertainty + WithinBinVariance − WithinBinCovariance, to rounding; Uncertainty is
	// the Brier score of stating the accuracy each time. The last two are of confidences that differ inside a bin (Stephenson 2008).
	Reliability, Resolution, Uncertainty   float64
	WithinBinVariance, WithinBinCovariance float64
	// AURC is the mean, over all coverages, of the share of wrong answers among the most confident ones; equal confidences count
	// in the mean over their orders. EAURC is how far it lies above that of a perfect ranking, and PRR how much of the way from
	// no ranking (0) to a perfect one (1) it has gone.
	AURC, EAURC, PRR float64
	// AUPRCErrors is the average precision of low confidence as a sign of a wrong answer.
	AUPRCErrors float64
	// CoverageAtRisk… is the largest share of answers that a threshold on confidence can keep with at most 5, 10 or 20 % of
	// them wrong; 0 where no threshold does.
	CoverageAtRisk05, CoverageAtRisk10, CoverageAtRisk20 float64
	// RiskAtCoverage80 is the share of wrong answers above the highest threshold that keeps 80 % of the answers.
	RiskAtCoverage80 float64
	// Distinct is the number of distinct stated confidences. It has no interval: resamples can only lose some.
	Distinct int
}

// FurtherIntervals holds the interval of each measure of Further.
type FurtherIntervals struct {
	AdaptiveECE, SmoothECE                               Interval
	RMSCE, RMSCEDebiased                                 Interval
	NLL, BaseRateNLL, BrierSkill                         Interval
	Reliability, Resolution, Uncertainty                 Interval
	WithinBinVariance, WithinBinCovariance               Interval
	AURC, EAURC, PRR, AUPRCErrors                        Interval
	CoverageAtRisk05, CoverageAtRisk10, CoverageAtRisk20 Interval
	RiskAtCoverage80                                     Interval
}

// The further measures, as indices.
const (
	adaptiveECE = iota
	smoothECE
	rmsce
	rmsceDebiased
	nll
	baseRateNLL
	brierSkill
	reliability
	resolution
	uncertainty
	withinBinVariance
	withinBinCovariance
	aurc
	eaurc
	prr
	auprcErrors
	coverageAtRisk05
	coverageAtRisk10
	coverageAtRisk20
	riskAtCoverage80
	furthers
)

// furtherNames are the fields' names in JSON and in tables, in the order of the indices.
var furtherNames = [furthers]struct{ key, title string }{
	{"adaptive_ece", "ECE, equal mass"}, {"smooth_ece", "ECE, smooth"}, {"rmsce", "RMSCE"}, {"rmsce_debiased", "RMSCE, debiased"},
	{"nll", "NLL"}, {"base_rate_nll", "NLL of the base rate"}, {"brier_skill", "Brier skill"},
	{"reliability", "Brier: reliability"}, {"resolution", "Brier: resolution"}, {"uncertainty", "Brier: uncertainty"},
	{"within_bin_variance", "Brier: variance in bins"}, {"within_bin_covariance", "Brier: covariance in bins"},
	{"aurc", "AURC"}, {"e_aurc", "E-AURC"}, {"prr", "PRR"}, {"auprc_errors", "AUPRC of errors"},
	{"coverage_at_risk_05", "coverage at 5 % risk"}, {"coverage_at_risk_10", "coverage at 10 % risk"}, {"coverage_at_risk_20", "coverage at 20 % risk"},
	{"risk_at_coverage_80", "risk at 80 % coverage"},
}

// fields are the measures in the order of the indices.
func (f *Further) fields() [furthers]*float64 {
	return [furthers]*float64{
		&f.AdaptiveECE, &f.SmoothECE, &f.RMSCE, &f.RMSCEDebiased, &f.NLL, &f.BaseRateNLL, &f.BrierSkill,
		&f.Reliability, &f.Resolution, &f.Uncertainty, &f.WithinBinVariance, &f.WithinBinCovariance,
		&f.AURC, &f.EAURC, &f.PRR, &f.AUPRCErrors, &f.CoverageAtRisk05, &f.CoverageAtRisk10, &f.CoverageAtRisk20, &f.RiskAtCoverage80,
	}
}

// fields are the intervals in the order of the indices.
func (f *FurtherIntervals) fields() [furthers]*Interval {
	return [furthers]*Interval{
		&f.AdaptiveECE, &f.SmoothECE, &f.RMSCE, &f.RMSCEDebiased, &f.NLL, &f.BaseRateNLL, &f.BrierSkill,
		&f.Reliability, &f.Resolution, &f.Uncertainty, &f.WithinBinVariance, &f.WithinBinCovariance,
		&f.AURC, &f.EAURC, &f.PRR, &f.AUPRCErrors, &f.CoverageAtRisk05, &f.CoverageAtRisk10, &f.CoverageAtRisk20, &f.RiskAtCoverage80,
	}
}

// reporter measures a sample in full, again and again.
type reporter struct {
	sample
	inside sample // the answers whose confidence lies in [0, 1]
	smooth *smoother
}

func newReporter(s sample) reporter {
	from, to := 0, len(s.points) // points are sorted, so those in range stand together
	for from < to && s.points[from].bin < 0 {
		from++
	}
	for to > from && s.points[to-1].bin < 0 {
		to--
	}
	inside := s
	inside.points = s.points[from:to]
	return reporter{s, inside, newSmoother(inside)}
}

// further computes the further measures. weight[c] is how often cluster c counts; nil is once each.
func (r reporter) further(weight []float64) [furthers]float64 {
	var m [furthers]float64
	m[adaptiveECE] = r.inside.equalMass(weight)
	m[smoothECE] = r.smooth.error(weight)
	r.inside.decompose(weight, &m)
	r.selective(weight, &m)
	return m
}

// distinct counts the distinct stated confidences.
func (s sample) distinct() (n int) {
	var last *point
	for i := range s.points {
		p := &s.points[i]
		if p.missing {
			continue
		}
		if last == nil || p.confidence != last.confidence {
			n++
		}
		last = p
	}
	return n
}
