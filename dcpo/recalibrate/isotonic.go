package recalibrate

import (
	"fmt"
	"sort"
)

// isotonicMap is linear between its points, and constant beyond them.
type isotonicMap struct{ confidence, probability []float64 } // rising

// isotonic pools adjacent violators: equal confidences first become one point, their mean; then neighbours that fall are merged
// into their mean until nothing falls. Merged points keep their place, so the map has steps and slopes between them.
func (s stated) isotonic() Map {
	type block struct {
		sum, count float64
		from, to   int // the distinct confidences it spans, from ≤ i < to
	}
	order := make([]int, len(s.confidence))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return s.confidence[order[i]] < s.confidence[order[j]] })
	var m isotonicMap
	var blocks []block
	for i := 0; i < len(order); {
		c := s.confidence[order[i]]
		b := block{from: len(m.confidence), to: len(m.confidence) + 1}
		for ; i < len(order) && s.confidence[order[i]] == c; i++ {
			b.count++
			if s.correct[order[i]] {
				b.sum++
			}
		}
		m.confidence = append(m.confidence, c)
		for n := len(blocks); n > 0 && blocks[n-1].sum*b.count >= b.sum*blocks[n-1].count; n-- {
			last := blocks[n-1]
			b = block{last.sum + b.sum, last.count + b.count, last.from, b.to}
			blocks = blocks[:n-1]
		}
		blocks = append(blocks, b)
	}
	m.probability = make([]float64, len(m.confidence))
	for _, b := range blocks {
		for i := b.from; i < b.to; i++ {
			m.probability[i] = b.sum / b.count
		}
	}
	return m
}

func (m isotonicMap) Apply(c float64) float64 {
	above := sort.SearchFloat64s(m.confidence, c) // first point ≥ c
	last := len(m.confidence) - 1
	switch {
	case above > last:
		return m.probability[last]
	case above == 0 || m.confidence[above] == c:
		return m.probability[above]
	}
	share := (c - m.confidence[above-1]) / (m.confidence[above] - m.confidence[above-1])
	return m.probability[above-1] + share*(m.probability[above]-m.probability[above-1])
}

func (m isotonicMap) String() string {
	levels := 1
	for i := 1; i < len(m.probability); i++ {
		if m.probability[i] != m.probability[i-1] {
			levels++
		}
	}
	return fmt.Sprintf("isotonic, %d levels from %.3g to %.3g", levels, m.probability[0], m.probability[len(m.probability)-1])
}
