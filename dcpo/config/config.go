// Package config is the configuration of a training run: its keys with their meanings, the defaults, what each method's name
// stands for, and the rules that values must keep to one another.
//
// The comment of each key is part of its struct tag, so that a resolved configuration, as a run's folder keeps it, explains
// itself.
package config

import (
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Config is a training run. Start from Default; Load reads one from TOML.
type Config struct {
	Model      Model      `toml:"model" comment:"What is trained, and where."`
	Data       Data       `toml:"data" comment:"The problems."`
	Curriculum Curriculum `toml:"curriculum" comment:"Which problems a step asks, and how long answers may be."`
	Warmup     Warmup     `toml:"warmup" comment:"Supervised fine-tuning before reinforcement learning."`
	Train      Train      `toml:"train" comment:"The method and the shape of the loop."`
	Rollout    Rollout    `toml:"rollout" comment:"How responses are sampled."`
	Reward     Reward     `toml:"reward" comment:"What a response earns."`
	Confidence Confidence `toml:"confidence" comment:"How the stated confidence is asked for and read."`
	Advantage  Advantage  `toml:"advantage" comment:"How rewards become advantages."`
	Loss       Loss       `toml:"loss" comment:"The policy loss."`
	Optimizer  Optimizer  `toml:"optimizer" comment:"AdamW, and how a backward pass is cut up."`
	Output     Output     `toml:"output" comment:"What a run leaves behind."`
}

// Model says what is trained and where.
type Model struct {
	Path      string  `toml:"path" comment:"a model directory, its name below $GODCPO_MODELS or on the hub; \"tiny\" makes a small one from scratch"`
	Device    string  `toml:"device" comment:"\"cpu\", \"cuda\", or empty for the best there is"`
	Devices   int     `toml:"devices" comment:"0: every GPU, or one CPU device"`
	DType     string  `toml:"dtype" comment:"\"float32\", \"bfloat16\", or empty for the checkpoint's on GPUs and float32 on CPU"`
	Sharding  string  `toml:"sharding" comment:"\"zero1\": whole weights on each device; \"fsdp\": cut over them. Optimizer state is always cut"`
	FloatHead bool    `toml:"float_head" comment:"compute logits in float32 even from bfloat16 weights"`
	LoRARank  int     `toml:"lora_rank" comment:"train adapters of this rank and leave the model's own weights as they are; 0: train all weights"`
	LoRAAlpha float64 `toml:"lora_alpha" comment:"scale of the adapters, times 1/rank; 0: twice the rank"`
}

// Data names the problems.
type Data struct {
	Train       string `toml:"train" comment:"registry name, JSON Lines file, \"arithmetic\" or \"logic\""`
	Eval        string `toml:"eval" comment:"likewise; empty: no validation"`
	EvalRows    int    `toml:"eval_rows" comment:"first so many problems of eval; 0: all. Where eval is train, they are held out of it"`
	EvalSamples int    `toml:"eval_samples" comment:"answers to each of them"`
	Dir         string `toml:"dir" comment:"folder of the registered sets; empty: $GODCPO_DATA"`
	MaxPrompt   int    `toml:"max_prompt" comment:"problems whose prompt has more tokens are left out, and counted"`
}

// Curriculum chooses the problems of each step; see package curriculum.
type Curriculum struct {
	Kind        string  `toml:"kind" comment:"\"uniform\": shuffled epochs; \"sequential\": as the file has them; \"adarft\": by difficulty near a target that follows the mean reward"`
	Target      float64 `toml:"target" comment:"adarft: the first target difficulty"`
	StepSize    float64 `toml:"step_size" comment:"adarft: eta, the largest change of the target in a step; 0: 50"`
	Sensitivity float64 `toml:"sensitivity" comment:"adarft: alpha, how sharply the target follows; 0: 2"`
	WantReward  float64 `toml:"want_reward" comment:"adarft: beta, the mean reward it aims at; 0: 0.5"`
	Least       float64 `toml:"least" comment:"adarft: lower bound of the target"`
	Most        float64 `toml:"most" comment:"adarft: upper bound of the target; 0: 100"`
	Stages      []Stage `toml:"stages" comment:"longer answers later, as DeepScaleR: each from a step on; empty: rollout.max_new_tokens throughout"`
}

// Stage bounds responses from a step on.
type Stage struct {
	FromStep     int `toml:"from_step"`
	MaxNewTokens int `toml:"max_new_tokens"`
}

// Warmup is supervised training before the first step.
type Warmup struct {
	Data    string  `toml:"data" comment:"\"arithmetic\", a registry name with worked solutions, or a JSON Lines file of {\"prompt\", \"response\"}; empty: none"`
	Lessons int     `toml:"lessons" comment:"arithmetic: steps that teach calculating"`
	Habits  int     `toml:"habits" comment:"arithmetic: steps that teach stating a confidence, and estimating at times"`
	Steps   int     `toml:"steps" comment:"other data: steps"`
	Rows    int     `toml:"rows" comment:"examples a step"`
	LR      float64 `toml:"lr" comment:"other data: peak learning rate"`
}

// Train is the method and the shape of the loop.
type Train struct {
	Method        string `toml:"method" comment:"one of the names that godcpo train --methods lists"`
	Steps         int    `toml:"steps" comment:"training steps; each makes prompts / mini_batch updates"`
	Prompts       int    `toml:"prompts" comment:"problems a step"`
	GroupSize     int    `toml:"group_size" comment:"rollouts a problem"`
	MiniBatch     int    `toml:"mini_batch" comment:"problems an update; divides prompts"`
	Dynamic       bool   `toml:"dynamic" comment:"DAPO's dynamic sampling: groups whose answers are all alike are replaced by fresh ones"`
	MaxRefills    int    `toml:"max_refills" comment:"how often a step may ask again for such groups; then it goes on with fewer"`
	EvalEvery     int    `toml:"eval_every" comment:"validate after so many steps; 0: only at the ends"`
	SaveEvery     int    `toml:"save_every" comment:"checkpoint after so many steps; 0: only when the run ends or is interrupted"`
	Keep          int    `toml:"keep" comment:"checkpoints that are kept; 0: all"`
	MaxBadUpdates int    `toml:"max_bad_updates" comment:"updates with a gradient that is not finite are skipped; after so many in a row the run stops"`
	PartsEvery    int    `toml:"parts_every" comment:"measure the gradients of reasoning and of confidence tokens apart every so many steps (two more backward passes); 0: never"`
	Seed          uint64 `toml:"seed" comment:"of everything random in the run"`
}

// Rollout says how responses are sampled.
type Rollout struct {
	Engine        string   `toml:"engine" comment:"\"embedded\": the weights being trained; \"vllm\": servers that are given the weights after each step"`
	Temperature   float64  `toml:"temperature" comment:"more than 0"`
	TopK          int      `toml:"top_k" comment:"0: all tokens"`
	TopP          float64  `toml:"top_p" comment:"0: all tokens"`
	MaxNewTokens  int      `toml:"max_new_tokens" comment:"longest response"`
	Rows          int      `toml:"rows" comment:"responses decoded at once; less needs less memory"`
	Endpoints     []string `toml:"endpoints" comment:"vllm: base URLs such as http://127.0.0.1:8000"`
	ServedModel   string   `toml:"served_model" comment:"vllm: the model's name there"`
	SyncDir       string   `toml:"sync_dir" comment:"vllm: folder that the servers read new weights from"`
	Importance    string   `toml:"importance" comment:"truncated importance sampling against the rollouts' own log-probs: \"token\", \"sequence\", \"none\"; empty: token with vllm, else none"`
	ImportanceCap float64  `toml:"importance_cap" comment:"largest importance weight; 0: 2"`
	StopGap       float64  `toml:"stop_gap" comment:"stop when sampled and scored log-probs differ by more than this on average, in nats; 0: never"`
}

// Reward says what a response earns; see package reward.
type Reward struct {
	Accuracy        float64 `toml:"accuracy" comment:"weight of a right answer"`
	Gamma           float64 `toml:"gamma" comment:"share of the own answer in the calibration target; 0: 0.5"`
	Weight          float64 `toml:"weight" comment:"w of the calibration reward; 0: the paper's"`
	Grader          string  `toml:"grader" comment:"\"math\": the mathematical grader; \"verl\": the reference's string match of the last box; empty: what fits data.train"`
	Format          float64 `toml:"format" comment:"weight of a response in the form asked for"`
	OverlongBuffer  int     `toml:"overlong_buffer" comment:"DAPO: the last so many tokens of the longest response cost up to overlong_penalty; 0: a fifth of max_new_tokens with method dapo, else none"`
	OverlongPenalty float64 `toml:"overlong_penalty" comment:"0: 1"`
	TimeoutSeconds  float64 `toml:"timeout_seconds" comment:"a reward function of yours that takes longer costs the response that reward; 0: 10"`
}

// Confidence says how the stated confidence is asked for and read; see package verbal.
type Confidence struct {
	Prompt verbal.Prompt   `toml:"prompt" comment:"what is appended to each question: \"none\"; \"boxed\": reason, box the answer, state a confidence; \"reference\": the same in the released code's words; \"logic\": <think> and <answer> tags; empty: what fits data.train"`
	Policy verbal.Policy   `toml:"policy" comment:"\"last\": the last one stated, within [0, 1]; \"reference\": as the released code reads it"`
	Span   verbal.SpanMode `toml:"span" comment:"\"line\": from CONFIDENCE: to the end; \"number\": from the number"`
}

// Advantage scales advantages; see package advantage.
type Advantage struct {
	Estimator string              `toml:"estimator" comment:"empty: the method's"`
	Placement advantage.Placement `toml:"placement" comment:"dcpo: \"paper\", or \"released\" for what the released code computes"`
	NoStd     bool                `toml:"no_std" comment:"centre rewards, do not divide by their standard deviation"`
	StdFloor  float64             `toml:"std_floor" comment:"least standard deviation to divide by"`
	Discount  float64             `toml:"discount" comment:"gamma of gae and reinforce++; 0: 1"`
	Lambda    float64             `toml:"lambda" comment:"lambda of gae; 0: 1"`
	Reweight  float64             `toml:"reweight" comment:"AR: alpha of (alpha·p + 1 − alpha)·A, p the token's old probability; 0: off (the paper's 0.3)"`
	Isolate   float64             `toml:"isolate" comment:"Lopti: first an update on tokens less likely than this, then one on the others; 0: off (the paper's 0.5)"`
}

// Loss is the policy loss; see package loss.
type Loss struct {
	Kind             string           `toml:"kind" comment:"empty: the method's"`
	ClipLow          float64          `toml:"clip_low" comment:"ratios below 1 − clip_low are cut; 0: the method's"`
	ClipHigh         float64          `toml:"clip_high" comment:"ratios above 1 + clip_high are cut; 0: the method's"`
	DualClip         float64          `toml:"dual_clip" comment:"bound on the loss of a bad token, as a multiple of its advantage; 0: 3"`
	KL               string           `toml:"kl" comment:"estimator: \"k1\", \"abs\", \"k2\", \"k3\", or with \"+\" the straight-through form"`
	KLCoef           float64          `toml:"kl_coef" comment:"weight of the divergence from the start; 0: no reference policy is kept"`
	KLIn             string           `toml:"kl_in" comment:"\"loss\", or \"reward\": subtracted token by token"`
	KLTarget         float64          `toml:"kl_target" comment:"kl_in reward: the coefficient adapts to keep the divergence near this, in nats a token; 0: it stays"`
	KLHorizon        float64          `toml:"kl_horizon" comment:"rollouts over which it adapts; 0: 10000"`
	Reference        string           `toml:"reference" comment:"where the reference policy lies: \"resident\", \"sharded\", \"host\"; empty: sharded on several devices"`
	EntropyCoef      float64          `toml:"entropy_coef" comment:"weight of an entropy bonus"`
	Aggregation      loss.Aggregation `toml:"aggregation" comment:"\"token-mean\", \"token-sum\", \"seq-mean-token-sum\", \"seq-mean-token-sum-norm\", \"seq-mean-token-mean\"; empty: the method's"`
	ConfidenceWeight float64          `toml:"confidence_weight" comment:"average reasoning and confidence tokens apart and add the latter with this weight; 0: all together"`
	ValueCoef        float64          `toml:"value_coef" comment:"gae: weight of the value head's loss; 0: 0.5"`
	ValueClip        float64          `toml:"value_clip" comment:"gae: largest change of a value in an update; 0: 0.5"`
	Beta             float64          `toml:"beta" comment:"ccgspg: weight of the calibration term; 0: 0.01"`
}

// Optimizer is AdamW and how a backward pass is cut up.
type Optimizer struct {
	LR          float64 `toml:"lr" comment:"learning rate, constant after lr_warmup"`
	LRWarmup    int     `toml:"lr_warmup" comment:"steps of linear increase"`
	Beta1       float64 `toml:"beta1" comment:"decay of the first moments"`
	Beta2       float64 `toml:"beta2" comment:"decay of the second moments"`
	WeightDecay float64 `toml:"weight_decay" comment:"decoupled, on all weights"`
	ClipNorm    float64 `toml:"clip_norm" comment:"gradients are scaled down to this norm; 0: never"`
	MicroRows   int     `toml:"micro_rows" comment:"rollouts a backward pass over all devices; 0: a whole mini-batch. Changes memory, not results"`
	Checkpoint  bool    `toml:"gradient_checkpointing" comment:"recompute layers in the backward pass: a third of the memory, a third more arithmetic"`
}

// Output says what a run leaves behind.
type Output struct {
	Dir         string `toml:"dir" comment:"metrics, samples, checkpoints and the trained model go here; empty: nothing is written"`
	Save        bool   `toml:"save" comment:"write the trained model at the end"`
	Samples     int    `toml:"samples" comment:"generations a step that go to samples.jsonl; 0: none"`
	TensorBoard bool   `toml:"tensorboard" comment:"write event files for TensorBoard"`
	WandB       string `toml:"wandb" comment:"project: write a run for \"wandb sync\"; empty: none"`
	MLflow      string `toml:"mlflow" comment:"experiment: log to the server that MLFLOW_TRACKING_URI names; empty: none"`
}
