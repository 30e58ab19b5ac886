"""Ask Etsy Skyline's own code which of a series of anomalies it lets pass.

    python3 second_order.py CLONE > detect/testdata/skyline_second_order.etsy

A line is a series of anomalies, second:value each, and after = one digit for
each: 1 where is_anomalously_anomalous was true.
"""
import random
import sys

import skyline


def main(clone):
    algorithms, _ = skyline.load(clone)
    r = random.Random(20151031)
    v = skyline.versions()
    print("# Made by bench/detection/etsy/second_order.py with python %s, pandas %s." % (v["python"], v["pandas"]))
    for series in range(160):
        usual, at, out, said = r.choice([60, 300, 3600]), 0, [], ""
        skyline.store.clear()
        for _ in range(r.randint(1, 40)):
            at += usual + r.randint(-3, 3) if r.random() < .9 else r.choice([r.randint(1, 301), 20 * usual])
            value = r.choice([1, 2, r.randint(0, 9)])
            skyline.now[0] = float(at)
            out.append("%d:%d" % (at, value))
            said += str(int(bool(algorithms.is_anomalously_anomalous("m", [], float(value)))))
        print(" ".join(out), "=", said)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
