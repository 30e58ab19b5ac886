# Writes histogram_oracle.jsonl: distances between histograms as scipy has them.
#
#     python3 histogram_oracle.py > histogram_oracle.jsonl     (numpy, scipy)
#
# w1   scipy.stats.wasserstein_distance of cells at the given places
# tail the same between the parts of both beyond the .95 quantile: each
#      distribution is cut off below its own .95 quantile, and the distance of
#      what is left is divided by nothing (it already is a mean)
# ks   the largest difference of the cumulative shares, and scipy's p of the
#      asymptotic distribution, scipy.special.kolmogorov, at Stephens' argument
# g    scipy.stats.chi2_contingency with lambda_="log-likelihood" of cells that
#      were merged by hand, here, until both sides expect five
import json

import numpy as np
from scipy import special, stats

rng = np.random.default_rng(7)


def merged(x, y):
    n, m = x.sum(), y.sum()
    least = 5 * (n + m) / min(n, m)
    out, a, b, left = [], 0.0, 0.0, n + m
    for p, q in zip(x, y):
        a, b = a + p, b + q
        if a + b < least or 0 < left - a - b < least:
            continue
        out.append((a, b))
        left -= a + b
        a = b = 0.0
    if a + b > 0:
        out.append((a, b))
    return np.array(out)


def upper(place, x):
    """The slowest twentieth: places and weights summing to one."""
    f = np.cumsum(x) / x.sum()
    w = np.diff(np.concatenate([[0.95], np.maximum(f, 0.95)])) / 0.05
    return place, w


def case(place, x, y):
    place, x, y = (np.asarray(v, dtype=float) for v in (place, x, y))
    d = np.abs(np.cumsum(x) / x.sum() - np.cumsum(y) / y.sum()).max()
    n = x.sum() * y.sum() / (x.sum() + y.sum())
    arg = (np.sqrt(n) + 0.12 + 0.11 / np.sqrt(n)) * d
    table = merged(x, y)
    g, df, p = 0.0, 0, 1.0
    if len(table) > 1:
        r = stats.chi2_contingency(table.T, correction=False, lambda_="log-likelihood")
        g, df, p = r.statistic, r.dof, r.pvalue
    (pa, wa), (pb, wb) = upper(place, x), upper(place, y)
    print(json.dumps({
        "place": place.tolist(), "x": x.tolist(), "y": y.tolist(),
        "w1": stats.wasserstein_distance(place, place, x, y),
        "tail": stats.wasserstein_distance(pa, pb, wa, wb),
        "ks": d, "ks_p": float(special.kolmogorov(arg)), "g": g, "df": int(df), "g_p": float(p),
    }))


for n, m, shift, cells in [(50, 500, 0, 20), (200, 5000, 1, 40), (5000, 90000, 0.2, 80), (1000, 1000, 3, 30), (60, 100000, 2, 80)]:
    for spread in (2.0, 8.0):
        edges = np.arange(cells)
        x = np.bincount(np.clip(np.round(rng.normal(cells / 2 + shift, spread, n)), 0, cells - 1).astype(int), minlength=cells)
        y = np.bincount(np.clip(np.round(rng.normal(cells / 2, spread, m)), 0, cells - 1).astype(int), minlength=cells)
        case(edges, x, y)
        uneven = np.cumsum(rng.uniform(0.5, 12, cells))
        case(uneven, x, y)
