"""The e-processes of checks/stats once more, straight from their definitions, with scipy's
binomial distribution. Reads cases from standard input, one per line:

    LIMIT SIDE(1|-1) [CANARY_EXPOSURE BASELINE_EXPOSURE CANARY_EVENTS BASELINE_EVENTS]...

and prints per case: log E of events, of bursts, of shares, and the estimate.
"""
import sys

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, xlog1py, xlogy
from scipy.stats import binom

DISTANCES = np.geomspace(0.02, 4, 24)
WEIGHTS = np.sqrt(DISTANCES) / np.sqrt(DISTANCES).sum()
BETS = np.geomspace(0.02, 0.98, 16)


def theta(share, ratio):
    return share * ratio / (share * ratio + 1 - share)


def mixture(limit, side, log_likelihood):
    ratios = limit * np.exp(side * DISTANCES)
    return logsumexp([np.log(w) + log_likelihood(r) - log_likelihood(limit)
                      for w, r in zip(WEIGHTS, ratios)])


def clip(x):
    return min(max(x, 1e-9), 1e9)


for line in sys.stdin:
    fields = np.array(line.split(), dtype=float)
    limit, side = fields[:2]
    rows = fields[2:].reshape(-1, 4)
    rows = rows[(rows[:, 0] > 0) & (rows[:, 1] > 0) & (rows[:, 2] + rows[:, 3] > 0)]
    share = rows[:, 0] / (rows[:, 0] + rows[:, 1])
    canary, total = rows[:, 2], rows[:, 2] + rows[:, 3]
    counted = np.minimum(total / 10, 3)

    def events(ratio):
        return binom.logpmf(canary, total, theta(share, ratio)).sum()

    def bursts(ratio):
        part = counted * canary / total
        return (xlogy(part, theta(share, ratio)) +
                xlog1py(counted - part, -theta(share, ratio))).sum()

    seen, expected = canary / total, theta(share, limit)
    gain = seen / expected - 1 if side > 0 else (1 - seen) / (1 - expected) - 1
    shares = logsumexp([np.log1p(f * gain).sum() for f in BETS]) - np.log(len(BETS))
    if canary.sum() == 0 or canary.sum() == total.sum():
        estimate = np.nan if total.sum() == 0 else (0 if canary.sum() == 0 else np.inf)
    else:
        estimate = np.exp(minimize_scalar(lambda d: -events(np.exp(d)), bounds=(-15, 15),
                                          method="bounded", options={"xatol": 1e-9}).x)
    print(repr(float(mixture(limit, side, events))), repr(float(mixture(limit, side, bursts))),
          repr(float(shares)), repr(float(clip(estimate))))
