package datasets

import "strings"

// Info describes a registered benchmark or training set: what it is, who may
// use it how, and the checksum by which its file is known.
type Info struct {
	Name    string // registry name
	File    string // file name below the data folder
	Source  string // what it is
	Licence string // of the file, then of the problems
	Rows    int    // lines in the file
	SHA256  string // of the file, hexadecimal
	Note    string // what to know when reading results; "" if nothing
	// Training marks sets meant for training, not for reporting results.
	Training bool
	// RepeatedRows allows rows that occur more than once, each time with the
	// same content, as some training sets have them on purpose.
	RepeatedRows bool
}

// catalog lists everything [Open] knows, evaluation sets first.
var catalog = []Info{
	{
		Name: "math500", File: "math500.jsonl", Rows: 500,
		SHA256:  "f70da15188732710be9c4e111e176b9e30b47b0c9ca5887b884319e8abc54957",
		Source:  "MATH-500: the 500 held-out problems of PRM800K",
		Licence: "MIT (openai/prm800k; MATH by Hendrycks et al.)",
		Note:    "6 of its problems also occur in deepscaler_union_29k",
	},
	{
		Name: "aime24", File: "aime24.jsonl", Rows: 30,
		SHA256:  "39a61a5bb37f90c2d9996bd978c8605c49dd15e8ef72d7f82c0fd6f91ef3fb1b",
		Source:  "AIME 2024 I and II",
		Licence: "MIT (QwenLM/Qwen2.5-Math); problems © MAA",
	},
	{
		Name: "aime25", File: "aime25.jsonl", Rows: 30,
		SHA256:  "7ce2aaef9b08943486e6cd237e7ae0c03f923614923f3e354dac5484fdc98024",
		Source:  "AIME 2025 I and II",
		Licence: "Apache-2.0 (NVIDIA/NeMo-Skills); problems © MAA",
	},
	{
		Name: "amc23", File: "amc23.jsonl", Rows: 40,
		SHA256:  "f550a1b07e4babd071a1ee700821f79bc0ac71ff831d3b3d446256126a3de4f7",
		Source:  "AMC 12A and 12B 2023, numeric answers",
		Licence: "MIT (QwenLM/Qwen2.5-Math); problems © MAA",
	},
	{
		Name: "amc22_23_aimo83", File: "amc22_23_aimo83.jsonl", Rows: 83,
		SHA256:  "d471fedbfbe0a58a86bd42a38861ffcc9307f5922382be757c21cb197d7b57fc",
		Source:  "AMC 12 2022 and 2023, the 83 of AI-MO",
		Licence: "Apache-2.0 (Unakar/Logic-RL); problems © MAA",
	},
	{
		Name: "gsm8k_test", File: "gsm8k_test.jsonl", Rows: 1319,
		SHA256:  "d086f93a2dace833d861e040d83f5170340b878d03bed2e5304614fb1cca07c3",
		Source:  "GSM8K test split",
		Licence: "MIT (openai/grade-school-math)",
	},
	{
		Name: "minerva", File: "minerva.jsonl", Rows: 272,
		SHA256:  "dde50b98e295844559bdcb2c6f8dd7a19a1b193bd20fa14ee3b43fb55096a316",
		Source:  "Minerva: MIT OpenCourseWare problems",
		Licence: "MIT (QwenLM/Qwen2.5-Math); MIT OpenCourseWare CC BY-NC-SA 4.0",
	},
	{
		Name: "olympiadbench", File: "olympiadbench.jsonl", Rows: 675,
		SHA256:  "72d1859c1e0b34e282f6801cffd08040fc01f18b787dfcb76d98c4b8da932a3c",
		Source:  "OlympiadBench OE_TO_maths_en_COMP",
		Licence: "MIT (QwenLM/Qwen2.5-Math); OlympiadBench Apache-2.0",
		Note:    "675 rows as in the Qwen and DeepScaleR evaluations; 674 in the original",
	},
	{
		Name: "kk_logic_sample", File: "kk_logic_sample.jsonl", Rows: 100,
		SHA256:  "60ad8947bf67d15a96f33011e86035ed036a39829bbd3c6d4331f05692602ab4",
		Source:  "Knights and Knaves of Logic-RL, 20 puzzles each of 3 to 7 people",
		Licence: "Apache-2.0 (Unakar/Logic-RL)",
	},
	{
		Name: "amc24_partial", File: "amc24_partial.jsonl", Rows: 36,
		SHA256:  "913c1191a62ea8deccef75ab95d876284ada430d87c10e8daff863b57bdf37ee",
		Source:  "AMC 12A and 12B 2024, a part",
		Licence: "problems © MAA; no licence file known: evaluation only",
		Note:    "36 of 45 problems",
	},
	{
		Name: "deepscaler_union_29k", File: "deepscaler_union_29k.jsonl", Rows: 29895,
		SHA256:   "7aae73ff6cea66032cd3340f8a585bc86181ddd493dd5a990807d075a4fa0abf",
		Source:   "DeepScaleR with AdaRFT difficulty, union of its five subsets",
		Licence:  "Apache-2.0 (limenlp/verl); DeepScaleR-Preview MIT",
		Note:     "29,724 of its 29,895 problems are distinct",
		Training: true,
	},
	{
		Name: "deepscaler_sample5000", File: "deepscaler_sample5000.jsonl", Rows: 5000,
		SHA256:   "b24c46d4fecccebbb6f022d86d7c1760007b3c00a7d089a74878e785ab76397b",
		Source:   "DeepScaleR with AdaRFT difficulty, 5,000 of the union",
		Licence:  "Apache-2.0 (limenlp/verl); DeepScaleR-Preview MIT",
		Training: true,
	},
	{
		Name: "deepscaler_uniform_10k", File: "deepscaler_uniform_10k.jsonl", Rows: 10000,
		SHA256:       "4169bf053b115db0a6dbbf4ee7c6690f8483349622e2f0689d427b51f9e87f3d",
		Source:       "DeepScaleR, the uniform 10,000 of AdaRFT",
		Licence:      "Apache-2.0 (limenlp/verl); DeepScaleR-Preview MIT",
		Note:         "only 7,601 of its 10,000 problems are distinct",
		Training:     true,
		RepeatedRows: true,
	},
}

// aliases are further names people use for the same file.
var aliases = map[string]string{
	"gsm8k":       "gsm8k_test",
	"math-500":    "math500",
	"minervamath": "minerva",
	"olympiad":    "olympiadbench",
	"deepscaler":  "deepscaler_uniform_10k",
	"kk":          "kk_logic_sample",
	"amc24":       "amc24_partial",
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
