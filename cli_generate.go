package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/spf13/cobra"
)

func newGenerate() *cobra.Command {
	var model modelFlags
	var options engine.Options
	defaults := samplingFields{Sampling: engine.Sampling{Temperature: 1}}
	var seed uint64
	cmd := &cobra.Command{
		Use:   "generate --model DIR [--max-tokens N] [--temperature T]",
		Short: "Continue prompts, line by line",
		Long: `generate reads JSON Lines on standard input and writes a line for each on standard output, in the same order:

  {"id": …, "prompt_ids": […]}   token ids
  {"id": …, "prompt": "…"}       text, with the special tokens that the tokenizer puts around it
  {"id": …, "messages": […]}     a conversation in the model's chat template; may have "add_generation_prompt" (default true),
                                 "enable_thinking" and "tools"
  →  {"id": …, "ids": […], "text": "…", "logprobs": […], "finish_reason": "stop" or "length"}

Each line may set its own temperature, top_p, top_k, min_p, presence_penalty, frequency_penalty, repetition_penalty, logit_bias, seed, stop,
stop_token_ids, max_tokens, min_tokens, ignore_eos and logprobs (so many likeliest tokens a step, as "top_logprobs"), with vLLM's meanings; another
field is an error. Without seed, a line's randomness follows from --seed and its line number.

ids are the sampled tokens with the end token if there was one; text is without it, without special tokens, and cut before a stop string. logprobs
are those of ids under the model's plain distribution (temperature 1, nothing truncated or penalised), in nats. A line that cannot be answered gives
{"id": …, "error": "line 3: …"}. A model directory without a tokenizer continues token ids, and gives no text.

Exit status: 0 every line was answered; 1 some were not, or the model cannot be read; 2 wrong usage.`,
		Example: `  echo '{"prompt": "The capital of France is"}' | godcpo generate --model models/SmolLM2-135M-Instruct --max-tokens 8 --temperature 0`,
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if defaults.MaxNewTokens < 0 || options.Slots < 0 {
				return usageError(fmt.Errorf("--max-tokens %d, --slots %d: expected no negative numbers", defaults.MaxNewTokens, options.Slots))
			}
			p := newProgress(cmd.ErrOrStderr(), model.quiet)
			m, err := model.open(cmd.Context(), cmd, p)
			if err != nil {
				return err
			}
			defer m.Release()
			g := &generating{model: m, options: options, text: textReader{m.Tokenizer, m.Template}, defaults: defaults, seed: seed, progress: p}
			stream := jsonl{in: cmd.InOrStdin(), out: cmd.OutOrStdout(), batch: mostSlots(m), progress: p}
			err = stream.run(cmd.Context(), g.submit)
			return errors.Join(err, g.close())
		},
	}
	model.register(cmd)
	flags := cmd.Flags()
	flags.IntVar(&defaults.MaxNewTokens, "max-tokens", 0, fmt.Sprintf("tokens of a response at most (default %d, or what the model's positions leave)", engine.DefaultMaxNewTokens))
	flags.Float64Var(&defaults.Temperature, "temperature", defaults.Temperature, "divides the logits; 0 takes the likeliest token")
	flags.Float64Var(&defaults.TopP, "top-p", 1, "sample from the likeliest tokens with this mass")
	flags.IntVar(&defaults.TopK, "top-k", 0, "sample from so many likeliest tokens (0: all)")
	flags.Float64Var(&defaults.MinP, "min-p", 0, "leave out tokens less likely than this share of the likeliest")
	flags.Uint64Var(&seed, "seed", 0, "seed of the lines that have none")
	flags.IntVar(&options.Slots, "slots", 0, "responses decoded at once (default: as many as there are lines, 8 to 256 on each device, on CPU 8 to 64); less needs less memory")
	return cmd
}

// generated is the answer of generate.
type generated struct {
	ID       json.RawMessage `json:"id"`
	IDs      []int32         `json:"ids"`
	Text     string          `json:"text"`
	LogProbs logProbs        `json:"logprobs"`
	Top      [][]alternative `json:"top_logprobs,omitempty"`
	Finish   engine.Finish   `json:"finish_reason"`
}

// alternative is one of the likeliest tokens at a step.
type alternative struct {
	ID      int32   `json:"id"`
	LogProb float32 `json:"logprob"`
}

// leastSlots is how many responses are decoded at once at least: fewer hardly save time.
const leastSlots = 8

// mostSlots is how many responses are decoded at once at most, on all devices together.
func mostSlots(m *backend.Model) int {
	if m.OnCPU() {
		return 64 * m.Devices()
	}
	return 256 * m.Devices()
}

