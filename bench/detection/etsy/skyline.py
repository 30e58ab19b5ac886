"""Import Etsy Skyline's own algorithms.py from a clone, under Python 3.

Nothing of the clone is changed or copied. What its code calls and today's
libraries no longer have under that name is put in place around it:

  pandas  Series.iget is iloc; stats.moments.ewma and ewmstd are ewm().mean()
          and ewm().std()
  scipy   array and std are numpy's
  redis, msgpack, the clock  a dictionary, the identity, and a settable number
  statsmodels  adfuller refuses constant references, and those of less than 24
          points, by raising, which would take the other eight votes along: here
          it gives nan, which is no vote

Wanted: Python 3, numpy, scipy, pandas, statsmodels.
"""
import importlib.machinery
import importlib.util
import logging
import os
import sys
import types
import warnings

import numpy
import pandas
import scipy
import scipy.stats
import statsmodels.api

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

now = [0.0]  # The clock the algorithms read.
store = {}  # What they keep in Redis.


class Redis:
    def __init__(self, **_):
        pass

    def get(self, key):
        return store.get(key)

    def set(self, key, value):
        store[key] = value


def adfuller(x, lags):
    try:
        return real_adfuller(x, lags)
    except (ValueError, numpy.linalg.LinAlgError):
        return float("nan"), float("nan")


real_adfuller = statsmodels.api.tsa.stattools.adfuller


def module(name, **names):
    m = types.ModuleType(name)
    vars(m).update(names)
    sys.modules[name] = m


def load(clone):
    """Return the module algorithms and its settings, those of the example."""
    source = os.path.join(clone, "src")
    loader = importlib.machinery.SourceFileLoader("settings", os.path.join(source, "settings.py.example"))
    settings = types.ModuleType("settings")
    sys.dont_write_bytecode = True
    loader.exec_module(settings)
    sys.modules["settings"] = settings
    module("redis", StrictRedis=Redis)
    module("msgpack", packb=lambda x: [list(p) for p in x], unpackb=lambda x: [list(p) for p in x])
    pandas.Series.iget = lambda self, i: self.iloc[i]
    pandas.stats = types.SimpleNamespace(moments=types.SimpleNamespace(
        ewma=lambda s, com: s.ewm(com=com).mean(), ewmstd=lambda s, com: s.ewm(com=com).std()))
    scipy.array, scipy.std = numpy.array, numpy.std
    statsmodels.api.tsa.stattools.adfuller = adfuller
    sys.path.insert(0, os.path.join(source, "analyzer"))
    import algorithms

    algorithms.time = lambda: now[0]
    return algorithms, settings


def versions():
    """Say what the votes were made with."""
    import statsmodels
    return {"python": sys.version.split()[0], "numpy": numpy.__version__, "scipy": scipy.__version__,
            "pandas": pandas.__version__, "statsmodels": statsmodels.__version__}
