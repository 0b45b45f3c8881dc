"""Writes reference.json: the figures that the formulas of the released evaluation (calibration_main.py of the DCPO repository) give on
the answers in journal/journal.jsonl. Needs numpy alone; AUROC is the chance that a right answer ranks above a wrong one, ties half, which is
what scikit-learn computes.

    python reference.py > reference.json
"""
import json
import math
import re
from pathlib import Path

import numpy as np

golds, answers = {}, []
for line in Path(__file__).with_name("journal").joinpath("journal.jsonl").open(encoding="utf-8"):
    one = json.loads(line)
    if "problem" in one:
        golds[one["problem"]["id"]] = float(one["problem"]["answer"])
    elif "answer" in one and (not one["answer"].get("error") or one["answer"].get("final")):
        answers.append(one["answer"])


def right(a):
    if a.get("refusal") or a.get("error"):
        return 0.0
    boxed = re.findall(r"\\boxed\{([^{}]*)\}", a["text"])
    return float(bool(boxed) and float(boxed[-1]) == golds[a["problem"]])


def verbal(a):
    found = re.search(r"CONFIDENCE:\s*([01]?\.\d+|\d+)", a["text"])
    return float(found.group(1)) if found else -0.1


def logits(a):
    if not a["logprobs"] or a.get("refusal"):
        return -0.1
    values = [float(np.float32(x)) for x in a["logprobs"]]  # what the journal's decimals stand for
    return math.exp(sum(values) / len(values))


def figures(conf, acc, bins=20):
    edges = np.linspace(0.0, 1.0, bins + 1)
    ece = over = most = over_share = 0.0
    for i in range(bins):
        inside = (conf >= edges[i] if i == 0 else conf > edges[i]) & (conf <= edges[i + 1])
        if inside.any():
            gap, share = conf[inside].mean() - acc[inside].mean(), inside.mean()
            ece += abs(gap) * share
            most = max(most, abs(gap))
            if gap > 0:
                over += gap * share
                over_share += share
    inside = (conf >= 0) & (conf <= 1)
    pairs = conf[acc == 1][:, None] - conf[acc == 0][None, :]
    return {"n": len(conf), "accuracy": acc.mean(), "mean_confidence": conf.mean(), "ece": ece, "pce": over, "pce_conditional": over / over_share, "mce": most,
            "brier": ((conf[inside] - acc[inside]) ** 2).mean(), "auroc": ((pairs > 0) + 0.5 * (pairs == 0)).mean()}


out = {}
for name in ["math500", "aime24", ""]:
    some = [a for a in answers if name in ("", a["benchmark"])]
    for kind in (verbal, logits):
        values = figures(np.array([kind(a) for a in some]), np.array([right(a) for a in some]))
        out[f"{kind.__name__} {name}".strip()] = {k: float(v) for k, v in values.items()}
print(json.dumps(out, indent=1))
