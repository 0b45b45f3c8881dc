package grade

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/cmplx"
	"strings"
)

// evaluator computes an expression at one point: each symbol has a value drawn
// from its name and the number of the point. Work is bounded, as every node is
// visited once.
type evaluator struct {
	point int
	// given, if not "", is a symbol with a value of its own.
	given string
	value float64
	// outside is set where the root, logarithm or fractional power of a
	// negative number was taken: the identities people use may not hold there.
	outside bool
	// unknown is set by parts that have no numeric value.
	unknown bool
	// scale is the largest magnitude among the terms of sums, by which the
	// rounding error of a result near zero is judged.
	scale float64
}

// positivePoints of the points have only positive values; the others, mixed.
const (
	points         = 5
	positivePoints = 3
)

func (e *evaluator) symbol(name string) complex128 {
	if e.given != "" && name == e.given {
		return complex(e.value, 0)
	}
	switch name {
	case "i":
		return 1i
	case "e":
		return math.E
	case "pi":
		return math.Pi
	}
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	h.Write([]byte{byte(e.point)})
	x := h.Sum64()
	x ^= x >> 31 // spread the last byte over all bits
	x *= 0x9e3779b97f4a7c15
	v := 0.3 + 2*float64(x>>11)/(1<<53)
	if e.point >= positivePoints && x&1 == 1 {
		v = -v
	}
	return complex(v, 0)
}

func (e *evaluator) eval(n *node) complex128 {
	switch n.kind {
	case kNumber:
		f, _ := n.rat.Float64()
		return complex(f, 0)
	case kSymbol:
		return e.symbol(n.name)
	case kBased:
		return e.symbol("base " + n.name)
	case kNegative:
		return -e.eval(n.args[0])
	case kDegrees:
		return e.eval(n.args[0])
	case kPercent:
		return e.eval(n.args[0]) / 100
	case kSum:
		total := complex(0, 0)
		for _, a := range n.args {
			v := e.eval(a)
			e.scale = math.Max(e.scale, cmplx.Abs(v))
			total += v
		}
		return total
	case kProduct:
		product := complex(1, 0)
		for _, a := range n.args {
			product *= e.eval(a)
		}
		return product
	case kQuotient:
		return e.eval(n.args[0]) / e.eval(n.args[1])
	case kPower:
		return e.power(e.eval(n.args[0]), e.eval(n.args[1]))
	case kCall:
		return e.call(n)
	}
	e.unknown = true
	return 0
}

func (e *evaluator) power(base, exponent complex128) complex128 {
	re := real(exponent)
	if imag(exponent) == 0 && re == math.Trunc(re) && math.Abs(re) <= 64 {
		// Repeated multiplication keeps integer powers of reals real.
		p := complex(1, 0)
		for range int(math.Abs(re)) {
			p *= base
		}
		if re < 0 {
			return 1 / p
		}
		return p
	}
	e.checkDomain(base)
	if base == 0 {
		if re > 0 {
			return 0
		}
		return cmplx.NaN()
	}
	return cmplx.Pow(base, exponent)
}

func (e *evaluator) checkDomain(v complex128) {
	if imag(v) == 0 && real(v) < 0 {
		e.outside = true
	}
}

func (e *evaluator) call(n *node) complex128 {
	if n.name == "binom" && len(n.args) == 2 {
		a, b := e.eval(n.args[0]), e.eval(n.args[1])
		return e.gamma(a+1) / (e.gamma(b+1) * e.gamma(a-b+1))
	}
	if n.name == "root" && len(n.args) == 2 {
		return e.power(e.eval(n.args[0]), 1/e.eval(n.args[1]))
	}
	if _, known := functions[n.name]; len(n.args) != 1 || strings.HasPrefix(n.name, "f:") || known && opaque[n.name] {
		return e.opaqueCall(n)
	}
	x := e.eval(n.args[0])
	if n.args[0].kind == kDegrees && trigonometric[n.name] {
		x *= math.Pi / 180
	}
	return e.function(n.name, x)
}

