"""JAX: a Qwen3 decoder, compiled whole, with the same weights."""

import json
import os

import turns

spec = turns.spec()
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

with open(os.path.join(spec["model_dir"], "config.json")) as f:
    config = json.load(f)
layers, heads, kv, dim = (config[k] for k in ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim"))
vocab, eps = config["vocab_size"], config["rms_norm_eps"]
rows, seq, prompt, new = spec["rows"], spec["seq"], spec["prompt"], spec["new"]
frequencies = config["rope_theta"] ** (-np.arange(0, dim, 2, dtype=np.float32) / dim)


def load(path):
    """Reads a safetensors file of float32 tensors."""
    with open(path, "rb") as f:
        head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()
    head.pop("__metadata__", None)
    return {name: jnp.asarray(np.frombuffer(data[t["data_offsets"][0] : t["data_offsets"][1]], np.float32).reshape(t["shape"])) for name, t in head.items()}


def norm(x, weight):
    return x * lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + eps) * weight


def rotate(x, positions):  # x: [rows, length, heads, dim], positions: [length]
    angles = positions[:, None] * frequencies
    cos, sin = jnp.cos(angles)[:, None], jnp.sin(angles)[:, None]
    a, b = jnp.split(x, 2, -1)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def forward(w, x, start=0, caches=None, seen=None):
    """x: [rows, length] → hidden states [rows, length, width], and the caches with the new keys and values at start."""
    length = x.shape[1]
    positions = start + jnp.arange(length)
    h = w["model.embed_tokens.weight"][x]
    updated = []
    for i in range(layers):
        def weight(name):
            return w[f"model.layers.{i}.{name}.weight"]

        def project(x, name, n):
            return (x @ weight(f"self_attn.{name}_proj").T).reshape(rows, length, n, dim)

        n = norm(h, weight("input_layernorm"))
        q = rotate(norm(project(n, "q", heads), weight("self_attn.q_norm")), positions)
        k = rotate(norm(project(n, "k", kv), weight("self_attn.k_norm")), positions)
        v = project(n, "v", kv)
        if caches is None:
            o = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        else:
            k = lax.dynamic_update_slice(caches[i][0], k, (0, start, 0, 0))
            v = lax.dynamic_update_slice(caches[i][1], v, (0, start, 0, 0))
            updated.append((k, v))
            o = jax.nn.dot_product_attention(q, k, v, mask=seen[None, None])
        h = h + o.reshape(rows, length, -1) @ weight("self_attn.o_proj").T
        n = norm(h, weight("post_attention_layernorm"))
        h = h + (jax.nn.silu(n @ weight("mlp.gate_proj").T) * (n @ weight("mlp.up_proj").T)) @ weight("mlp.down_proj").T
    return norm(h, w["model.norm.weight"]), updated


def logits(w, h):
    return h @ w["model.embed_tokens.weight"].T


def log_probs(w, x):
    h, _ = forward(w, x)
    every = jax.nn.log_softmax(logits(w, h[:, :-1]), -1)
    return jnp.take_along_axis(every, x[:, 1:, None], -1)[..., 0]


def ids(columns):
    return jnp.asarray(turns.tokens(rows * columns, vocab), jnp.int32).reshape(rows, columns)


def train(w):
    decay, lr = spec["weight_decay"], spec["lr"]

    @jax.jit
    def start(w):
        return jax.tree.map(jnp.zeros_like, w), jax.tree.map(jnp.zeros_like, w), jnp.zeros(())

    def adam(p, g, m, v, t):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p * (1 - lr * decay) - lr * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    def update(w, state, x):
        loss, g = jax.value_and_grad(lambda w: -log_probs(w, x).mean())(w)
        size = jnp.sqrt(sum(jnp.sum(a * a) for a in jax.tree.leaves(g)))
        shrink = jnp.minimum(1.0, spec["clip_norm"] / (size + 1e-6))
        m, v, t = state
        t = t + 1
        new = {name: adam(w[name], g[name] * shrink, m[name], v[name], t) for name in w}
        return {n: a[0] for n, a in new.items()}, ({n: a[1] for n, a in new.items()}, {n: a[2] for n, a in new.items()}, t), loss

    update = jax.jit(update, donate_argnums=(0, 1))
    now, x = [w, start(w)], ids(seq)

    def step():
        now[0], now[1], loss = update(now[0], now[1], x)
        jax.block_until_ready(now)
        return float(loss)

    return step


def score(w):
    run, x = jax.jit(log_probs), ids(seq)
    return lambda: float(np.asarray(run(w, x)).mean())


def decode(w):
    last = prompt + new

    @jax.jit
    def run(w, x, key):
        caches = [(jnp.zeros((rows, last, kv, dim)),) * 2 for _ in range(layers)]
        columns = jnp.arange(last)
        h, caches = forward(w, x, 0, caches, columns[None] <= jnp.arange(prompt)[:, None])

        def draw(t, key, scores, drawn):
            key, now = jax.random.split(key)
            token = jax.random.categorical(now, scores).astype(jnp.int32)
            return key, token, lax.dynamic_update_slice(drawn, token[:, None], (0, t))

        def body(state):
            t, key, scores, drawn, caches = state
            key, token, drawn = draw(t, key, scores, drawn)
            h, caches = forward(w, token[:, None], prompt + t, caches, (columns <= prompt + t)[None])
            return t + 1, key, logits(w, h[:, 0]), drawn, caches

        state = (0, key, logits(w, h[:, -1]), jnp.zeros((rows, new), jnp.int32), caches)
        state = lax.while_loop(lambda state: state[0] < new - 1, body, state)
        return draw(*state[:4])[2]

    x, key = ids(prompt), [jax.random.key(1)]

    def step():
        key[0], now = jax.random.split(key[0])
        return np.asarray(run(w, x, now)).shape[1]

    return step


weights = load(os.path.join(spec["model_dir"], "model.safetensors"))
turns.take({"train": train, "score": score, "decode": decode}[spec["mode"]](weights), "jax", "jaxlib")
