"""The e-process of checks/stats/mean_process.h once more, from its definition, with dense
covariance matrices. Reads cases from standard input, one per line:

    LIMIT SIDE(1|-1) PART-OF-CORRECTION WEIGHT*9 [CANARY BASELINE]...

and prints per case: log E, and log E with the whole probability of the side (Student's
distribution) instead of the bound for it, not corrected for skewness.
"""
import sys

import numpy as np
from scipy.linalg import toeplitz
from scipy.special import logsumexp
from scipy.stats import t as student

PHI = [0, .15, .3, .45, .6, .75, .9, .97, .99]
TAU2 = 1 / 0.7
HELD_BACK = 0.01


def log_density(d, covariance):
    """Normal with any scale, integrated over d(scale)/scale, up to a constant."""
    return (-np.linalg.slogdet(covariance)[1] / 2 -
            len(d) / 2 * np.log(d @ np.linalg.solve(covariance, d)))


def caution(part, limit, canary, baseline):
    d = canary - limit * baseline
    arms = sorted([(abs(x.mean()), x.var()) for x in (canary, limit * baseline)])
    (low, low_variance), (high, high_variance) = arms
    if d.var() == 0:
        return 1
    distance = min(1 - low / high, .5)
    excess = low_variance / max(low, high / 2)**2 - high_variance / high**2
    return 1 - part * distance * np.clip(excess / (d.var() / high**2), 0, 1)


for line in sys.stdin:
    fields = np.array(line.split(), dtype=float)
    limit, side, part = fields[:3]
    weights = fields[3:12]
    canary, baseline = fields[12::2], fields[13::2]
    d = side * (canary - limit * baseline)
    n, one = len(d), np.ones(len(d))
    careful = caution(part, limit, canary, baseline)
    over, exact, none = [], [], []
    for phi, weight in zip(PHI, weights):
        if weight == 0:
            continue
        r = toeplitz(float(phi)**np.arange(n))
        null = np.log(weight) + log_density(d, r)
        none.append(null)
        s = one @ np.linalg.solve(r, d)
        both = np.log(weight) + log_density(d, r + TAU2 * np.outer(one, one))
        log_a = -np.linalg.slogdet(np.eye(n) + TAU2 * np.linalg.solve(r, np.outer(one, one)))[1] / 2
        precision = 1 / TAU2 + one @ np.linalg.solve(r, one)
        rest = d @ np.linalg.solve(r, d) - s * s / precision
        t = s / precision / np.sqrt(rest / (n * precision))
        assert np.isclose(both - null, log_a + n / 2 * np.log1p(t * t / n), atol=1e-8)
        exact.append(both + np.log(2) + student.logcdf(t, n))
        gain = np.power(1 + (careful * t)**2 / n, n / 2)
        if s > 0:
            over.append(null + log_a + np.log(2 * gain - 1))
    none = logsumexp(none)
    e = np.exp(logsumexp(over) - none) if over else 0
    print(repr(float(np.log(HELD_BACK + (1 - HELD_BACK) * e))),
          repr(float(np.log(HELD_BACK + (1 - HELD_BACK) * np.exp(logsumexp(exact) - none)))))
