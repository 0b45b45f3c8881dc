"""Loads two model directories with transformers and compares them: same_model.py ORIGINAL SAVED [TOKENIZER-TEXT].

Both must load without missing or unexpected tensors, have the same weights bit for bit and give the same logits. With a text,
both tokenizers must encode it alike. Prints "same", or the first difference.
"""

import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig


def load(path):
    model, info = AutoModelForCausalLM.from_pretrained(path, dtype="auto", output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[key]:
            sys.exit(f"{path}: {key}: {info[key]}")
    return model.eval()


original, saved = load(sys.argv[1]), load(sys.argv[2])
for name, want in original.state_dict().items():
    got = saved.state_dict()[name]
    if got.dtype != want.dtype or not torch.equal(got, want):
        sys.exit(f"{name} differs: {got.dtype} and {want.dtype}")
ids = torch.arange(3, 40).reshape(1, -1)
with torch.no_grad():
    difference = (original(ids).logits - saved(ids).logits).abs().max().item()
if difference != 0:
    sys.exit(f"logits differ by {difference}")
stops = [GenerationConfig.from_pretrained(p).eos_token_id for p in sys.argv[1:3]]
if stops[0] != stops[1]:
    sys.exit(f"end-of-sequence ids {stops[1]}, want {stops[0]}")
if len(sys.argv) > 3:
    want, got = (AutoTokenizer.from_pretrained(p)(sys.argv[3])["input_ids"] for p in sys.argv[1:3])
    if want != got:
        sys.exit(f"tokens {got}, want {want}")
print("same")
