"""Writes oracle.json: logistic regression on standardised features as scikit-learn fits it.

    pip install numpy==2.4.6 scikit-learn==1.7.2
    python oracle.py > oracle.json
"""
import json
from importlib.metadata import version

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler


def fit(x, y, c):
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=c, penalty="l2", solver="lbfgs", tol=1e-10, max_iter=100000).fit(scaler.transform(x), y)
    return scaler, model


def case(name, rng, n, hidden, cs):
    x = rng.normal(size=(n, hidden)) * np.exp(rng.normal(size=hidden)) + 3 * rng.normal(size=hidden)
    x[:, 2] = .1  # constant
    x[:, 1] = 100 + 1e-3 * x[:, 1]  # nearly so
    x = x.astype(np.float32).round(6)
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-2 * (x[:, 0] - x[:, 0].mean()) / x[:, 0].std() + .5))).astype(int)
    groups = rng.integers(0, 12, n)
    folds = groups % 4
    x64 = x.astype(np.float64)
    fits, held = [], []
    for c in cs:
        scaler, model = fit(x64, y, c)
        fits.append(dict(c=c, weights=model.coef_[0].tolist(), intercept=float(model.intercept_[0]),
                         probabilities=model.predict_proba(scaler.transform(x64))[:, 1].tolist()))
        loss = 0.0
        for f in range(4):
            s, m = fit(x64[folds != f], y[folds != f], c)
            loss += log_loss(y[folds == f], m.predict_proba(s.transform(x64[folds == f]))[:, 1], labels=[0, 1], normalize=False)
        held.append(loss / n)
    return dict(name=name, hidden=hidden, x=[float(v) for v in x.ravel()], correct=y.tolist(), folds=folds.tolist(), mean=scaler.mean_.tolist(), scale=scaler.scale_.tolist(),
                fits=fits, held_out_loss=held)


def main():
    rng = np.random.default_rng(40)
    print(json.dumps(dict(versions={k: version(k) for k in ("numpy", "scikit-learn")},
                          cases=[case("more rows than features", rng, 120, 6, [.01, 1., 100.]), case("fewer rows than features", rng, 40, 60, [.001, .1, 10.])])))


main()
