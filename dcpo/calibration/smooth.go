package calibration

import "math"

const (
	smoothMesh      = 200   // points at least at which the smoothed error is read
	smoothSmallest  = 0.001 // width below which none is sought
	smoothHalvings  = 10    // of the search for the width
	smoothFloor     = 1e-4  // added to the density of answers, against division by 0
	smoothReach     = 8.5   // kernel widths beyond which a Gaussian is 0 to double precision
	smoothGridCells = 2000  // of the grid, over twice the unit interval
)

// smoother computes the smooth calibration error of a sample under many weights. The error of width σ is
//
//	Σ_t |Σ_i (c_i − r_i)·K_σ(t, c_i)| / Σ_t Σ_i K_σ(t, c_i)
//
// over a mesh of t in [0, 1], with K_σ a Gaussian cut off at distance ½ and reflected at 0 and 1; the smooth error is that of the
// width that equals it. Confidences are shared out between the two nearest points of a grid. Grid, mesh and search are those
// of the relplot package, whose figures it gives; an even grid (widths below 0.01) is made odd here, to have a middle.
type smoother struct {
	sample
	kernels map[float64]*kernelRows // by width: resamples ask for the same ones
}

func newSmoother(s sample) *smoother { return &smoother{s, map[float64]*kernelRows{}} }

// error is the smooth calibration error; points are all in range. NaN of no answers.
func (s *smoother) error(weight []float64) float64 {
	var n float64
	for _, p := range s.points {
		n += p.weight(weight)
	}
	if n == 0 {
		return math.NaN()
	}
	tooNarrow := func(width float64) bool { return width < smoothSmallest || width < s.at(width, weight) }
	if tooNarrow(1) {
		return s.at(1, weight)
	}
	wide, narrow := 1.0, 0.0
	for range smoothHalvings {
		if middle := (wide + narrow) / 2; tooNarrow(middle) {
			narrow = middle
		} else {
			wide = middle
		}
	}
	return s.at(wide, weight)
}

// at is the error of one width.
func (s *smoother) at(width float64, weight []float64) float64 {
	k := s.kernels[width]
	if k == nil {
		k = newKernelRows(s.points, width)
		s.kernels[width] = k
	}
	residual := make([]float64, len(k.cells))
	density := float64(len(k.rows)) * smoothFloor
	for i, p := range s.points {
		w := p.weight(weight)
		if w == 0 {
			continue
		}
		r, at := w*(p.confidence-p.correct), k.of[i]
		low := w * (1 - at.share)
		residual[at.cell] += r * (1 - at.share)
		density += low * k.mass[at.cell]
		if at.share > 0 {
			residual[at.cell+1] += r * at.share
			density += w * at.share * k.mass[at.cell+1]
		}
	}
	sum := 0.0
	for _, row := range k.rows {
		smoothed := 0.0
		for j, kernel := range row.kernel {
			smoothed += kernel * residual[row.first+j]
		}
		sum += math.Abs(smoothed)
	}
	return sum / density
}

// kernelRows is the kernel of one width between the mesh and the cells of the grid that hold answers.
type kernelRows struct {
	of    []placed // of each point
	cells []int    // grid positions that hold something, rising
	rows  []kernelRow
	mass  []float64 // of each cell, the sum over the rows
}

// placed says that a point lies in a cell by 1 − share, and in the next one by share.
type placed struct {
	cell  int
	share float64
}

// kernelRow is the kernel between a point of the mesh and the cells from first on; it is 0 for all others.
type kernelRow struct {
	first  int
	kernel []float64
}

func newKernelRows(points []point, width float64) *kernelRows {
	last := max(smoothGridCells, int(math.RoundToEven(20/width))) / 2 // grid positions are 0 to last
	last += last % 2
	k := &kernelRows{of: make([]placed, len(points))}
	add := func(cell int) {
		if n := len(k.cells); n == 0 || k.cells[n-1] < cell {
			k.cells = append(k.cells, cell)
		}
	}
	for i, p := range points { // by confidence, rising
		scaled := p.confidence * float64(last)
		cell := min(int(scaled), last-1)
		share := scaled - float64(cell)
		add(cell)
		at := len(k.cells) - 1
		for k.cells[at] != cell { // the cell of an earlier point's upper share
			at--
		}
		k.of[i] = placed{at, share}
		if share > 0 {
			add(cell + 1)
		}
	}
	k.fill(width, last)
	return k
}

// fill computes the rows: at a point of the mesh, the kernels of the two grid positions around it, in proportion.
func (k *kernelRows) fill(width float64, last int) {
	gauss := gaussian(width, last)
	mesh := max(int(math.RoundToEven(10/width)), smoothMesh)
	k.rows, k.mass = make([]kernelRow, mesh), make([]float64, len(k.cells))
	first := 0
	for t := range mesh {
		x := float64(t) / float64(mesh-1) * float64(last)
		m := min(int(x), last-1)
		share := x - float64(m)
		for first < len(k.cells) && k.cells[first] < m-len(gauss) {
			first++
		}
		row := kernelRow{first: first}
		for j := first; j < len(k.cells) && k.cells[j] <= m+1+len(gauss); j++ {
			value := (1-share)*reflected(gauss, m, k.cells[j], last) + share*reflected(gauss, m+1, k.cells[j], last)
			row.kernel = append(row.kernel, value)
			k.mass[j] += value
		}
		k.rows[t] = row
	}
}

// gaussian is the density of width at distances 0, 1, … on the grid, up to its half or to where it vanishes.
func gaussian(width float64, last int) []float64 {
	reach := min(last/2, int(math.Ceil(smoothReach*width*float64(last))))
	g := make([]float64, reach+1)
	for d := range g {
		z := float64(d) / float64(last) / width
		g[d] = math.Exp(-z*z/2) / (math.Sqrt(2*math.Pi) * width)
	}
	return g
}

// reflected is the kernel between positions a and b of the grid 0 to last, b seen in the mirrors at both ends too.
func reflected(gauss []float64, a, b, last int) float64 {
	at := func(d int) float64 {
		if d = max(d, -d); d < len(gauss) {
			return gauss[d]
		}
		return 0
	}
	sum := at(a - b)
	if b > 0 {
		sum += at(a + b)
	}
	if b < last {
		sum += at(2*last - a - b)
	}
	return sum
}
