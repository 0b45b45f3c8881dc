"""Writes the small tokenizers and expected results of this folder with the Hugging Face tokenizers library (0.23).
Run in this folder: python reference.py"""
import json, random
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

random.seed(7)
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LLAMA = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = LLAMA.replace(r"\p{N}{1,3}", r"\p{N}")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
OTHER = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CORPUS = ["the quick brown fox thinks: 12 + 30 = 42, so the answer is 42.", "She doesn't know; they'll say it's \\boxed{7}.\nCONFIDENCE: 0.85\n",
          "We have x = 3 and y = 4, therefore x + y = 7.", "naïve café, 中文字符 and ünïcode", "def f(x):\n    return x  # indented\n"] * 20


def train(name, steps, alphabet=True, normalizer=None, post=None, added=(), **model):
    t = Tokenizer(models.BPE(**model))
    t.pre_tokenizer = pre_tokenizers.Sequence(steps)
    t.decoder = decoders.ByteLevel()
    if normalizer:
        t.normalizer = normalizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet()) if alphabet else []
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, special_tokens=["<|bos|>", "<|eos|>"], show_progress=False))
    if post:
        t.post_processor = post
    t.add_tokens(list(added))
    t.save(f"{name}.json", pretty=False)
    return t


def split(pattern, behaviour="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behaviour, invert)


def bytelevel(use_regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def template():
    return processors.TemplateProcessing(single="<|bos|> $A <|eos|>", special_tokens=[("<|bos|>", 0), ("<|eos|>", 1)])


FLAGS = [AddedToken("<L>", lstrip=True, normalized=False), AddedToken("<R>", rstrip=True, normalized=False), AddedToken("word", single_word=True, normalized=True),
         AddedToken("<LR>", lstrip=True, rstrip=True, normalized=True), AddedToken("<L><R>", normalized=False, special=True), AddedToken(" sp ", normalized=True)]
TOKENIZERS = {
    "llama": train("llama", [split(LLAMA), bytelevel()], ignore_merges=True, added=FLAGS,
                   post=processors.Sequence([processors.ByteLevel(trim_offsets=True), template()])),
    "qwen": train("qwen", [split(QWEN), bytelevel()], normalizer=normalizers.NFC(), post=processors.ByteLevel(trim_offsets=True, add_prefix_space=False),
                  added=[AddedToken("é!", normalized=True), AddedToken("o\u0308x", normalized=False), AddedToken("A\u030a", normalized=True, single_word=True)]),
    "gaps": train("gaps", [pre_tokenizers.Digits(True), bytelevel(True)], alphabet=False),
    "unknown": train("unknown", [pre_tokenizers.Digits(False), bytelevel(True)], alphabet=False, unk_token="<|eos|>"),
    "other": train("other", [split(OTHER), bytelevel()]),
    "previous": train("previous", [split(r"[aeiou ]", "merged_with_previous"), bytelevel()]),
    "next": train("next", [split(r"[aeiou ]", "merged_with_next"), bytelevel()]),
    "runs": train("runs", [split(r"[aeiou ]", "contiguous"), bytelevel()]),
    "kept": train("kept", [split(r"[a-z]+|\s", "removed", True), bytelevel()]),
    "literal": train("literal", [pre_tokenizers.Split("an", "isolated"), bytelevel(True)]),
}
ATOMS = ["'s", "'S", "'ſ", "'re", "'LL", "'", "’s", " ", "  ", "   ", "\n", "\r\n", "\r", "\t", "\u00a0", "\u3000", "\x0b", "\x85", "\x1c", "\u200b", "a", "an", "Z", "word",
         "Word", "words", "é", "e\u0301", "E\u0301\u0323", "o\u0308x", "A\u030a", "\u212b", "\u0958", "\u1e9b\u0323", "각", "\u1100\u1161\u11a8", "\u0301", "\u0327\u0301",
         "q\u0307\u0323", "e\u0302\u0323", "中文", "ไทย", "क्षि", "1", "12", "4567", "½", "Ⅷ", "٣", "😀", "👨‍👩‍👧", "\x00", "\x04", "\x7f", "_", "-", "!", "...", "\\boxed{", "}",
         "<L>", "<R>", "<LR>", "<L><R>", " sp ", "é!", "<|bos|>", "<|eos|>", "<|", "ﬁ", "ß", "K", "ǅ", "\U00010400", "\ufffd", "\U00013e15", "\U0002ebf5", "the ", "Hello",
         "CONFIDENCE: 0.85", "\u0344", "\u1100\u1161\u0301\u11a8", "\u0300" * 35, "a" + "\u0316\u0301" * 17, "aeiou" * 30]
TEXTS = CORPUS[:5] + [""] + ["".join(random.choice(ATOMS) for _ in range(random.randint(2, 9))) for _ in range(45)]
for name, t in TOKENIZERS.items():
    with open(f"{name}.jsonl", "w", encoding="utf-8") as f:
        for text in TEXTS:
            plain, special = t.encode(text, add_special_tokens=False), t.encode(text)
            ids = [random.randrange(t.get_vocab_size()) for _ in range(12)]
            row = {"text": text, "ids": plain.ids, "offsets": plain.offsets, "decoded": t.decode(plain.ids), "random": ids, "random_decoded": t.decode(ids)}
            if special.ids != plain.ids:
                row |= {"special_ids": special.ids, "special_offsets": special.offsets}
            f.write(json.dumps(row, separators=(",", ":")) + "\n")
