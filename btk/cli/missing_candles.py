"""Candles that a run needs and the cache does not hold are fetched before it, where the user lets us."""

from __future__ import annotations

import sys

from btk.adapters.settings import Loaded
from btk.cli.warm_progress import warm_progress
from btk.library.candles import warm_what_is_missing
from btk.model.errors import DataError


def fetch_what_is_missing(loaded: Loaded) -> None:
    """Said in one line on stderr when something was fetched; an error of the exchange ends the command."""
    with warm_progress(shown=True) as watch:
        outcome = warm_what_is_missing(loaded.settings, loaded.root, watch)
    if outcome is None:
        return
    # What the exchange does not have is for the run to judge: it may only be a part of the warm-up.
    if outcome.error and not isinstance(outcome.error, DataError):
        raise outcome.error
    if outcome.requests:
        new = sum(series.new for series in outcome.series)
        print(f"btk: fetched {new:,} candles ({outcome.requests:,} requests)", file=sys.stderr)
