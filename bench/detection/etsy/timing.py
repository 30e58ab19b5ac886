"""Time Etsy Skyline's own algorithms on the cases of standard input.

    ... | python3 timing.py CLONE

prints one line of JSON a case: its length and microseconds of CPU time for each
algorithm and for the whole evaluation (run_selected_algorithm), the least of
three.
"""
import json
import sys
import time

import skyline
import votes


def least(f, *args):
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        f(*args)
        best = min(best, time.process_time() - began)
    return best * 1e6


def main(clone):
    algorithms, settings = skyline.load(clone)
    print(json.dumps(skyline.versions()))
    for t, v in votes.cases(sys.stdin.buffer):
        series = [[float(a), float(b)] for a, b in zip(t, v)]
        skyline.now[0] = series[-1][0]
        us = {name: least(getattr(algorithms, name), series) for name in settings.ALGORITHMS}
        us["all"] = least(algorithms.run_selected_algorithm, series, "case")
        print(json.dumps({"points": len(series), "us": us}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
