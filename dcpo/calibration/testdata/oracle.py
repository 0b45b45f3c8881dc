"""Writes oracle.json: measures of small sets of answers as other people's packages compute them.

    pip install numpy==2.4.6 scikit-learn==1.7.2 relplot==1.0.3 uncertainty-calibration==0.1.4 matplotlib
    python oracle.py > oracle.json
"""
import json
from importlib.metadata import version

import calibration
import numpy as np
from relplot.metrics import smECE
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

BINS = 10
CLIP = 1e-6


def edges(_probs, num_bins):
    return list(np.linspace(0, 1, num_bins + 1)[1:])  # a bin is (low, high]


def l2(p, y, debias):
    return float(calibration.lower_bound_scaling_ce(p, y, p=2, debias=debias, num_bins=BINS, binning_scheme=edges))


def equal_mass(p, y):
    """Mean absolute gap over scikit-learn's quantile bins, weighted by how many answers each holds."""
    right, stated = calibration_curve(y, p, n_bins=BINS, strategy="quantile")
    cuts = np.percentile(p, np.linspace(0, 1, BINS + 1) * 100)[1:-1]
    counts = np.bincount(np.searchsorted(cuts, p))
    counts = counts[counts > 0]
    return float(np.sum(counts * np.abs(right - stated)) / len(p))


def murphy(p, y):
    """Stephenson, Coelho and Jolliffe (2008): Brier = reliability - resolution + uncertainty + variance - covariance."""
    at = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], p)
    terms = dict(reliability=0.0, resolution=0.0, uncertainty=float(y.mean() * (1 - y.mean())), within_variance=0.0, within_covariance=0.0)
    for b in np.unique(at):
        f, o = p[at == b], y[at == b]
        terms["reliability"] += float(len(f) * (f.mean() - o.mean()) ** 2 / len(p))
        terms["resolution"] += float(len(f) * (o.mean() - y.mean()) ** 2 / len(p))
        terms["within_variance"] += float(np.sum((f - f.mean()) ** 2) / len(p))
        terms["within_covariance"] += float(2 * np.sum((f - f.mean()) * (o - o.mean())) / len(p))
    return terms


def risk_coverage(p, y):
    """Coverage and risk of each threshold, from the highest confidence down, and the areas of Geifman et al. where nothing is tied."""
    order = np.argsort(-p, kind="stable")
    last = np.append(np.diff(p[order]) != 0, True)
    n = np.arange(1, len(p) + 1)
    risk = np.cumsum(1 - y[order]) / n
    best = np.cumsum(np.sort(1 - y)) / n
    area = 1 - float(calibration.get_selective_stats(p, y)[0]) if len(np.unique(p)) == len(p) else None
    return (n[last] / len(p)).tolist(), risk[last].tolist(), area, float(best.mean())


def case(name, p, y):
    p = np.asarray(p, float)
    y = np.asarray(y, int)
    coverage, risk, area, best = risk_coverage(p, y)
    smooth, width = smECE(p, y, return_width=True)
    return dict(
        name=name, confidence=p.tolist(), correct=y.tolist(),
        brier=float(brier_score_loss(y, p)), nll=float(log_loss(y, np.clip(p, CLIP, 1 - CLIP))), auroc=float(roc_auc_score(y, p)),
        auprc_errors=float(average_precision_score(1 - y, -p)), rmsce=l2(p, y, False), rmsce_debiased=l2(p, y, True),
        adaptive_ece=equal_mass(p, y), smooth_ece=float(smooth), smooth_ece_width=float(width),
        coverage=coverage, risk=risk, aurc=area, best_aurc=best, **murphy(p, y))


def main():
    rng = np.random.default_rng(20)
    u = rng.uniform(0.02, 0.98, 150)
    steps = rng.choice([0, .05, .1, .15, .3, .5, .6, .7, .8, .85, .9, .95, 1], 240, p=[.02, .02, .03, .03, .05, .1, .05, .1, .1, .1, .15, .15, .1])
    sharp = rng.beta(5, 1.2, 400)
    few = rng.uniform(size=12)
    good = rng.uniform(size=600)
    print(json.dumps(dict(
        bins=BINS, clip=CLIP,
        versions={k: version(k) for k in ("numpy", "scikit-learn", "relplot", "uncertainty-calibration")},
        cases=[
            case("continuous, over-confident", u, rng.uniform(size=150) < u ** 2),
            case("stated, many tied", steps, rng.uniform(size=240) < .15 + .6 * steps),
            case("close to one", sharp, rng.uniform(size=400) < sharp),
            case("twelve answers", few, rng.uniform(size=12) < .5),
            case("well calibrated", good, rng.uniform(size=600) < good),
            case("wrong way round", u, rng.uniform(size=150) < 1 - u),
        ]), indent=None))


main()
