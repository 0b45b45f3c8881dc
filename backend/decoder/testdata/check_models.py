"""Loads each model folder given with transformers and compares its log-probs with the folder's oracle.safetensors."""
import os, sys
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
for folder in sys.argv[1:]:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    oracle = load_file(os.path.join(folder, "oracle.safetensors"))
    ids = oracle["input_ids"].long()
    with torch.no_grad():
        got = torch.log_softmax(model(ids).logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]
    gap = (got - oracle["logprobs"]).abs().max().item()
    if not gap <= 1e-5:
        sys.exit(f"{folder}: log-probs differ by {gap}")
