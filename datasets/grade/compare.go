package grade

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
)

// compareReadings tries the ways in which both texts can be read. Both are
// read the same way, so that 1,234 is never a list on one side and a number on
// the other.
func compareReadings(answer, gold string) (bool, string) {
	reason := ReasonUnreadable
	for _, r := range readings(answer, gold) {
		ok, why := compareTexts(answer, gold, r)
		if ok {
			return true, why
		}
		if why != ReasonUnreadable {
			reason = why
		}
	}
	return false, reason
}

func readings(answer, gold string) []reading {
	rs := []reading{{}}
	if strings.Contains(answer, ",") {
		rs = append(rs, reading{lists: true})
	}
	if strings.Contains(answer, ",") && strings.Contains(gold, ".") || strings.Contains(answer, ".") && strings.Contains(gold, ",") {
		rs = append(rs, reading{decimalComma: true})
	}
	if strings.Contains(answer, "e") && scientific.MatchString(gold) {
		rs = append(rs, reading{euler: true})
	}
	return rs
}

// scientific finds what LaTeX and programs read differently, in a reference.
var scientific = regexp.MustCompile(`\d\.?e[-+]?\d`)

func compareTexts(answer, gold string, r reading) (bool, string) {
	at, gt := lex(answer, r), lex(gold, r)
	if len(at) == 0 || len(gt) == 0 {
		return false, ReasonUnreadable
	}
	if sameTokens(at, gt) {
		return true, ReasonSameText
	}
	reason := ReasonUnreadable
	for _, g := range append(withoutLabel(gt), withoutUnit(gt)...) {
		for _, a := range withoutLabel(at) {
			ok, why := compareTokens(a, g)
			if ok {
				return true, why
			}
			if why != ReasonUnreadable {
				reason = why
			}
		}
	}
	return false, reason
}

func compareTokens(answer, gold []token) (bool, string) {
	a, errA := parseTokens(answer)
	g, errG := parseTokens(gold)
	if errors.Is(errA, errTooDeep) || errors.Is(errG, errTooDeep) {
		return false, ReasonTooCostly
	}
	if errA != nil || errG != nil {
		return false, ReasonUnreadable
	}
	if a.unit != "" && g.unit != "" && a.unit != g.unit || clashOfAngles(a, g) || clashOfAngles(g, a) {
		return false, ReasonWrong
	}
	c := comparer{}
	x, y := carriedOut(expand(a.node)), carriedOut(expand(g.node))
	x, y = withoutParameters(x, y)
	if foldsCase(x) && foldsCase(y) {
		x, y = lowered(x), lowered(y)
	}
	ok := c.equal(x, y)
	if !ok && (x.has(isBareLog) || y.has(isBareLog)) {
		ok = c.equal(decimalLog(x), decimalLog(y))
	}
	switch {
	case ok && c.exact:
		return true, ReasonSameNumber
	case ok:
		return true, ReasonEquivalent
	case c.steps > maxSteps:
		return false, ReasonTooCostly
	}
	return false, ReasonWrong
}

// isBareLog recognises log without a base, which is the natural logarithm to
// some and that to base 10 to others; an answer may mean either.
func isBareLog(n *node) bool { return n.kind == kCall && n.name == "log" }

func decimalLog(n *node) *node {
	return n.rebuilt(func(m *node) *node {
		if isBareLog(m) {
			m.name = "lg"
		}
		return m
	})
}

// foldsCase tells whether no two names in the tree differ by case only.
func foldsCase(n *node) bool {
	names := make(map[string]string)
	return !n.has(func(m *node) bool {
		if m.kind != kSymbol {
			return false
		}
		low := strings.ToLower(m.name)
		before, ok := names[low]
		names[low] = m.name
		return ok && before != m.name
	})
}

func lowered(n *node) *node {
	return n.rebuilt(func(m *node) *node {
		if m.kind == kSymbol {
			m.name = strings.ToLower(m.name)
		}
		return m
	})
}

// maxSteps bounds how many pairs of subexpressions are compared.
const maxSteps = 4000

// comparer compares values; equal and its methods take the answer first.
type comparer struct {
	steps int
	// exact is set where the last comparison was of two rational numbers.
	exact bool
}

// equal compares two answers that may be relations.
func (c *comparer) equal(a, g *node) bool {
	if c.steps++; c.steps > maxSteps {
		return false
	}
	c.exact = false
	if sameRealSet(a, g) {
		return true
	}
	if a.kind == kRelation && g.kind == kRelation && c.sameRelation(a, g) {
		return true
	}
	if g.kind == kRelation && a.kind == kRelation {
		a, g = value(a), value(g)
		return (a.kind != kRelation || g.kind != kRelation) && c.sameValue(a, g)
	}
	for _, v := range statedValues(a) {
		if c.sameValue(v, value(g)) {
			return true
		}
	}
	return false
}

// samePercent lets 28 % be 28 as well as 0.28, since references drop the sign
// or keep it as they like.
func (c *comparer) samePercent(a, g *node) bool {
	if a.kind == kPercent && g.kind == kPercent {
		return c.sameScalar(a.args[0], g.args[0])
	}
	if c.sameScalar(a, g) {
		return true
	}
	if a.kind == kPercent {
		return c.sameScalar(a.args[0], g)
	}
	return c.sameScalar(a, g.args[0])
}

// sameScalar compares two expressions: exactly if both are rational, else by
// their values, else by their parts.
func (c *comparer) sameScalar(a, g *node) bool {
	if c.steps++; c.steps > maxSteps {
		return false
	}
	if differ := isAngle(a) != isAngle(g); differ && (a.has(isPi) || g.has(isPi)) {
		if same, known := sameValues(inRadians(a), inRadians(g)); known && same {
			return true
		}
	}
	x, y := rational(a), rational(g)
	if x != nil && y != nil {
		if c.exact = x.Cmp(y) == 0; c.exact {
			return true
		}
		return roundsTo(a, g) || roundsTo(g, a)
	}
	if same, known := sameValues(a, g); known {
		return same || roundsTo(a, g) || roundsTo(g, a)
	}
	return c.sameParts(a, g)
}

// sameParts compares node by node what has no numeric value.
func (c *comparer) sameParts(a, g *node) bool {
	if a.kind != g.kind || a.name != g.name || len(a.args) != len(g.args) || a.columns != g.columns || strings.Join(a.ops, "") != strings.Join(g.ops, "") {
		return false
	}
	if a.kind == kNumber {
		return a.rat.Cmp(g.rat) == 0
	}
	for i := range a.args {
		if !c.sameValue(a.args[i], g.args[i]) {
			return false
		}
	}
	return len(a.args) > 0
}

// minDigits is how many significant digits a decimal must have to stand for a
// value that it only rounds.
const minDigits = 6

// roundsTo tells whether the decimal number literal is the other value, rounded
// to the digits written.
func roundsTo(literal, value *node) bool {
	sign := 1.0
	if literal.kind == kNegative {
		literal, sign = literal.args[0], -1
	}
	if literal.kind != kNumber || literal.places < 0 || hasVariable(value) {
		return false
	}
	digits := new(big.Int).Quo(new(big.Int).Mul(literal.rat.Num(), tenTo(literal.places)), literal.rat.Denom())
	if len(digits.String()) < minDigits || literal.places > 300 {
		return false
	}
	e := evaluator{}
	v := e.eval(value)
	if e.unknown || !finite(v) || math.Abs(imag(v)) > 1e-12 {
		return false
	}
	f, _ := literal.rat.Float64()
	return math.Abs(real(v)-sign*f) <= 0.5000001*math.Pow(10, -float64(literal.places))
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