// generating answers lines with a model. Lines are submitted as they are read; the loop, started with the first of them, decodes many at once.
type generating struct {
	model    *backend.Model
	options  engine.Options
	loop     *engine.Loop
	text     textReader
	defaults samplingFields
	seed     uint64
	progress *progress
}

// start starts the loop, with as many slots as there are lines at hand.
func (g *generating) start(lines int) (err error) {
	if g.options.Slots == 0 {
		g.options.Slots = min(max(lines, leastSlots*g.model.Devices()), mostSlots(g.model))
	}
	g.loop, err = g.model.Start(g.options)
	return err
}

// close ends the loop.
func (g *generating) close() error {
	if g.loop == nil {
		return nil
	}
	return g.loop.Close()
}

// submit starts the lines' responses; they are finished as they end.
func (g *generating) submit(ctx context.Context, lines []*record) {
	if g.loop == nil {
		if err := g.start(len(lines)); err != nil {
			for _, r := range lines {
				r.finish(nil, err)
			}
			return
		}
	}
	for _, r := range lines {
		request, fields, err := g.request(r)
		if err != nil {
			r.finish(nil, err)
			continue
		}
		var stops *stopStrings
		if len(fields.stop) > 0 {
			stops = &stopStrings{tokenizer: g.text.tokenizer, stops: fields.stop, from: fields.MinNewTokens}
			request.Ends = stops.reached
		}
		go func() {
			got, err := g.loop.Submit(ctx, request)
			if err != nil {
				r.finish(nil, err)
				return
			}
			g.progress.add(len(got.Tokens))
			r.finish(g.answer(r, got, request, stops))
		}()
	}
}

// request reads a line.
func (g *generating) request(r *record) (engine.Request, samplingFields, error) {
	fields, chat := g.defaults.clone(), conversation{}
	chat.options.AddGenerationPrompt = true
	var request engine.Request
	var prompt string
	targets := fields.targets()
	for name, target := range chat.targets() {
		targets[name] = target
	}
	targets["prompt_ids"], targets["prompt"] = &request.Prompt, &prompt
	if err := r.readAll(targets); err != nil {
		return request, fields, err
	}
	var err error
	switch given := countFields(r, "prompt_ids", "prompt", "messages"); {
	case given != 1:
		err = fmt.Errorf(`expected one of the fields "prompt_ids", "prompt" and "messages", found %d of them`, given)
	case r.has("messages"):
		var text string
		if text, err = g.text.render(chat); err == nil {
			request.Prompt = g.text.tokenizer.Encode(text)
		}
	case r.has("prompt"):
		request.Prompt, _, err = g.text.encode(prompt)
	}
	if err == nil && r.has("max_tokens") && fields.MaxNewTokens < 1 {
		err = fmt.Errorf(`field "max_tokens" is %d: expected 1 or more`, fields.MaxNewTokens)
	}
	if err == nil && len(fields.stop) > 0 && g.text.tokenizer == nil {
		err = errors.New(`field "stop": the model directory holds no tokenizer.json: use stop_token_ids`)
	}
	if err != nil {
		return request, fields, err
	}
	request.Sampling, err = fields.sampling(g.model.EOS(), g.seed, r.number)
	if err == nil {
		err = request.Validate(g.model.Config)
	}
	return request, fields, err
}

func countFields(r *record, names ...string) (n int) {
	for _, name := range names {
		if r.has(name) {
			n++
		}
	}
	return n
}

// answer writes a response down.
func (g *generating) answer(r *record, got engine.Generation, request engine.Request, stops *stopStrings) (any, error) {
	out := generated{ID: r.id, IDs: got.Tokens, LogProbs: got.LogProbs, Finish: got.Finish}
	if err := out.LogProbs.finite(); err != nil {
		return nil, err
	}
	if out.IDs == nil {
		out.IDs = []int32{} // [] and not null
	}
	for _, step := range got.Top {
		list := make([]alternative, len(step))
		for i, a := range step {
			list[i] = alternative{a.ID, a.LogProb}
		}
		out.Top = append(out.Top, list)
	}
	if g.text.tokenizer == nil {
		return out, nil
	}
	shown := got.Tokens
	if n := len(shown); n > 0 && got.Finish == engine.Stop && slices.Contains(request.Stop, shown[n-1]) {
		shown = shown[:n-1]
	}
	out.Text = g.text.tokenizer.Decode(shown)
	if stops != nil && stops.found {
		out.Text = strings.ToValidUTF8(stops.before(), "\uFFFD")
	}
	return out, nil
}
