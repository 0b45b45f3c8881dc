package recalibrate

import "math"

// ridge weighs ½·|w|² against the sum of the losses. It is far too weak to be seen, and keeps numbers finite where the data alone
// would send them to infinity: with right answers only, say.
const ridge = 1e-11

// newton fits logistic regression without much ado: w minimises the summed cross-entropy of targets in [0, 1] under
// σ(w·rows[i]), of at most three features. The loss is convex, so steps that are halved until they help reach the minimum.
func newton(rows [][]float64, targets []float64) []float64 {
	d := len(rows[0])
	w := make([]float64, d)
	current := loss(rows, targets, w)
	for range 500 {
		gradient, hessian := derivatives(rows, targets, w)
		step := solve(hessian, gradient)
		descent := 0.0
		for j := range step {
			descent += step[j] * gradient[j]
		}
		if !(descent > 1e-14*(1+current)) {
			break
		}
		next, size := make([]float64, d), 1.0
		for ; size > 1e-12; size /= 2 {
			for j := range w {
				next[j] = w[j] - size*step[j]
			}
			if l := loss(rows, targets, next); l <= current-1e-4*size*descent {
				current = l
				break
			}
		}
		if size <= 1e-12 { // rounding hides what is left to gain
			break
		}
		w = next
	}
	return w
}

// loss is the summed cross-entropy and the ridge.
func loss(rows [][]float64, targets, w []float64) (sum float64) {
	for i, x := range rows {
		z := dot(w, x)
		// −t·ln σ(z) − (1−t)·ln σ(−z), for z of any size
		sum += max(z, 0) - targets[i]*z + math.Log1p(math.Exp(-math.Abs(z)))
	}
	return sum + ridge/2*dot(w, w)
}

// derivatives are the gradient and the Hessian of loss.
func derivatives(rows [][]float64, targets, w []float64) (gradient []float64, hessian [][]float64) {
	d := len(w)
	gradient, hessian = make([]float64, d), make([][]float64, d)
	for j := range d {
		gradient[j] = ridge * w[j]
		hessian[j] = make([]float64, d)
		hessian[j][j] = ridge
	}
	for i, x := range rows {
		p := sigmoid(dot(w, x))
		for j := range d {
			gradient[j] += (p - targets[i]) * x[j]
			for k := range d {
				hessian[j][k] += p * (1 - p) * x[j] * x[k]
			}
		}
	}
	return gradient, hessian
}

// solve returns x of a·x = b for a symmetric positive a, by elimination with pivots; a is overwritten.
func solve(a [][]float64, b []float64) []float64 {
	d := len(b)
	x := append([]float64(nil), b...)
	for j := range d {
		pivot := j
		for i := j + 1; i < d; i++ {
			if math.Abs(a[i][j]) > math.Abs(a[pivot][j]) {
				pivot = i
			}
		}
		a[j], a[pivot], x[j], x[pivot] = a[pivot], a[j], x[pivot], x[j]
		for i := j + 1; i < d; i++ {
			f := a[i][j] / a[j][j]
			for k := j; k < d; k++ {
				a[i][k] -= f * a[j][k]
			}
			x[i] -= f * x[j]
		}
	}
	for j := d - 1; j >= 0; j-- {
		for k := j + 1; k < d; k++ {
			x[j] -= a[j][k] * x[k]
		}
		x[j] /= a[j][j]
	}
	return x
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
