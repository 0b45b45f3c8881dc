package serve

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// sampling is what a request says about how its responses are drawn and reported.
type sampling struct {
	engine.Sampling
	n            int
	seed         *int64
	stops        []string
	stopIDs      []int32
	ignoreEOS    bool
	skipSpecial  bool
	includeStop  bool
	maxTokens    *int // nil: as many as there is room for
	logprobs     bool
	top          int
	promptTop    *int // prompt_logprobs; nil: not asked for
	stream       bool
	usage        bool // in a last chunk of a stream
	usageAlways  bool // in every chunk
	returnIDs    bool
	tokensAsIDs  bool
	maxTokensKey string // the field that maxTokens came from
}

// refused lists fields that would change the answer and that this server does not implement.
var refused = []string{"tools", "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "use_beam_search",
	"logits_processors", "bad_words", "allowed_token_ids", "truncate_prompt_tokens", "chat_template", "documents", "prompt_embeds", "suffix"}

// readSampling reads the fields that both completion endpoints share, except logprobs and max_tokens, which differ.
func readSampling(f *fields) *sampling {
	p := &sampling{n: 1, skipSpecial: true}
	p.Temperature, p.TopP, p.RepetitionPenalty, p.RawLogProbs = 1, 1, 1, true
	f.size("n", &p.n)
	var best int
	if f.size("best_of", &best) && best > p.n {
		f.wrong("best_of", "value_error", "best_of above n is not supported", f.raw["best_of"])
	}
	var seed int64
	if f.int("seed", &seed) {
		p.seed = &seed
	}
	f.float("temperature", &p.Temperature)
	f.float("top_p", &p.TopP)
	f.size("top_k", &p.TopK)
	f.float("min_p", &p.MinP)
	f.float("presence_penalty", &p.PresencePenalty)
	f.float("frequency_penalty", &p.FrequencyPenalty)
	f.float("repetition_penalty", &p.RepetitionPenalty)
	f.size("min_tokens", &p.MinNewTokens)
	f.strings("stop", &p.stops)
	f.ids("stop_token_ids", &p.stopIDs)
	f.bool("ignore_eos", &p.ignoreEOS)
	f.bool("skip_special_tokens", &p.skipSpecial)
	f.bool("include_stop_str_in_output", &p.includeStop)
	f.bool("return_token_ids", &p.returnIDs)
	f.bool("return_tokens_as_token_ids", &p.tokensAsIDs)
	var promptTop int
	if f.size("prompt_logprobs", &promptTop) {
		p.promptTop = &promptTop
	}
	p.readBias(f)
	p.readStream(f)
	return p
}

// readBias reads logit_bias, whose values count from −100 to 100.
func (p *sampling) readBias(f *fields) {
	var bias map[string]float64
	if !f.into("logit_bias", &bias, "dict_type", "Input should be a valid dictionary of token ids and numbers") {
		return
	}
	p.LogitBias = make(map[int32]float64, len(bias))
	for key, value := range bias {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil {
			f.wrong("logit_bias."+shorten(key), "int_parsing", "Input should be a valid integer, the id of a token", []byte(strconv.Quote(key)))
			return
		}
		p.LogitBias[int32(id)] = min(max(value, -100), 100)
	}
}

// readStream reads stream and stream_options.
func (p *sampling) readStream(f *fields) {
	f.bool("stream", &p.stream)
	var options struct {
		Usage  bool `json:"include_usage"`
		Always bool `json:"continuous_usage_stats"`
	}
	if f.into("stream_options", &options, "model_type", "Input should be a valid dictionary of options") {
		p.usage, p.usageAlways = options.Usage, options.Usage && options.Always
		if !p.stream {
			f.wrong("stream_options", "value_error", "Stream options can only be defined when `stream=True`.", f.raw["stream_options"])
		}
	}
}

