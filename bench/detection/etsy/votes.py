"""Ask Etsy Skyline's own code for its votes on the generated cases.

    go run ./bench/detection/etsy/generate | python3 votes.py CLONE votes.bin.gz

CLONE is a clone of etsy/skyline. The output is gzip: a line of JSON with the
number of cases and the versions used, then two
bytes a case, little endian:

  bits 0-8   the nine votes, in the order of settings.ALGORITHMS: 1 is true
  bit 9      median_absolute_deviation returned None
  bit 10     run_selected_algorithm said anomalous
  bits 11-13 0 judged, 1 too short, 2 stale, 3 boring, 4 an algorithm raised
"""
import gzip
import json
import struct
import sys

import numpy

import skyline


def cases(stream):
    while head := stream.read(4):
        (n,) = struct.unpack("<I", head)
        yield numpy.frombuffer(stream.read(16 * n), "<f8").reshape(2, n)


def votes(algorithms, settings, t, v):
    series = [[float(a), float(b)] for a, b in zip(t, v)]
    skyline.now[0] = series[-1][0]
    try:
        anomalous, ensemble, _ = algorithms.run_selected_algorithm(series, "case")
    except algorithms.TooShort:
        return 1 << 11
    except algorithms.Stale:
        return 2 << 11
    except algorithms.Boring:
        return 3 << 11
    if len(ensemble) != len(settings.ALGORITHMS):
        return 4 << 11
    bits = bool(anomalous) << 10
    for i, vote in enumerate(ensemble):
        bits |= bool(vote) << i
        if vote is None:
            bits |= 1 << 9
    return bits


def main(clone, path):
    algorithms, settings = skyline.load(clone)
    out = [votes(algorithms, settings, t, v) for t, v in cases(sys.stdin.buffer)]
    head = dict(skyline.versions(), cases=len(out))
    with open(path, "wb") as f, gzip.GzipFile(fileobj=f, mode="wb", compresslevel=9, mtime=0) as z:
        z.write(json.dumps(head).encode() + b"\n")
        z.write(numpy.array(out, "<u2").tobytes())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
