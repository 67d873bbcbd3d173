"""W1 arrays as a process of its own: `whole_year.py CACHE_FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from btk.adapters.candle_reader import StoredCandles
from tests.bench.run import job, run
from tests.bench.strategies import CrossArrays

print(run(job(StoredCandles(Path(sys.argv[1]), "bench"), CrossArrays)), "trades")
