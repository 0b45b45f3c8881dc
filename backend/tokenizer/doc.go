// Package tokenizer turns text into token ids and back, exactly as the Hugging Face library does, and renders chat templates.
//
// Two tokenizers implement the Tokenizer interface: BPE, byte-level byte-pair encoding loaded from a tokenizer.json (Qwen, Llama 3,
// SmolLM2 and their kin), and Chars, a character-level tokenizer for synthetic tasks, made from an alphabet. Load opens either from a
// model directory, with the directory's chat template. What a tokenizer.json asks for and this package does not do is an error that names it:
// a tokenizer that is nearly right trains a model on the wrong tokens without a word.
//
// All tokenizers and templates may be used by several goroutines at once.
package tokenizer
