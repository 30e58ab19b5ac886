"""Writes oracle.json: reference values of rank tests and friends from R and scipy.

Run with a Python that has scipy and with Rscript on the path:

    python3 oracle.py > oracle.json

The versions that produced the committed table are in its "versions" field.
"""
import itertools
import json
import math
import random
import subprocess
import sys

import numpy as np
import scipy
from scipy import stats


def r(script):
    out = subprocess.run(["Rscript", "-"], input=script, capture_output=True, text=True, check=True)
    return [float(v) if v not in ("NA", "NaN") else None for v in out.stdout.split()]


def vec(x):
    return "c(" + ",".join(repr(float(v)) for v in x) + ")"


def enumerate_p(x, y):
    """Exact tails of the rank sum with ties, by listing every split."""
    pooled = np.concatenate([x, y])
    ranks = (2 * stats.rankdata(pooled)).astype(int)
    m = len(x)
    seen = sum(ranks[:m])
    lower = upper = total = 0
    for split in itertools.combinations(ranks, m):
        s = sum(split)
        total += 1
        lower += s <= seen
        upper += s >= seen
    return lower / total, upper / total


def main():
    rng = random.Random(20261122)
    cases = []
    shapes = [(3, 4), (5, 5), (8, 6), (10, 5), (12, 20), (30, 30), (49, 47), (60, 60), (200, 150)]
    for m, n in shapes:
        for kind in ("continuous", "tied", "shifted", "heavy"):
            if kind == "tied":
                x = [rng.randint(0, 6) for _ in range(m)]
                y = [rng.randint(0, 7) for _ in range(n)]
            elif kind == "heavy":
                x = [math.exp(rng.gauss(0, 2)) for _ in range(m)]
                y = [math.exp(rng.gauss(0.5, 2)) for _ in range(n)]
            else:
                shift = 1.5 if kind == "shifted" else 0.2
                x = [rng.gauss(shift, 1) for _ in range(m)]
                y = [rng.gauss(0, 1.3) for _ in range(n)]
            c = {"x": x, "y": y, "kind": kind}
            for alt in ("two.sided", "less", "greater"):
                for corr in (True, False):
                    c[f"asym_{alt}_{corr}"] = r(
                        f"cat(format(wilcox.test({vec(x)},{vec(y)},alternative='{alt}',exact=FALSE,correct={str(corr).upper()})$p.value,digits=17))"
                    )[0]
                c[f"scipy_{alt}"] = float(
                    stats.mannwhitneyu(x, y, alternative=alt.replace(".", "-"), method="asymptotic").pvalue
                )
                if kind != "tied" and max(m, n) < 50:
                    c[f"exact_{alt}"] = r(
                        f"cat(format(wilcox.test({vec(x)},{vec(y)},alternative='{alt}',exact=TRUE)$p.value,digits=17))"
                    )[0]
            c["u"] = float(stats.mannwhitneyu(x, y, method="asymptotic").statistic)
            if kind == "tied" and m + n <= 16:
                c["enum_less"], c["enum_greater"] = enumerate_p(x, y)
            for level in (0.9, 0.98):
                got = r(
                    f"w=wilcox.test({vec(x)},{vec(y)},exact=FALSE,conf.int=TRUE,conf.level={level},tol.root=1e-13);"
                    "cat(format(c(w$conf.int,median(outer(" + vec(x) + "," + vec(y) + ",'-'))),digits=17))"
                )
                c[f"hl_asym_{level}"] = got
                if kind != "tied" and max(m, n) < 50:
                    c[f"hl_exact_{level}"] = r(
                        f"w=suppressWarnings(wilcox.test({vec(x)},{vec(y)},exact=TRUE,conf.int=TRUE,conf.level={level}));"
                        "cat(format(c(w$conf.int,w$estimate),digits=17))"
                    )
            bm = stats.brunnermunzel(x, y)
            if math.isfinite(bm.statistic):
                c["bm_p"] = float(bm.pvalue)
                c["bm_t"] = float(bm.statistic)
            ks = stats.ks_2samp(x, y, method="asymp")
            c["ks_d"] = float(ks.statistic)
            c["wasserstein"] = float(stats.wasserstein_distance(x, y))
            c["mad_x"] = float(stats.median_abs_deviation(x, scale="normal"))
            cases.append(c)

    tails = {
        "normal_z": [-3, 0, 0.5, 1.96, 5, 12, 29.9, 30.1, 37, 100],
        "student": [[0.1, 3], [1, 1.4], [2.5, 10], [8, 4], [40, 30], [300, 60], [9, 28.8], [1e6, 100]],
        "binomial": [[5, 20, 0.3], [90, 100, 0.5], [1, 3, 0.01], [700, 1000, 0.5], [5200, 10000, 0.5], [40, 100, 0.5]],
    }
    tails["normal_log"] = r("cat(format(pnorm(" + vec(tails["normal_z"]) + ",lower=FALSE,log=TRUE),digits=17))")
    tails["student_log"] = [r(f"cat(format(pt({t!r},{d!r},lower=FALSE,log=TRUE),digits=17))")[0] for t, d in tails["student"]]
    tails["binomial_log"] = [r(f"cat(format(pbinom({k - 1},{n},{p!r},lower=FALSE,log=TRUE),digits=17))")[0] for k, n, p in tails["binomial"]]

    p = [rng.random() ** 3 for _ in range(12)]
    multiple = {
        "p": p,
        "holm": r(f"cat(format(p.adjust({vec(p)},'holm'),digits=17))"),
        "bh": r(f"cat(format(p.adjust({vec(p)},'BH'),digits=17))"),
    }
    json.dump(
        {
            "versions": {
                "R": subprocess.run(["Rscript", "-e", "cat(R.version.string)"], capture_output=True, text=True).stdout,
                "scipy": scipy.__version__,
                "numpy": np.__version__,
                "python": sys.version.split()[0],
            },
            "cases": cases,
            "tails": tails,
            "multiple": multiple,
        },
        sys.stdout,
        indent=None,
        separators=(",", ":"),
    )
    print()


main()
