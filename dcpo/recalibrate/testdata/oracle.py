"""Writes oracle.json: maps from confidence to probability as other people's packages fit them.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.7.2 betacal==1.1.0
    python oracle.py > oracle.json

temperature: scipy.optimize.minimize_scalar over the slope of the log-odds; platt: scikit-learn's CalibratedClassifierCV(method="sigmoid") on the
log-odds, by its fitting function; beta: betacal, of the method's authors, with scikit-learn's optimiser run to the end; isotonic: scikit-learn.
"""
import json
from importlib.metadata import version

import numpy as np
import sklearn.linear_model
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

CLIP = 1e-6


class ToTheEnd(sklearn.linear_model.LogisticRegression):
    """betacal stops early with scikit-learn's default tolerance; the optimum is what is compared."""

    def __init__(self, **kw):
        super().__init__(**{**kw, "tol": 1e-14, "max_iter": 100000, "solver": "newton-cholesky"})


import betacal.beta_calibration as bc  # noqa: E402

bc.LogisticRegression = ToTheEnd


def case(name, p, y):
    p, y = np.asarray(p, float), np.asarray(y, int)
    grid = np.unique(np.concatenate([np.linspace(0, 1, 41), p[:20]]))
    clip = lambda c: np.clip(c, CLIP, 1 - CLIP)
    x, g = logit(clip(p)), logit(clip(grid))
    loss = lambda s: np.sum(np.logaddexp(0, -s * np.where(y == 1, x, -x)))
    slope = minimize_scalar(loss, bounds=(0, 50), method="bounded", options=dict(xatol=1e-13)).x
    platt = _SigmoidCalibration().fit(x, y)
    beta = bc._BetaCal().fit(clip(p), y)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(p, y)
    return dict(name=name, confidence=p.tolist(), correct=y.tolist(), grid=grid.tolist(),
                temperature=expit(slope * g).tolist(), platt=platt.predict(g).tolist(),
                beta=beta.predict(clip(grid)).tolist(), isotonic=isotonic.predict(grid).tolist(),
                slope=float(slope), beta_coefficients=[float(v) for v in beta.map_[:2]])


def main():
    rng = np.random.default_rng(30)
    u = rng.uniform(0.02, 0.98, 200)
    steps = rng.choice([0, .1, .3, .5, .7, .8, .9, .95, 1], 300)
    sharp = rng.beta(6, 1, 250)
    print(json.dumps(dict(
        clip=CLIP, versions={k: version(k) for k in ("numpy", "scipy", "scikit-learn", "betacal")},
        cases=[
            case("over-confident", u, rng.uniform(size=200) < u ** 2),
            case("stated, many tied", steps, rng.uniform(size=300) < .2 + .5 * steps),
            case("close to one", sharp, rng.uniform(size=250) < .6 * sharp),
            case("beta with one negative slope", u, rng.uniform(size=200) < .3 + .5 * (u > .2) - .3 * (u > .85)),
            case("under-confident", .5 + (u - .5) / 3, rng.uniform(size=200) < u),
        ])))


main()
