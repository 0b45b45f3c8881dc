package probe

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/optimize"
)

// unconverged is the gradient above which a fit is an error rather than good enough.
const unconverged = 1e-3

// regression is a logistic regression on some rows. Parameters are [hidden + 1]: the weights of standardised features, then the intercept.
type regression struct {
	x       Features
	correct []bool
	rows    []int
	scaling scaling
	penalty float64 // of ½·|w|² beside the mean loss: 1/(C·rows)
}

// minimize starts from parameters and returns better ones, with the largest part of the gradient that is left.
func (r regression) minimize(ctx context.Context, start []float64, opt Options) (parameters []float64, gradient float64, err error) {
	at, slope := make([]float64, len(start)), make([]float64, len(start))
	at[0] = math.NaN() // nothing is known yet
	var value float64
	know := func(p []float64) { // the optimiser asks for the value, then for the gradient at the same place
		for j := range p {
			if p[j] != at[j] {
				copy(at, p)
				value = r.loss(p, slope)
				return
			}
		}
	}
	problem := optimize.Problem{
		Func: func(p []float64) float64 { know(p); return value },
		Grad: func(g, p []float64) { know(p); copy(g, slope) },
		Status: func() (optimize.Status, error) {
			if err := ctx.Err(); err != nil {
				return optimize.Failure, err
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{GradientThreshold: opt.Tolerance, Converger: optimize.NeverTerminate{}, MajorIterations: opt.MaxIterations}
	result, err := optimize.Minimize(problem, start, settings, &optimize.LBFGS{})
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	if result == nil {
		return nil, 0, err
	}
	// A line search that fails near the minimum has met the end of double precision: what counts is the gradient.
	know(result.X)
	for _, g := range slope {
		gradient = max(gradient, math.Abs(g))
	}
	if !(gradient <= unconverged) {
		return nil, 0, fmt.Errorf("after %d iterations the gradient is still %.2g (%v): allow more iterations, or smaller C", result.MajorIterations, gradient, result.Status)
	}
	return result.X, gradient, nil
}

// loss is the mean loss with the penalty; it fills in the gradient. Parts of the rows are summed side by side, and the parts in order,
// so that the result does not depend on how many processors there are.
func (r regression) loss(p, gradient []float64) float64 {
	hidden := r.x.Hidden
	v := make([]float64, hidden) // weights of centred features
	sum := 0.0
	for j := range v {
		v[j] = p[j] * r.scaling.inverse[j]
		sum += r.penalty / 2 * p[j] * p[j]
		gradient[j] = 0
	}
	gradient[hidden] = 0
	size := max(64, (len(r.rows)+63)/64)
	parts := make([]part, (len(r.rows)+size-1)/size)
	sideBySide(len(parts), func(k int) {
		parts[k] = r.part(r.rows[k*size:min((k+1)*size, len(r.rows))], v, p[hidden])
	})
	n := float64(len(r.rows))
	for _, part := range parts {
		sum += part.loss / n
		for j, g := range part.gradient {
			gradient[j] += g / n
		}
	}
	for j := range v {
		gradient[j] = gradient[j]*r.scaling.inverse[j] + r.penalty*p[j]
	}
	return sum
}

// part is a sum over some rows.
type part struct {
	loss     float64
	gradient []float64 // [hidden + 1], of centred features
}

func (r regression) part(rows []int, v []float64, intercept float64) part {
	s := part{gradient: make([]float64, len(v)+1)}
	for _, i := range rows {
		row, z := r.x.row(i), intercept
		for j, x := range row {
			z += v[j] * (float64(x) - r.scaling.mean[j])
		}
		target := 0.0
		if r.correct[i] {
			target = 1
		}
		s.loss += logLoss(z, target)
		residual := sigmoid(z) - target
		for j, x := range row {
			s.gradient[j] += residual * (float64(x) - r.scaling.mean[j])
		}
		s.gradient[len(v)] += residual
	}
	return s
}

// logLoss is −ln of the probability that log-odds z give to a target of 0 or 1, for z of any size.
func logLoss(z, target float64) float64 {
	return max(z, 0) - target*z + math.Log1p(math.Exp(-math.Abs(z)))
}

func sigmoid(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}

// sideBySide calls work for 0 to n−1 on all processors.
func sideBySide(n int, work func(k int)) {
	next := make(chan int)
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for k := range next {
				work(k)
			}
		})
	}
	for k := range n {
		next <- k
	}
	close(next)
	all.Wait()
}
