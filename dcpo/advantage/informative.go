package advantage

// Informative returns the ids of the groups that have something to teach, in
// order of first appearance: those whose answer rewards are not all equal. A group
// of one is among them, for its reward is compared with nothing and stays as it
// is. Dynamic sampling (DAPO, arXiv 2503.14476) keeps these and asks other
// problems in place of the rest; what is left out is also the share of all-equal
// groups that a run reports.
func Informative(rollouts []Rollout) []string {
	first, size, varies := map[string]float64{}, map[string]int{}, map[string]bool{}
	var order []string
	for _, r := range rollouts {
		if size[r.Group] == 0 {
			first[r.Group] = r.Answer
			order = append(order, r.Group)
		}
		size[r.Group]++
		varies[r.Group] = varies[r.Group] || r.Answer != first[r.Group]
	}
	var out []string
	for _, g := range order {
		if varies[g] || size[g] == 1 {
			out = append(out, g)
		}
	}
	return out
}
