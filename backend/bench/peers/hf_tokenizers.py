"""Hugging Face's tokenizers on one long text."""

import os

import turns
from tokenizers import Tokenizer

spec = turns.spec()
with open(spec["text"], encoding="utf-8") as f:
    text = f.read()
tokenizer = Tokenizer.from_file(os.path.join(spec["tokenizer"], "tokenizer.json"))
turns.take(lambda: sum(tokenizer.encode(text, add_special_tokens=False).ids), "tokenizers")
