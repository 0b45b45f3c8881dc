package grade

import "strings"

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	// dropped commands change the look, not the meaning.
	dropped = set(`left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr
		displaystyle textstyle scriptstyle limits nolimits rm bf it cal large Large quad qquad
		hfill hline enspace thinspace medspace thickspace negthinspace angle smash nonumber notag`)

	// textCommands hold text, or letters in another face.
	textCommands = set(`text textbf textit textrm texttt textsf textnormal mbox hbox
		mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak boldsymbol bm pmb operatorname emph boxed fbox`)

	// functions maps the spellings of a function to one.
	functions = map[string]string{
		"sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc",
		"arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
		"sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "ln": "ln", "log": "log", "lg": "lg", "exp": "exp",
		"gcd": "gcd", "lcm": "lcm", "max": "max", "min": "min", "tg": "tan", "ctg": "cot",
	}

	// constructions are commands with arguments of their own.
	constructions = map[string]string{
		"frac": "frac", "dfrac": "frac", "tfrac": "frac", "cfrac": "frac",
		"binom": "binom", "dbinom": "binom", "tbinom": "binom", "sqrt": "sqrt",
		"overline": "overline", "bar": "overline", "underline": "overline", "vec": "vec", "overrightarrow": "vec",
		"hat": "hat", "widehat": "hat", "dot": "dot", "ddot": "ddot", "tilde": "tilde", "widetilde": "tilde",
	}

	numberSets = map[string]string{"R": "ℝ", "Z": "ℤ", "N": "ℕ", "Q": "ℚ", "C": "ℂ"}

	// phrases say in words what has a sign.
	phrases = map[string]string{
		"no solution": "emptyset", "no solutions": "emptyset", "no real solution": "emptyset", "no real solutions": "emptyset",
		"empty set": "emptyset", "the empty set": "emptyset",
		"all real numbers": "ℝ", "all reals": "ℝ", "the real numbers": "ℝ", "real numbers": "ℝ", "any real number": "ℝ",
	}

	// numerals are numbers that people write as words.
	numerals = map[string]int64{
		"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"eleven": 11, "twelve": 12,
	}

	operators = map[string]string{
		"le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<", "gt": ">",
		"ne": "≠", "neq": "≠", "times": "*", "cdot": "*", "ast": "*", "div": "/", "pm": "±", "mp": "∓",
		"in": "∈", "cup": "∪", "bigcup": "∪", "cap": "∩", "setminus": "∖", "backslash": "∖",
		"approx": "≈", "simeq": "≈", "sim": "≈", "equiv": "≡", "lbrace": `\{`, "rbrace": `\}`,
		"lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
		"over": `\over`, "choose": `\choose`, "to": "→", "rightarrow": "→", "colon": ":",
		"ldots": "…", "dots": "…", "cdots": "…", "lor": "or", "vee": "or", "land": "and", "wedge": "and",
		"langle": "⟨", "rangle": "⟩",
	}

	// shortWords are words where others of three letters are variables.
	shortWords = set(`yes not odd the all one two six ten any for day for sum set red has can are cup cups days true`)

	bareUnits = set(`cm mm km kg ft hr hrs lb lbs oz mph pct deg rad sec min mi ml in`)
)

// units maps each known unit to its kind of quantity and name, so that two
// spellings of one unit are one and cm is not m.
var units = func() map[string]string {
	m := make(map[string]string)
	for _, line := range []string{
		"m meter meters metre metres", "cm centimeter centimeters centimetre centimetres", "mm millimeter millimeters",
		"km kilometer kilometers kilometre kilometres", "in inch inches", "ft foot feet", "yd yard yards", "mi mile miles",
		"g gram grams", "kg kilogram kilograms", "lb lbs pound pounds", "oz ounce ounces", "ton tons tonnes",
		"s sec second seconds", "min minute minutes", "h hr hrs hour hours", "day days", "week weeks", "month months", "year years yr yrs",
		"dollar dollars usd", "cent cents", "yuan", "euro euros", "degree degrees deg", "radian radians rad",
		"percent pct percentage", "l liter liters litre litres", "ml milliliter milliliters", "mph", "m/s", "km/h", "unit units", "gallon gallons",
		"j joule joules", "n newton newtons", "w watt watts", "k kelvin", "hz hertz", "v volt volts", "pa pascal pascals",
		"sq square cubic per", "people persons person students student", "way ways", "time times", "point points", "feet/s ft/s",
	} {
		words := strings.Fields(line)
		for _, w := range words {
			m[w] = words[0]
		}
	}
	return m
}()

// isUnit tells whether every word of a text is a unit.
func isUnit(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" /*.~^23", r) })
	for _, w := range words {
		if units[w] == "" {
			return false
		}
	}
	return len(words) > 0
}
