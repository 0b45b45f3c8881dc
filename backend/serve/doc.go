// Package serve puts a model behind HTTP in the way of OpenAI's interface, as vLLM speaks it: a client written for either finds the same
// paths, fields, statuses and error shapes.
//
//	POST /v1/chat/completions  conversations, through the model's chat template
//	POST /v1/completions       plain text or token ids
//	POST /tokenize, /detokenize
//	GET  /v1/models, /v1/models/NAME, /health, /version, /metrics
//
// Both completion endpoints take n, seed, stop, stop_token_ids, temperature, top_p, top_k, min_p, the three penalties, logit_bias, max_tokens,
// min_tokens, ignore_eos, logprobs, stream, return_token_ids and the rest of what vLLM samples with. Log-probs are of the model's own
// distribution, before temperature and truncation. Sampling defaults are neutral (temperature 1, no truncation) whatever the model's
// generation_config.json says. Fields that would change the answer and are not supported (tools, response_format, guided decoding, …) are
// refused with status 400; fields unknown to the interface are ignored.
//
// Where answers differ from vLLM's on purpose: the bytes of a token in logprobs are its own, also where they are only part of a character;
// the first stop string to be complete ends the text, whatever the order in the list; continue_final_message alone turns
// add_generation_prompt off; fields that only vLLM's own machinery fills are left out.
package serve
