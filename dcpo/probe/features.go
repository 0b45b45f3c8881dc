package probe

import (
	"fmt"
	"math"
)

// Features are hidden states, one row an answer.
type Features struct {
	Hidden int       // width of a row
	Values []float32 // [rows, hidden], row after row
}

// Rows is the number of rows.
func (f Features) Rows() int {
	if f.Hidden < 1 {
		return 0
	}
	return len(f.Values) / f.Hidden
}

// row is one row, [hidden].
func (f Features) row(i int) []float32 { return f.Values[i*f.Hidden:][:f.Hidden] }

// Join makes Features of rows; it fails where they are not of one width.
func Join(rows [][]float32) (Features, error) {
	if len(rows) == 0 {
		return Features{}, nil
	}
	f := Features{Hidden: len(rows[0]), Values: make([]float32, 0, len(rows)*len(rows[0]))}
	for i, row := range rows {
		if len(row) != f.Hidden {
			return Features{}, fmt.Errorf("join hidden states: row %d has %d values, but row 0 has %d", i, len(row), f.Hidden)
		}
		f.Values = append(f.Values, row...)
	}
	return f, nil
}

// check finds what no classifier can be fitted to.
func (f Features) check() error {
	if f.Hidden < 1 || len(f.Values)%f.Hidden != 0 {
		return fmt.Errorf("%d values are not rows of width %d", len(f.Values), f.Hidden)
	}
	for i, v := range f.Values {
		if !finite(v) {
			return fmt.Errorf("row %d, feature %d is %v: expected finite numbers; leave such answers out", i/f.Hidden, i%f.Hidden, v)
		}
	}
	return nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// scaling standardises features: (x − mean)·inverse. The inverse of the deviation is 0 for a constant feature, which says nothing.
type scaling struct{ mean, inverse []float64 } // [hidden]

// scale is the standardisation of some rows, by their biased standard deviation.
func (f Features) scale(rows []int) scaling {
	s := scaling{make([]float64, f.Hidden), make([]float64, f.Hidden)}
	first, varies := f.row(rows[0]), make([]bool, f.Hidden)
	for _, i := range rows {
		for j, v := range f.row(i) {
			s.mean[j] += float64(v) / float64(len(rows))
			varies[j] = varies[j] || v != first[j]
		}
	}
	for _, i := range rows {
		for j, v := range f.row(i) {
			d := float64(v) - s.mean[j]
			s.inverse[j] += d * d / float64(len(rows))
		}
	}
	for j, variance := range s.inverse {
		s.inverse[j] = 0
		if varies[j] { // else there is a variance by rounding only
			s.inverse[j] = 1 / math.Sqrt(variance)
		}
	}
	return s
}
