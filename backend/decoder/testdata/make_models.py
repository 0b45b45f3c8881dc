"""Writes the tiny random models of this folder and what transformers and peft compute with them.

    python make_models.py [DIR]

Weights are rounded to bfloat16 and stored so; all arithmetic is float32. Each folder holds a Hugging Face model and
oracle.safetensors: input_ids [2, 48], logprobs [2, 47] (of token t+1 given those up to t) and logits_last [2, vocab].
"""
import json, os, sys
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

SHAPE = dict(vocab_size=64, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=1, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
MODELS = {
    "llama_llama3": LlamaConfig(**SHAPE, head_dim=16, tie_word_embeddings=True, rope_parameters=dict(
        rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=32)),
    "llama_biases": LlamaConfig(**SHAPE, head_dim=16, attention_bias=True, mlp_bias=True, tie_word_embeddings=False,
                                rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.5)),
    "qwen3_yarn": Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=True, rope_parameters=dict(
        rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=16)),
    "qwen3_yarn_mscale": Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=False, attention_bias=True, rope_parameters=dict(
        rope_type="yarn", rope_theta=300.0, factor=4.0, original_max_position_embeddings=20, beta_fast=8.0, beta_slow=0.5,
        mscale=0.7, mscale_all_dim=0.3, truncate=False)),
    "qwen2_plain": Qwen2Config(**SHAPE, tie_word_embeddings=False),
    "qwen3_sharded": Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=True),
}


def randomise(model, seed):
    """Norm weights are 1 + 0.2 N and biases 0.3 N, so that a dropped one shows."""
    g = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        x = torch.randn(p.shape, generator=g)
        x = 1 + 0.2 * x if name.endswith("norm.weight") else 0.3 * x
        p.data = x.bfloat16().float()


def log_probs(logits, ids):
    return torch.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]


def write(root, name, config, seed):
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    randomise(model, seed)
    ids = torch.randint(3, config.vocab_size, (2, 48), generator=torch.Generator().manual_seed(seed + 100))
    with torch.no_grad():
        logits = model(ids).logits
    out = os.path.join(root, name)
    model.bfloat16().save_pretrained(out, max_shard_size="8KB" if name.endswith("sharded") else "5GB")
    os.path.exists(os.path.join(out, "generation_config.json")) and os.remove(os.path.join(out, "generation_config.json"))
    save_file({"input_ids": ids.int(), "logprobs": log_probs(logits, ids), "logits_last": logits[:, -1].contiguous()},
              os.path.join(out, "oracle.safetensors"))


def write_lora(root, base, seed):
    """An adapter on every projection, with the log-probs and the gradient of sum(w * logprob) by one A and one B."""
    from peft import LoraConfig, get_peft_model
    model = AutoModelForCausalLM.from_pretrained(os.path.join(root, base), dtype=torch.float32, attn_implementation="eager")
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=names, task_type="CAUSAL_LM"))
    g = torch.Generator().manual_seed(seed)
    adapters = {n: p for n, p in model.named_parameters() if "lora_" in n}
    for p in adapters.values():
        p.data = 0.2 * torch.randn(p.shape, generator=g)
    ids = torch.randint(3, 64, (2, 48), generator=g)
    weights = torch.randn(2, 47, generator=g)
    lp = log_probs(model(ids).logits, ids)
    (weights * lp).sum().backward()
    out = os.path.join(root, "lora")
    model.save_pretrained(out)
    path = os.path.join(out, "adapter_config.json")
    config = json.load(open(path))
    config["base_model_name_or_path"] = base
    json.dump(config, open(path, "w"), indent=2)
    os.remove(os.path.join(out, "README.md"))
    merged = model.merge_and_unload()
    with torch.no_grad():
        merged_lp = log_probs(merged(ids).logits, ids)
    oracle = {"input_ids": ids.int(), "weights": weights, "logprobs": lp.detach(), "merged_logprobs": merged_lp}
    for n, p in adapters.items():
        if "layers.0.self_attn.k_proj" in n or "layers.1.mlp.down_proj" in n:
            oracle["grad/" + n.removeprefix("base_model.model.").replace(".default", "")] = p.grad
    save_file(oracle, os.path.join(out, "oracle.safetensors"))


if __name__ == "__main__":
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.set_num_threads(1)
    for i, (name, config) in enumerate(MODELS.items()):
        write(root, name, config, i)
    write_lora(root, "llama_llama3", 50)
