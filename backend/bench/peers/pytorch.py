"""PyTorch: transformers' model trained and scored eagerly, transformers' generate, and a decode loop written by hand."""

import sys

import torch
import torch.nn.functional as F
import turns
from transformers import AutoModelForCausalLM, GenerationConfig

spec = turns.spec()
torch.set_num_threads(spec["threads"])
torch.manual_seed(1)
model = AutoModelForCausalLM.from_pretrained(spec["model_dir"], dtype=torch.float32, attn_implementation="sdpa")
config = model.config
rows, seq, prompt, new = spec["rows"], spec["seq"], spec["prompt"], spec["new"]


def ids(columns):
    return torch.tensor(turns.tokens(rows * columns, config.vocab_size)).view(rows, columns)


def next_token_log_probs(x):
    logits = model(input_ids=x, use_cache=False).logits[:, :-1]
    return -F.cross_entropy(logits.reshape(-1, config.vocab_size), x[:, 1:].reshape(-1), reduction="none")


def train():
    model.train()
    adam = torch.optim.AdamW(model.parameters(), lr=spec["lr"], betas=(0.9, 0.999), eps=1e-8, weight_decay=spec["weight_decay"])
    x = ids(seq)

    def step():
        adam.zero_grad(set_to_none=True)
        loss = -next_token_log_probs(x).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), spec["clip_norm"])
        adam.step()
        return loss.item()

    return step


def score():
    model.eval()
    x = ids(seq)

    @torch.no_grad()
    def step():
        return next_token_log_probs(x).mean().item()

    return step


def generate():
    model.eval()
    how = GenerationConfig(do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=new, min_new_tokens=new, pad_token_id=0, eos_token_id=None)
    model.generation_config = how
    x = ids(prompt)
    mask = torch.ones_like(x)

    def step():
        return model.generate(input_ids=x, attention_mask=mask, generation_config=how).shape[1] - prompt

    return step


def loop():
    """What someone who needs speed writes: joined projections, a cache of fixed size, one fused attention call a layer."""
    heads, kv, dim, eps = config.num_attention_heads, config.num_key_value_heads, config.head_dim, config.rms_norm_eps
    last = prompt + new
    layers = []
    for layer in model.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        qkv = torch.cat([attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight]).detach()
        gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).detach()
        layers.append((layer, qkv, gate_up))
    embedding = model.model.embed_tokens.weight.detach()
    cos, sin = (t[0] for t in model.model.rotary_emb(embedding, torch.arange(last)[None]))  # [last, dim]

    def rotate(x, at):  # x: [rows, heads, length, dim]
        a, b = x.chunk(2, -1)
        return x * cos[at] + torch.cat([-b, a], -1) * sin[at]

    def norm(x, by):
        return F.rms_norm(x, (x.shape[-1],), by.weight, eps)

    def forward(x, start, caches):  # x: [rows, length] → logits of the last token: [rows, vocab]
        length = x.shape[1]
        at = slice(start, start + length)
        h = F.embedding(x, embedding)
        for (layer, qkv, gate_up), (keys, values) in zip(layers, caches):
            q, k, v = F.linear(norm(h, layer.input_layernorm), qkv).view(rows, length, -1, dim).transpose(1, 2).split([heads, kv, kv], 1)
            keys[:, :, at] = rotate(norm(k, layer.self_attn.k_norm), at)
            values[:, :, at] = v
            q = rotate(norm(q, layer.self_attn.q_norm), at)
            seen = slice(0, start + length)
            o = F.scaled_dot_product_attention(q, keys[:, :, seen], values[:, :, seen], is_causal=length > 1, enable_gqa=True)
            h = h + F.linear(o.transpose(1, 2).reshape(rows, length, -1), layer.self_attn.o_proj.weight)
            gate, up = F.linear(norm(h, layer.post_attention_layernorm), gate_up).chunk(2, -1)
            h = h + F.linear(F.silu(gate) * up, layer.mlp.down_proj.weight)
        return F.linear(norm(h[:, -1], model.model.norm), embedding)

    x = ids(prompt)

    @torch.no_grad()
    def run(pick):
        caches = [(torch.zeros(rows, kv, last, dim), torch.zeros(rows, kv, last, dim)) for _ in layers]
        drawn = [pick(forward(x, 0, caches))]
        while len(drawn) < new:
            drawn.append(pick(forward(drawn[-1][:, None], prompt + len(drawn) - 1, caches)))
        return torch.stack(drawn, 1)

    def sample(logits):  # the largest of probability over exponential noise: one draw of the softmax
        return (logits.softmax(-1) / torch.empty_like(logits).exponential_()).argmax(-1)

    greedy = GenerationConfig(do_sample=False, max_new_tokens=new, pad_token_id=0, eos_token_id=None)
    model.generation_config = greedy
    wanted = model.generate(input_ids=x, attention_mask=torch.ones_like(x), generation_config=greedy)[:, prompt:]
    same = (run(lambda logits: logits.argmax(-1)) == wanted).float().mean().item()
    if same < 0.95:  # rounding may decide between two tokens of a random model now and then
        sys.exit(f"the loop agrees with generate on {same:.0%} of the tokens only")
    return lambda: run(sample).shape[1]


turns.take({"train": train, "score": score, "generate": generate, "loop": loop}[spec["mode"]](), "torch", "transformers")
