// Package vllm asks models behind OpenAI-compatible HTTP endpoints, and gives vLLM servers the weights that are being trained.
//
// A [Client] puts many requests to several endpoints and hands each answer on as it comes: conversations for evaluation, token ids for
// training. A [Sampler] uses one to draw rollouts whose tokens are exactly the trainer's. A [Syncer] writes the trainer's weights to a
// folder that the servers see, has them load it, and proves that they did.
//
// What the package relies on holds for vLLM 0.32.0, by the recordings that its tests replay, by runs against a server, or by its source:
//
//   - Errors are told by their HTTP status. The field type of an error's body differs between errors of one status.
//   - Unknown fields are accepted in silence, and generation_config.json of the model overrides sampling parameters that are left out;
//     so every request carries all of them.
//   - Log-probs are those of the model's own distribution, softmax(logits), whatever the temperature, top-k, top-p and penalties, unless
//     the server was started with another --logprobs-mode.
//   - Tokens may be part of a character, of which the texts in log-probs show nothing; so every request asks for token ids, and names of
//     tokens in log-probs as ids.
//   - The token ids of a response hold the end token, or the tokens of the stop string, which the text does not.
//   - A seed of −1 counts as none.
//   - Pausing, reloading weights and resetting the prefix cache need VLLM_SERVER_DEV_MODE=1 in the server's environment.
//   - A reload that fails because the folder is not there leaves the server as it was, and paused. After "EngineCore encountered an
//     issue" the server ends.
//
// Servers that know only OpenAI's own fields are asked with [Options].Portable.
package vllm
