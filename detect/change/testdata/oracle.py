"""Writes oracle.json: reference values of Welch's test from R and scipy, and of
go-change from its published formulas.

Run with a Python that has scipy and with Rscript on the path:

    python3 oracle.py > oracle.json

The versions that produced the committed table are in its "versions" field.

go-change (github.com/dgryski/go-change) takes the split l in [m, n-m] with the
largest n1 n2 / (n1 + n2) (mean1 - mean2)^2 and reports P(T < t) of Welch's t
there as confidence, with no correction for having chosen the split. That is
written anew here, with exact means in place of its cumulative sums.
"""
import json
import math
import random
import subprocess

import numpy as np
import scipy
from scipy import stats


def r(script):
    out = subprocess.run(["Rscript", "-"], input=script, capture_output=True, text=True, check=True)
    return [float(v) for v in out.stdout.split()]


def vec(x):
    return "c(" + ",".join(repr(float(v)) for v in x) + ")"


def welch(x, y):
    t, p = stats.ttest_ind(y, x, equal_var=False)
    rt, rdf, rp, pt, pp = r(
        f"x<-{vec(x)};y<-{vec(y)};a<-t.test(y,x);b<-t.test(y,x,var.equal=TRUE);"
        "cat(format(c(a$statistic,a$parameter,a$p.value,b$statistic,b$p.value),digits=17))"
    )
    assert math.isclose(t, rt, rel_tol=1e-9) and math.isclose(p, rp, rel_tol=1e-6), (t, rt, p, rp)
    return {"x": list(x), "y": list(y), "t": rt, "df": rdf, "p": rp, "pooled_t": pt, "pooled_p": pp}


def go_change(w, m):
    w = np.asarray(w, float)
    n = len(w)
    best, at = 0.0, 0
    for l in range(m, n - m + 1):
        a, b = w[:l], w[l:]
        sb = l * (n - l) / n * (a.mean() - b.mean()) ** 2
        if sb > best:
            best, at = sb, l
    a, b = w[:at], w[at:]
    va, vb = a.var(ddof=1) / at, b.var(ddof=1) / (n - at)
    t = (b.mean() - a.mean()) / math.sqrt(va + vb)
    df = (va + vb) ** 2 / (va**2 / (at - 1) + vb**2 / (n - at - 1))
    return {"window": list(w), "min": m, "index": at, "difference": b.mean() - a.mean(),
            "confidence": stats.t.cdf(t, df), "before": [a.mean(), a.var(ddof=1), at], "after": [b.mean(), b.var(ddof=1), n - at]}


def rounded(v):
    return [round(float(x), 3) for x in v]


def main():
    rng = np.random.default_rng(7)
    cases = []
    for n1, n2, d, s in [(5, 5, 0, 1), (2, 9, 1, 1), (12, 30, 0.5, 3), (30, 12, -2, 0.2), (60, 40, 4, 1), (200, 30, -0.1, 5), (3, 300, 1.5, 0.1)]:
        cases.append(welch(rounded(rng.normal(10, 1, n1)), rounded(rng.normal(10 + d, s, n2))))
    old = []
    for n, m, d in [(20, 3, 0), (20, 3, 2), (60, 10, 1), (60, 10, -1), (120, 30, 0), (120, 30, 0.7), (240, 30, 0.3)]:
        w = rng.normal(5, 1, n)
        w[2 * n // 3 :] += d
        old.append(go_change(rounded(w), m))
    tails = [(t, df, 2 * stats.t.sf(t, df)) for t in (0.1, 1, 2.5, 6, 20, 80) for df in (1, 1.7, 4, 29.3, 238, 1e5)]
    print(json.dumps({
        "versions": {"scipy": scipy.__version__, "numpy": np.__version__, "R": " ".join(str(v) for v in r("cat(R.version$major,R.version$minor)"))},
        "welch": cases, "go_change": old, "tails": tails}))


main()
