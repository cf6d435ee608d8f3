"""The e-processes of checks/stats once more, straight from their definitions, with scipy's
binomial distribution. Reads cases from standard input, one per line:

    LIMIT SIDE(1|-1) [CANARY_EXPOSURE BASELINE_EXPOSURE CANARY_EVENTS BASELINE_EVENTS]...

and prints per case: log E of events, of bursts, of shares, the estimate of the ratio, and the
dispersion of the shares and that of the totals (0 where there is none).
"""
import sys

import numpy as np
from scipy.special import logsumexp, xlog1py, xlogy
from scipy.stats import binom

DISTANCES = np.geomspace(0.02, 4, 16)
WEIGHTS = DISTANCES / DISTANCES.sum()
BETS = np.geomspace(0.02, 0.98, 10)


def theta(share, ratio):
    return share * ratio / (share * ratio + 1 - share)


def rounded(canary, baseline, side):
    """The share, moved away from the evidence on a grid of log odds."""
    odds = np.log(canary / baseline)
    noise = np.sqrt(1 / canary + 1 / baseline)
    width = 2 ** np.clip(np.floor(np.log2(0.1 * noise)), -12, -4)
    odds = (np.ceil if side > 0 else np.floor)(odds / width) * width
    return np.exp(odds) / (1 + np.exp(odds))


def mixture(limit, side, log_likelihood):
    ratios = limit * np.exp(side * DISTANCES)
    return logsumexp([np.log(w) + log_likelihood(r) - log_likelihood(limit)
                      for w, r in zip(WEIGHTS, ratios)])


def ratios_before(share, canary, total):
    """For each block the rate ratio that those before it let expect (Mantel & Haenszel)."""
    above, below = 0.125, 0.125
    for rho, c, n in zip(share, canary, total):
        yield min(max(above / below, 1e-9), 1e9)
        above += c * (1 - rho)
        below += (n - c) * rho


def dispersion(share, canary, total):
    """Of the shares: each block against what those before it let expect."""
    terms, information = [], 0
    for ratio, rho, c, n in zip(ratios_before(share, canary, total), share, canary, total):
        if n > 0:
            p = theta(rho, ratio)
            variance = n * p * (1 - p)
            if variance >= 1 and information >= 1:
                terms.append((c - n * p) ** 2 / (variance * (1 + variance / information)))
            information += variance
    return np.mean(terms) if terms else 0


def scatter(total, exposure):
    """Of the totals, around one rate."""
    if len(total) < 2 or total.sum() == 0:
        return 0
    expected = total.sum() / exposure.sum() * exposure
    return ((total - expected) ** 2 / expected).sum() / (len(total) - 1)


for line in sys.stdin:
    fields = np.array(line.split(), dtype=float)
    limit, side = fields[:2]
    rows = fields[2:].reshape(-1, 4)
    rows = rows[(rows[:, 0] > 0) & (rows[:, 1] > 0)]
    share = rows[:, 0] / (rows[:, 0] + rows[:, 1])
    canary, total = rows[:, 2], rows[:, 2] + rows[:, 3]
    ratios = np.array(list(ratios_before(share, canary, total)))
    totals = min(scatter(total, rows[:, 0] + rows[:, 1]),
                 scatter(total, ratios * rows[:, 0] + rows[:, 1]))
    of_shares = dispersion(share, canary, total)

    some = total > 0
    rows, share, canary, total = rows[some], share[some], canary[some], total[some]
    moved = rounded(rows[:, 0], rows[:, 1], side)
    events = mixture(limit, side, lambda r: binom.logpmf(canary, total, theta(moved, r)).sum())
    counted = np.minimum(total / 10, 3)
    part = canary / total
    bursts = mixture(limit, side, lambda r: (
        xlogy(counted * part, theta(moved, r)) + xlog1py(counted * (1 - part), -theta(moved, r))).sum())
    expected = theta(share, limit)
    gain = part / expected - 1 if side > 0 else (1 - part) / (1 - expected) - 1
    shares = logsumexp([np.log1p(f * gain).sum() for f in BETS]) - np.log(len(BETS))
    above, below = (canary * (1 - share)).sum(), ((total - canary) * share).sum()
    ratio = above / below if below > 0 else np.inf
    print(*(repr(float(x)) for x in (events, bursts, shares, min(max(ratio, 1e-9), 1e9), of_shares, totals)))
