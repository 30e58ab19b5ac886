"""Writes rank.json: rank tests and shift intervals of R and scipy for sides of 1
to 5,000 values, with and without ties. Run beside rank.R, with a Python that has
scipy and scikit-learn and with Rscript on the path:

    python3 rank.py > rank.json

The sides are too long to commit; both this program and the test make them from
a case's seed by splitmix64 and exact arithmetic. The versions that produced the
committed table are in its "versions" field.
"""
import json
import math
import random
import struct
import subprocess
import sys
import tempfile

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import cluster

MASK = (1 << 64) - 1
ALTS = ("two.sided", "less", "greater")


def uniforms(seed, n):
    """n numbers in [0,1) with 53 bits."""
    out = []
    for _ in range(n):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        out.append((z >> 11) / (1 << 53))
    return out


def side(kind, seed, n, canary):
    us = uniforms(seed, n)
    if kind == "ties":
        return [math.floor(u * 9) + (1.0 if canary else 0.0) for u in us]
    if kind == "heavy":
        return [u / (1 - u) for u in us]
    if kind == "shifted":
        return [u + (0.25 if canary else 0.0) for u in us]
    if kind == "apart":
        return [u + (2.0 if canary else 0.0) for u in us]
    return us


def ask_r(cases):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/in", "wb") as f:
            for x, y in cases:
                f.write(struct.pack("<ii", len(x), len(y)))
                f.write(struct.pack("<%dd" % (len(x) + len(y)), *x, *y))
        subprocess.run(["Rscript", "--vanilla", "rank.R", d + "/in", d + "/out"], check=True)
        raw = open(d + "/out", "rb").read()
    rows = struct.iter_unpack("<19d", raw)
    return [list(r) for r in rows]


def clean(v):
    return None if v is None or math.isnan(v) else v


def rank_cases():
    sizes = [(1, 1), (1, 5), (2, 3), (3, 3), (4, 7), (5, 5), (8, 8), (9, 9), (10, 40), (20, 20), (30, 50), (49, 49),
             (60, 60), (100, 80), (250, 250), (500, 400), (1000, 1000), (2000, 3000), (5000, 5000), (5000, 1), (1, 5000),
             (5000, 20)]
    specs, sides = [], []
    for i, (m, n) in enumerate(sizes):
        for j, kind in enumerate(("uniform", "ties", "shifted", "heavy", "apart")):
            if m * n > 1e7 and kind in ("heavy", "apart"):
                continue
            seed = 1000 * i + 10 * j + 1
            specs.append({"kind": kind, "m": m, "n": n, "seed": seed})
            sides.append((side(kind, seed, m, True), side(kind, seed + 500000, n, False)))
    for c, (x, y), r in zip(specs, sides, ask_r(sides)):
        c["w"] = r[0]
        c["corrected"], c["uncorrected"] = [clean(v) for v in r[1:4]], [clean(v) for v in r[4:7]]
        c["exact"] = [clean(v) for v in r[7:10]]
        c["ci"] = {k: [clean(v) for v in e] for k, e in (("0.9", r[10:12]), ("0.98", r[12:14]))}
        c["estimate"] = r[14]
        if not math.isnan(r[15]):
            c["exact_ci"] = {"0.9": r[15:17], "0.98": r[17:19]}
        tied = len(set(x) | set(y)) < len(x) + len(y)
        c["scipy"], c["scipy_exact"] = [], []
        for alt in ALTS:
            a = alt.replace(".", "-")
            c["scipy"].append(clean(float(stats.mannwhitneyu(x, y, alternative=a, method="asymptotic").pvalue)))
            if not tied and len(x) <= 100 and len(y) <= 100:
                c["scipy_exact"].append(float(stats.mannwhitneyu(x, y, alternative=a, method="exact").pvalue))
        c["ks"] = float(stats.ks_2samp(x, y, method="asymp").statistic)
        c["wasserstein"] = float(stats.wasserstein_distance(x, y))
        if min(len(x), len(y)) > 1 and c["kind"] != "apart":
            b = stats.brunnermunzel(x, y)
            if math.isfinite(b.statistic):
                c["bm"] = [float(b.statistic), float(b.pvalue)]
    return specs


def permutations():
    """Exact with ties where every labelling can be listed."""
    out = []
    for i, (m, n) in enumerate([(3, 4), (5, 5), (6, 6), (4, 9), (7, 7), (8, 8)]):
        x, y = side("ties", 77 + i, m, True), side("ties", 7700 + i, n, False)

        def u(a, b, axis):
            pooled = np.concatenate([a, b], axis=axis)
            r = stats.rankdata(pooled, axis=axis)
            return np.sum(np.take(r, np.arange(m), axis=axis), axis=axis)

        row = {"x": x, "y": y, "p": []}
        for alt in ALTS:
            t = stats.permutation_test((x, y), u, vectorized=True, n_resamples=np.inf, alternative=alt.replace(".", "-"))
            row["p"].append(float(t.pvalue))
        out.append(row)
    return out


