"""Warming from the loopback venue: nine symbols of 30 days, then 90; requests a second, and the memory of it.

The venue answers at once, so that what bounds the speed is the limit of the real one, as ccxt keeps it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from btk.model.dates import format_date
from btk.model.intervals import DAY_MS
from tests.venue.dialects import BASES
from tests.venue.server import VenueServer
from tests.venue.warming import END_MS

# Weight 6000 a minute, two for a page of a thousand candles.
ALLOWED_A_SECOND = {"binance": 50.0, "bybit": 10.0, "okx": 1000 / 110}
_CHILD = (
    "import resource, sys; from btk.cli.app import run; code = run(sys.argv[1:]);"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr); sys.exit(code)"
)


def measure(exchange: str, days: int) -> dict[str, Any]:
    """One warm of an empty cache in a process of its own."""
    with tempfile.TemporaryDirectory() as name, VenueServer(Path(name)) as venue:
        root = Path(name)
        (root / "config").mkdir()
        (root / "config" / "btk.yaml").write_text(f"exchange: {{name: {exchange}}}\n")
        symbols = ",".join(f"{base}USDT" for base in BASES)
        dates = ("--from", format_date(END_MS - days * DAY_MS), "--to", format_date(END_MS))
        words = ("cache", "warm", "--json", "--symbols", symbols, *dates, "--root", str(root))
        command = [sys.executable, "-c", _CHILD, *words]
        environment = {**os.environ, **venue.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        document = json.loads(done.stdout)
        return {
            "exchange": exchange,
            "days": days,
            "candles": sum(series["new"] for series in document["series"]),
            "pages": len(venue.asked),
            "seconds": round(document["seconds"], 1),
            "requests_a_second": round(document["requests"] / document["seconds"], 1),
            "allowed_a_second": round(ALLOWED_A_SECOND[exchange], 1),
            "memory_mb": int(done.stderr.split()[-1]),
        }


if __name__ == "__main__":
    for wish in sys.argv[1:] or ("binance:30", "binance:90", "bybit:30"):
        venue_name, _, length = wish.partition(":")
        print(json.dumps(measure(venue_name, int(length))), flush=True)
