package recalibrate

import (
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// Method is a family of maps.
type Method string

// The methods; the package comment says what each one is.
const (
	Temperature Method = "temperature"
	Platt       Method = "platt"
	Beta        Method = "beta"
	Isotonic    Method = "isotonic"
)

// Methods are all methods, from the stiffest to the most pliant.
func Methods() []Method { return []Method{Temperature, Platt, Beta, Isotonic} }

// Clip is how near to 0 and 1 a confidence may come before its log-odds are taken: ±13.8 at most.
const Clip = 1e-6

// Map gives the probability of being right for a confidence in [0, 1].
type Map interface {
	Apply(confidence float64) float64
	// String tells the map's numbers, such as "temperature 1.73".
	String() string
}

// Fit fits a map by maximum likelihood (isotonic: by least squares, which here is the same) on the answers that state a confidence in
// [0, 1]; it fails where there are none. Right answers only, or wrong ones only, give a map close to the constant 1 or 0.
func Fit(answers []calibration.Answer, method Method) (Map, error) {
	var s stated
	for _, a := range answers {
		if usable(a) {
			s.confidence = append(s.confidence, a.Confidence)
			s.correct = append(s.correct, a.Correct)
		}
	}
	if len(s.confidence) == 0 {
		return nil, fmt.Errorf("recalibrate by %s: none of %d answers states a confidence in [0, 1]", method, len(answers))
	}
	switch method {
	case Temperature:
		return s.temperature(), nil
	case Platt:
		return s.platt(), nil
	case Beta:
		return s.beta(), nil
	case Isotonic:
		return s.isotonic(), nil
	}
	return nil, fmt.Errorf("recalibrate: method %q: expected one of %v", method, Methods())
}

// Apply returns the answers with their confidences mapped.
func Apply(m Map, answers []calibration.Answer) []calibration.Answer {
	mapped := slices.Clone(answers)
	for i, a := range mapped {
		if usable(a) {
			mapped[i].Confidence = m.Apply(a.Confidence)
		}
	}
	return mapped
}

// CrossFit returns the answers, each with its confidence mapped by a map fitted on the folds that do not hold its problem
// (calibration.Folds deals them). Between folds the maps differ a little, so that the order of confidences may change slightly even by
// rising maps. It fails with fewer than two problems, or where all answers that state a confidence are to one.
func CrossFit(answers []calibration.Answer, method Method, folds int, seed uint64) ([]calibration.Answer, error) {
	problems := make([]string, len(answers))
	for i, a := range answers {
		problems[i] = a.Problem
	}
	of, err := calibration.Folds(problems, folds, seed)
	if err != nil {
		return nil, fmt.Errorf("recalibrate by %s: %w", method, err)
	}
	mapped := slices.Clone(answers)
	for fold := range slices.Max(of) + 1 {
		var others []calibration.Answer
		for i, a := range answers {
			if of[i] != fold {
				others = append(others, a)
			}
		}
		m, err := Fit(others, method)
		if err != nil {
			return nil, fmt.Errorf("all but fold %d: %w", fold, err)
		}
		for i, a := range answers {
			if of[i] == fold && usable(a) {
				mapped[i].Confidence = m.Apply(a.Confidence)
			}
		}
	}
	return mapped, nil
}

// usable tells whether an answer has a confidence that can be mapped.
func usable(a calibration.Answer) bool {
	return a.HasConfidence && a.Confidence >= 0 && a.Confidence <= 1
}

// stated are the answers of a fit.
type stated struct {
	confidence []float64 // in [0, 1]
	correct    []bool
}