def r_numbers(script):
    out = subprocess.run(["Rscript", "-"], input="options(digits=17);" + script, capture_output=True, text=True, check=True)
    return [float(v) for v in out.stdout.split()]


def tails():
    fisher = [[5, 40, 1, 60], [12, 1000, 3, 1200], [0, 50, 7, 50], [250, 10000, 180, 9000], [900, 200000, 700, 200000],
              [5200, 3000000, 5000, 3000000], [30, 30, 0, 30], [40, 5000, 160, 20000]]
    binom = [[600000, 1000000, 0.5], [501000, 1000000, 0.5], [50, 1000000, 1e-5], [5100000, 10000000, 0.5], [3, 5, 0.2]]
    t = {"fisher": fisher, "binomial": binom}
    t["fisher_log"] = [r_numbers(f"cat(phyper({a}-1,{n},{m},{a}+{b},lower=FALSE,log=TRUE))")[0] for a, n, b, m in fisher]
    t["fisher_point"] = [r_numbers(f"cat(dhyper({a},{n},{m},{a}+{b},log=TRUE))")[0] for a, n, b, m in fisher]
    t["binomial_log"] = [r_numbers(f"cat(pbinom({k}-1,{n},{p!r},lower=FALSE,log=TRUE))")[0] for k, n, p in binom]
    z = [1.5, 20.0, 36.9, 37.1, 38.0, 40.0]
    t["normal_p"] = r_numbers("cat(pnorm(c(" + ",".join(map(str, z)) + "),lower=FALSE,log=TRUE))")
    t["normal_z"] = z
    q = [0.9, 0.5 + 1e-9, 0.4, 0.07, 0.01, 0.010000000000000009, 1e-4, 1e-10, 1e-40, 1e-300]
    t["quantile_p"] = q
    t["quantile"] = r_numbers("cat(sprintf('%.17g',qnorm(c(" + ",".join(repr(v) for v in q) + "))))")
    return t


def histograms():
    """KS and Wasserstein of binned samples: every observation at its bucket's end."""
    rng = random.Random(5)
    out = []
    bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
    for shift in (0, 0.3, 1):
        counts = [[], []]
        for s, c in enumerate(counts):
            draws = [math.exp(rng.gauss(-3 + shift * s, 1)) for _ in range(400 + 100 * s)]
            lo = 0
            for b in bounds:
                c.append(sum(lo < v <= b for v in draws))
                lo = b
            c.append(sum(v > lo for v in draws))
        ends = [np.repeat(range(len(c)), c) for c in counts]
        ks = stats.ks_2samp(*ends, method="asymp")
        m, n = sum(counts[0]), sum(counts[1])
        out.append({"bounds": bounds, "x": counts[0], "y": counts[1], "ks": float(ks.statistic),
                    "kolmogorov_p": float(scipy.special.kolmogorov(ks.statistic * math.sqrt(m * n / (m + n))))})
    return out


def clusters():
    rng = random.Random(9)
    out = []
    for i in range(24):
        centres = [rng.uniform(0, 100) for _ in range(rng.randint(2, 4))]
        x = [rng.gauss(rng.choice(centres), rng.choice([0.3, 1, 2])) for _ in range(rng.randint(12, 60))]
        x += [rng.uniform(-50, 150) for _ in range(rng.randint(0, 4))]
        eps, size = rng.choice([0.5, 1.0, 2.0]), rng.randint(3, 6)
        a = np.array(x).reshape(-1, 1)
        out.append({
            "x": x, "eps": eps, "size": size,
            "dbscan": cluster.DBSCAN(eps=eps, min_samples=size).fit(a).labels_.tolist(),
            "cores": cluster.DBSCAN(eps=eps, min_samples=size).fit(a).core_sample_indices_.tolist(),
            "hdbscan": cluster.HDBSCAN(min_cluster_size=size, allow_single_cluster=False).fit(a).labels_.tolist(),
        })
    return out


table = {
    "versions": {
        "R": subprocess.run(["Rscript", "-e", "cat(R.version.string)"], capture_output=True, text=True).stdout,
        "scipy": scipy.__version__, "numpy": np.__version__, "scikit-learn": sklearn.__version__,
        "python": sys.version.split()[0],
    },
    "cases": rank_cases(), "permutations": permutations(), "tails": tails(), "histograms": histograms(),
    "clusters": clusters(),
}
lines = [json.dumps(k) + ":" + (json.dumps(v) if not isinstance(v, list) else "[\n" + ",\n".join(json.dumps(e) for e in v) + "\n]")
         for k, v in table.items()]
print("{" + ",\n".join(lines) + "}")