// check reports the first value out of range, in the words of vLLM where there are any.
func (p *sampling) check(maxModelLen int) error {
	switch {
	case p.n < 1:
		return badRequest("n must be at least 1, got %d.", p.n)
	case !(math.Abs(p.PresencePenalty) <= 2):
		return badRequest("presence_penalty must be in [-2, 2], got %s.", pyFloat(p.PresencePenalty))
	case !(math.Abs(p.FrequencyPenalty) <= 2):
		return badRequest("frequency_penalty must be in [-2, 2], got %s.", pyFloat(p.FrequencyPenalty))
	case !(p.RepetitionPenalty > 0):
		return badRequest("repetition_penalty must be greater than zero, got %s.", pyFloat(p.RepetitionPenalty))
	case p.Temperature < 0:
		return badField("temperature", pyFloat(p.Temperature), "temperature must be non-negative, got %s.", pyFloat(p.Temperature))
	case !(p.TopP > 0 && p.TopP <= 1):
		return badField("top_p", pyFloat(p.TopP), "top_p must be in (0, 1], got %s.", pyFloat(p.TopP))
	case p.TopK < -1:
		return badRequest("top_k must be 0 (disable), or at least 1, got %d.", p.TopK)
	case !(p.MinP >= 0 && p.MinP <= 1):
		return badRequest("min_p must be in [0, 1], got %s.", pyFloat(p.MinP))
	case slices.Contains(p.stops, ""):
		return badRequest("stop cannot contain an empty string.")
	}
	if err := p.checkLengths(maxModelLen); err != nil {
		return err
	}
	p.TopK = max(p.TopK, 0)
	if p.Temperature < greedyBelow {
		p.Temperature = 0
		if p.n > 1 {
			return badRequest("n must be 1 when using greedy sampling, got %d.", p.n)
		}
	}
	return p.checkLogProbs()
}

// greedyBelow is the temperature under which sampling is greedy.
const greedyBelow = 1e-5

func (p *sampling) checkLengths(maxModelLen int) error {
	if p.MinNewTokens < 0 {
		return badRequest("min_tokens must be greater than or equal to 0, got %d.", p.MinNewTokens)
	}
	if p.maxTokens == nil {
		return nil
	}
	most, key := *p.maxTokens, p.maxTokensKey
	switch {
	case most < 1:
		return badField("max_tokens", most, "max_tokens must be at least 1, got %d.", most)
	case most > maxModelLen:
		return badField(key, most, "%s=%d cannot be greater than max_model_len=%d. Please request fewer output tokens.", key, most, maxModelLen)
	case p.MinNewTokens > most:
		return badRequest("min_tokens must be less than or equal to max_tokens=%d, got %d.", most, p.MinNewTokens)
	}
	return nil
}

func (p *sampling) checkLogProbs() error {
	switch {
	case p.top < 0:
		return badField("logprobs", p.top, "logprobs must be non-negative, got %d.", p.top)
	case p.top > engine.MaxTopLogProbs:
		return badField("logprobs", p.top, "Requested sample logprobs of %d, which is greater than max allowed: %d", p.top, engine.MaxTopLogProbs)
	case p.promptTop != nil && *p.promptTop < 0:
		return badField("prompt_logprobs", *p.promptTop, "prompt_logprobs must be non-negative, got %d.", *p.promptTop)
	case p.promptTop != nil && *p.promptTop > engine.MaxTopLogProbs:
		return badField("prompt_logprobs", *p.promptTop, "Requested prompt logprobs of %d, which is greater than max allowed: %d", *p.promptTop, engine.MaxTopLogProbs)
	case p.promptTop != nil && p.stream:
		return badField("prompt_logprobs", nil, "`prompt_logprobs` are not available when `stream=True`.")
	}
	if p.logprobs {
		p.TopLogProbs = p.top
	}
	return nil
}

// checkRefused reports the first field that is set and not supported.
func checkRefused(f *fields, more ...string) error {
	for _, name := range slices.Concat(refused, more) {
		if !f.empty(name) {
			return badField(name, nil, "`%s` is not supported by this server: leave it out.", name)
		}
	}
	if raw, ok := f.get("tool_choice"); ok && string(raw) != `"none"` && string(raw) != `"auto"` {
		return badField("tool_choice", nil, "`tool_choice` is only allowed when `tools` are set, which this server does not support.")
	}
	var format struct {
		Type string `json:"type"`
	}
	if f.into("response_format", &format, "model_type", "Input should be a valid dictionary") && format.Type != "text" {
		return badField("response_format", nil, "response_format of type %q is not supported by this server: only \"text\" is.", shorten(format.Type))
	}
	return f.err()
}

// pyFloat spells a number as Python prints a float: 3 is 3.0.
func pyFloat(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".eIN") {
		s += ".0"
	}
	return s
}
