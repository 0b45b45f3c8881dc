package datasets

// Info describes a registered benchmark or training set: what it is, who may
// use it how, and the checksums by which its files are known.
type Info struct {
	Name    string // registry name
	File    string // file name below the data folder; "" for sets that come from the hub only
	Source  string // what it is
	Licence string // of the file, then of the problems
	Rows    int    // problems in the file
	SHA256  string // of the file, hexadecimal
	// Hub names the file on the Hugging Face Hub that has the same problems, as
	// owner/name@revision:path; "" where none is known.
	Hub string
	// HubSHA256 is the checksum of that file. Where it is "", the file is checked
	// against the hash that the hub lists, and by its number of rows.
	HubSHA256 string
	Note      string // what to know when reading results; "" if nothing
	// Training marks sets meant for training, not for reporting results.
	Training bool
	// RepeatedRows allows rows that occur more than once, each time with the
	// same content, as some training sets have them on purpose.
	RepeatedRows bool
	// Facts marks sets whose answers are names or a few words.
	Facts bool
}

// catalog lists everything [Open] knows, evaluation sets first.
var catalog = []Info{
	{
		Name: "math500", File: "math500.jsonl", Rows: 500,
		SHA256:    "f70da15188732710be9c4e111e176b9e30b47b0c9ca5887b884319e8abc54957",
		Hub:       "HuggingFaceH4/MATH-500@6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be:test.jsonl",
		HubSHA256: "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
		Source:    "MATH-500: the 500 held-out problems of PRM800K",
		Licence:   "MIT (openai/prm800k; MATH by Hendrycks et al.)",
		Note:      "6 of its problems also occur in deepscaler_union_29k",
	},
	{
		Name: "aime24", File: "aime24.jsonl", Rows: 30,
		SHA256:    "39a61a5bb37f90c2d9996bd978c8605c49dd15e8ef72d7f82c0fd6f91ef3fb1b",
		Hub:       "HuggingFaceH4/aime_2024@2fe88a2f1091d5048c0f36abc874fb997b3dd99a:data/train-00000-of-00001.parquet",
		HubSHA256: "26139847601a5037c237d5928b195e7260ca8074cf4f264b794af42847f79ccf",
		Source:    "AIME 2024 I and II",
		Licence:   "MIT (QwenLM/Qwen2.5-Math); problems © MAA",
	},
	{
		Name: "aime25", File: "aime25.jsonl", Rows: 30,
		SHA256:    "7ce2aaef9b08943486e6cd237e7ae0c03f923614923f3e354dac5484fdc98024",
		Hub:       "math-ai/aime25@563bb8404243c5f09de6ec262f2db674fe5bce9b:test.jsonl",
		HubSHA256: "b4e273c02d3e7fe1b74b59eae768fc8230bfb0f79539890cb56f4361caac0331",
		Source:    "AIME 2025 I and II",
		Licence:   "Apache-2.0 (NVIDIA/NeMo-Skills); problems © MAA",
	},
	{
		Name: "amc23", File: "amc23.jsonl", Rows: 40,
		SHA256:    "f550a1b07e4babd071a1ee700821f79bc0ac71ff831d3b3d446256126a3de4f7",
		Hub:       "math-ai/amc23@80815d37005feb82cd7f8fbc6901d5d3eff43057:test-00000-of-00001.parquet",
		HubSHA256: "b696e87ba47be4e879a60fd4ef1d4aa522ba78c5ae013c6aff5cc9788a397c5e",
		Source:    "AMC 12A and 12B 2023, numeric answers",
		Licence:   "MIT (QwenLM/Qwen2.5-Math); problems © MAA",
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
		Hub:     "openai/gsm8k@740312add88f781978c0658806c59bc2815b9866:main/test-00000-of-00001.parquet",
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
		Note:    "36 of 45 problems; amc24 has all, from the hub",
	},
	{
		Name: "amc24", Rows: 45,
		Hub:       "rawsh/2024_AMC12@47b35303156a75cdfc6fcca694db66905d5b2033:amc12-2024.jsonl",
		HubSHA256: "3e020a1c03a42d9b846892ca92b4c7dc55490492f08cdc00df3c0379d2556a58",
		Source:    "AMC 12A and 12B 2024, without the five problems that need a figure",
		Licence:   "not stated; problems © MAA: evaluation only",
	},
	{
		Name: "triviaqa", Rows: 17944,
		Hub:          "mandarjoshi/trivia_qa:rc.nocontext/validation-00000-of-00001.parquet",
		HubSHA256:    "48a5005c0eb4f8a4ae5b9868644297fd5bf1e694aeb3dc9c8ab958cac0d5b201",
		Source:       "TriviaQA, validation questions without evidence",
		Licence:      "not stated by the data set; questions of trivia web sites, for research",
		Note:         "graded by the accepted answers of the set, spelling and articles aside; a question may occur once a kind of evidence",
		RepeatedRows: true,
	},
	{
		Name: "simpleqa", Rows: 4326,
		Hub:     "basicv8vc/SimpleQA@e319282ab125c3dbd0c7fd00be2e4dd54e7e8f94:simple_qa_test_set.csv",
		Source:  "SimpleQA: short questions of fact, by OpenAI",
		Licence: "MIT (openai/simple-evals)",
		Note:    "graded by text, not by a judge model as OpenAI does: accuracy comes out lower",
		Facts:   true,
	},
	{
		Name: "gpqa_diamond", Rows: 198,
		Hub:     "Idavidrein/gpqa:gpqa_diamond.csv",
		Source:  "GPQA diamond: graduate-level questions with four choices",
		Licence: "CC-BY-4.0; gated: its terms forbid publishing examples in plain text",
		Note:    "choices in a fixed shuffled order",
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
