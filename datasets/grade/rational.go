package grade

import "math/big"

// Bounds on exact arithmetic: a result larger than maxBits is left to
// floating point.
const (
	maxBits      = 1 << 14
	maxExponent  = 1 << 12
	maxFactorial = 400
)

// rational returns the exact value of a constant expression, or nil where it
// has none or finding it would cost too much.
func rational(n *node) *big.Rat {
	r := rationalOf(n)
	if r != nil && (r.Num().BitLen() > maxBits || r.Denom().BitLen() > maxBits) {
		return nil
	}
	return r
}

func rationalOf(n *node) *big.Rat {
	switch n.kind {
	case kNumber:
		return n.rat
	case kDegrees:
		return rational(n.args[0])
	case kPercent:
		if r := rational(n.args[0]); r != nil {
			return new(big.Rat).Quo(r, big.NewRat(100, 1))
		}
		return nil
	case kNegative:
		if r := rational(n.args[0]); r != nil {
			return new(big.Rat).Neg(r)
		}
		return nil
	case kSum:
		return fold(n.args, new(big.Rat), (*big.Rat).Add)
	case kProduct:
		return fold(n.args, big.NewRat(1, 1), (*big.Rat).Mul)
	case kQuotient:
		a, b := rational(n.args[0]), rational(n.args[1])
		if a == nil || b == nil || b.Sign() == 0 {
			return nil
		}
		return new(big.Rat).Quo(a, b)
	case kPower:
		a, b := rational(n.args[0]), rational(n.args[1])
		if a == nil || b == nil {
			return nil
		}
		return rationalPower(a, b)
	case kCall:
		return rationalCall(n)
	}
	return nil
}

func fold(args []*node, acc *big.Rat, op func(z, x, y *big.Rat) *big.Rat) *big.Rat {
	for _, a := range args {
		r := rational(a)
		if r == nil {
			return nil
		}
		op(acc, acc, r)
		if acc.Num().BitLen() > maxBits || acc.Denom().BitLen() > maxBits {
			return nil
		}
	}
	return acc
}

func rationalPower(base, exponent *big.Rat) *big.Rat {
	if exponent.Cmp(big.NewRat(1, 2)) == 0 {
		return rationalRoot(base)
	}
	if !exponent.IsInt() || !exponent.Num().IsInt64() {
		return nil
	}
	e := exponent.Num().Int64()
	size := int64(max(base.Num().BitLen(), base.Denom().BitLen()))
	if e > maxExponent || e < -maxExponent || size*max(e, -e) > maxBits {
		return nil
	}
	if e < 0 {
		if base.Sign() == 0 {
			return nil
		}
		base, e = new(big.Rat).Inv(base), -e
	}
	p := big.NewInt(e)
	num := new(big.Int).Exp(base.Num(), p, nil)
	return new(big.Rat).SetFrac(num, new(big.Int).Exp(base.Denom(), p, nil))
}

// rationalRoot is the square root of a rational that has a rational one.
func rationalRoot(r *big.Rat) *big.Rat {
	if r.Sign() < 0 {
		return nil
	}
	a, b := new(big.Int).Sqrt(r.Num()), new(big.Int).Sqrt(r.Denom())
	if new(big.Int).Mul(a, a).Cmp(r.Num()) != 0 || new(big.Int).Mul(b, b).Cmp(r.Denom()) != 0 {
		return nil
	}
	return new(big.Rat).SetFrac(a, b)
}

func rationalCall(n *node) *big.Rat {
	if len(n.args) == 2 && n.name == "binom" {
		a, b := smallInt(n.args[0]), smallInt(n.args[1])
		if a < 0 || b < 0 {
			return nil
		}
		return new(big.Rat).SetInt(new(big.Int).Binomial(a, b))
	}
	if len(n.args) != 1 {
		return nil
	}
	if n.name == "!" {
		if k := smallInt(n.args[0]); k >= 0 {
			return new(big.Rat).SetInt(new(big.Int).MulRange(1, k))
		}
		return nil
	}
	r := rational(n.args[0])
	if r == nil {
		return nil
	}
	switch n.name {
	case "sqrt":
		return rationalRoot(r)
	case "abs":
		return new(big.Rat).Abs(r)
	case "floor":
		return new(big.Rat).SetInt(floor(r))
	case "ceil":
		f := floor(new(big.Rat).Neg(r))
		return new(big.Rat).SetInt(f.Neg(f))
	}
	return nil
}

// floor uses Euclidean division, which rounds down for a positive divisor.
func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

// smallInt is the value of an integer from 0 to maxFactorial, or -1.
func smallInt(n *node) int64 {
	r := rational(n)
	if r == nil || !r.IsInt() || r.Sign() < 0 || r.Cmp(big.NewRat(maxFactorial, 1)) > 0 {
		return -1
	}
	return r.Num().Int64()
}
