"""check_adapter.py BASE ADAPTER ORACLE: loads an adapter with peft and compares its log-probs with the oracle's."""
import sys
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

base, adapter, oracle = sys.argv[1:]
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
model = PeftModel.from_pretrained(model, adapter)
oracle = load_file(oracle)
ids = oracle["input_ids"].long()
with torch.no_grad():
    got = torch.log_softmax(model(ids).logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]
gap = (got - oracle["logprobs"]).abs().max().item()
if not gap <= 1e-5:
    sys.exit(f"log-probs differ by {gap}")
