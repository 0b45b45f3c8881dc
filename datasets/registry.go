package datasets

import "strings"

// aliases are further names people use for the same file.
var aliases = map[string]string{
	"gsm8k":       "gsm8k_test",
	"math-500":    "math500",
	"minervamath": "minerva",
	"olympiad":    "olympiadbench",
	"deepscaler":  "deepscaler_uniform_10k",
	"kk":          "kk_logic_sample",
	"trivia_qa":   "triviaqa",
	"simple_qa":   "simpleqa",
	"gpqa":        "gpqa_diamond",
}

// Known lists what [Open] knows, in a fixed order.
func Known() []Info { return append([]Info(nil), catalog...) }

// Lookup finds a registered set by name or alias; case does not matter.
func Lookup(name string) (Info, bool) {
	key := strings.ToLower(strings.TrimSpace(name))
	if full, ok := aliases[key]; ok {
		key = full
	}
	for _, info := range catalog {
		if info.Name == key {
			return info, true
		}
	}
	return Info{}, false
}

func knownNames() string {
	names := make([]string, len(catalog))
	for i, info := range catalog {
		names[i] = info.Name
	}
	return strings.Join(names, ", ")
}