var trigonometric = set("sin cos tan cot sec csc")

func (e *evaluator) function(name string, x complex128) complex128 {
	if f, ok := entire[name]; ok {
		return f(x)
	}
	switch name {
	case "sqrt":
		e.checkDomain(x)
		return cmplx.Sqrt(x)
	case "ln", "log":
		e.checkDomain(x)
		return cmplx.Log(x)
	case "lg":
		e.checkDomain(x)
		return cmplx.Log(x) / math.Ln10
	case "abs":
		return complex(cmplx.Abs(x), 0)
	case "floor":
		return complex(math.Floor(real(x)), 0)
	case "ceil":
		return complex(math.Ceil(real(x)), 0)
	case "!":
		return e.gamma(x + 1)
	}
	return e.opaqueValue(name, x)
}

// opaque functions take several arguments; only equal arguments give equal
// values.
var opaque = set("gcd lcm max min")

// opaqueCall gives f(x), with nothing known about f, a value that depends on
// the name and the values of the arguments.
func (e *evaluator) opaqueCall(n *node) complex128 {
	xs := make([]complex128, len(n.args))
	for i, a := range n.args {
		xs[i] = e.eval(a)
	}
	return e.opaqueValue(n.name, xs...)
}

func (e *evaluator) opaqueValue(name string, xs ...complex128) complex128 {
	return e.symbol(fmt.Sprintf("%s(%.9g)", name, xs))
}

var entire = map[string]func(complex128) complex128{
	"sin": cmplx.Sin, "cos": cmplx.Cos, "tan": cmplx.Tan, "cot": cmplx.Cot,
	"sec":    func(x complex128) complex128 { return 1 / cmplx.Cos(x) },
	"csc":    func(x complex128) complex128 { return 1 / cmplx.Sin(x) },
	"arcsin": cmplx.Asin, "arccos": cmplx.Acos, "arctan": cmplx.Atan,
	"sinh": cmplx.Sinh, "cosh": cmplx.Cosh, "tanh": cmplx.Tanh, "exp": cmplx.Exp,
}

func (e *evaluator) gamma(x complex128) complex128 {
	if imag(x) != 0 {
		e.unknown = true
		return 0
	}
	return complex(math.Gamma(real(x)), 0)
}

// sameValues compares two expressions at several points. known is false where
// they have no common point at which both can be computed.
func sameValues(a, b *node) (same, known bool) {
	agreed, outside := 0, 0
	constant := !hasVariable(a) && !hasVariable(b)
	for point := range points {
		ea, eb := evaluator{point: point}, evaluator{point: point}
		x, y := ea.eval(a), eb.eval(b)
		if ea.unknown || eb.unknown {
			return false, false
		}
		if !finite(x) || !finite(y) {
			continue
		}
		near := isNear(x, y, math.Max(ea.scale, eb.scale))
		switch {
		case constant:
			return near, true
		case ea.outside || eb.outside:
			if near {
				outside++
			}
		case !near:
			return false, true
		default:
			agreed++
		}
	}
	return agreed >= 2 || agreed == 0 && outside >= 2, agreed+outside > 0
}

// isNear allows for rounding: relative to the values, and to the terms they
// are sums of.
func isNear(x, y complex128, scale float64) bool {
	d := cmplx.Abs(x - y)
	return d <= 1e-10*math.Max(cmplx.Abs(x), cmplx.Abs(y)) || d <= 1e-13*scale
}

func finite(x complex128) bool { return !cmplx.IsNaN(x) && !cmplx.IsInf(x) }

func hasVariable(n *node) bool {
	return n.has(func(m *node) bool {
		return m.kind == kBased || m.kind == kSymbol && m.name != "i" && m.name != "e" && m.name != "pi"
	})
}
