package logic

import "fmt"

// Solve returns every way in which the people can be knights and knaves, true
// standing for a knight, when person i makes statements[i]: all 2ⁿ ways are
// tried. It fails where a statement is malformed or there are not 2 to 8 people.
func Solve(statements []Statement) ([][]bool, error) {
	n := len(statements)
	if n < fewestPeople || n > mostPeople {
		return nil, fmt.Errorf("solve a puzzle: expected %d to %d statements, one a person, found %d", fewestPeople, mostPeople, n)
	}
	for i, s := range statements {
		if err := s.validate(n); err != nil {
			return nil, fmt.Errorf("solve a puzzle: statement %d: %w", i, err)
		}
	}
	var all [][]bool
	for _, knights := range solutions(statements) {
		all = append(all, knights.bools(n))
	}
	return all, nil
}

// solutions is Solve for statements known to be valid.
func solutions(statements []Statement) []people {
	var all []people
	for knights := range people(1) << len(statements) {
		if consistent(statements, knights) {
			all = append(all, knights)
		}
	}
	return all
}

// consistent tells whether the knights, and only they, say what is true.
func consistent(statements []Statement, knights people) bool {
	for i, s := range statements {
		if s.holds(knights) != knights.knight(i) {
			return false
		}
	}
	return true
}
