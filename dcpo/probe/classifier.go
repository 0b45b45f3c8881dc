package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Classifier gives the probability that an answer is right from its hidden state. Its JSON is what Save writes.
type Classifier struct {
	// Mean and Scale standardise features, [hidden]; Scale is 1 for a feature that was constant, whose weight is 0.
	Mean  []float64 `json:"mean"`
	Scale []float64 `json:"scale"`
	// Weights are those of standardised features, [hidden].
	Weights   []float64 `json:"weights"`
	Intercept float64   `json:"intercept"`
	// C is the inverse strength of the penalty, Rows the number of answers fitted, and Gradient the largest part of the gradient
	// of the mean loss that was left.
	C        float64 `json:"c"`
	Rows     int     `json:"rows"`
	Gradient float64 `json:"gradient"`
	// Candidates are the strengths tried by cross-validation, C rising; none where one was given.
	Candidates []Candidate `json:"candidates,omitempty"`
}

// Probabilities gives each row's probability of being right, NaN for a row with a value that is not finite: package calibration
// takes that for a missing confidence. It panics where the rows are not as wide as those fitted.
func (c *Classifier) Probabilities(x Features) []float64 {
	if len(x.Values) == 0 {
		return nil
	}
	if x.Hidden != len(c.Weights) || len(x.Values)%x.Hidden != 0 {
		panic(fmt.Sprintf("probe: %d values in rows of width %d, for a classifier of width %d", len(x.Values), x.Hidden, len(c.Weights)))
	}
	p := make([]float64, x.Rows())
	for i := range p {
		p[i] = sigmoid(c.logOdds(x.row(i)))
	}
	return p
}

// logOdds are those of one row; NaN where a value is not finite.
func (c *Classifier) logOdds(row []float32) float64 {
	z := c.Intercept
	for j, v := range row {
		if !finite(v) {
			return math.NaN()
		}
		z += c.Weights[j] * (float64(v) - c.Mean[j]) / c.Scale[j]
	}
	return z
}

// Save writes the classifier to a file, whole or not at all.
func (c *Classifier) Save(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("save probe: %w", err)
		}
	}()
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.partial")
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Load reads what Save wrote, and fails where that cannot be a classifier.
func Load(path string) (*Classifier, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load probe: %w", err)
	}
	c := &Classifier{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, fmt.Errorf("load probe %s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("load probe %s: %w", path, err)
	}
	return c, nil
}

func (c *Classifier) check() error {
	n := len(c.Weights)
	if n == 0 || len(c.Mean) != n || len(c.Scale) != n {
		return fmt.Errorf("%d weights, %d means and %d scales: expected as many of each", n, len(c.Mean), len(c.Scale))
	}
	for j, s := range c.Scale {
		if !(s > 0) {
			return fmt.Errorf("scale %d is %v: expected a positive number", j, s)
		}
	}
	return nil
}
