"""Candles that a run needs and the cache does not hold: fetched before it, filled, or an error, as its flags say."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from btk.adapters.file_lock import Taken
from btk.adapters.settings import Loaded
from btk.cli.warm_progress import warm_progress
from btk.library.candles import warm_what_is_missing
from btk.model.errors import DataError, SettingsError

if TYPE_CHECKING:
    from btk.adapters.candle_warmer import WarmingOutcome


class Gaps(StrEnum):
    """What to do about missing candles."""

    error = "error"
    fill = "fill"


GapsChoice = Annotated[
    Gaps, typer.Option("--gaps", help="Stop at missing candles, or fill them flat and count them.")
]
Cache = Annotated[
    bool, typer.Option("--cache/--no-cache", help="Fetch missing candles first, or never open a socket.")
]


def fetch_what_is_missing(loaded: Loaded) -> None:
    """Said in one line on stderr when something was fetched, or is waited for because another process fetches it.

    An error of the exchange ends the command.
    """
    try:
        outcome = _fetched(loaded)
    except SettingsError as refused:
        # Such as files imported under a name of one's own, or a market that is gone.
        raise SettingsError(f"{refused}; --no-cache goes on with what is stored") from refused
    if outcome is None:
        return
    if outcome.requests:
        new = sum(series.new for series in outcome.series)
        print(f"btk: fetched {new:,} candles ({outcome.requests:,} requests)", file=sys.stderr)


def _fetched(loaded: Loaded) -> WarmingOutcome | None:
    with warm_progress(shown=True) as watch:
        outcome = warm_what_is_missing(loaded.settings, loaded.root, watch, _say_whom_we_wait_for)
    # What the exchange does not have is for the run to judge: it may only be a part of the warm-up.
    if outcome is not None and outcome.error and not isinstance(outcome.error, DataError):
        raise outcome.error
    return outcome


def _say_whom_we_wait_for(taken: Taken) -> None:
    print(f"btk: waiting for {taken.what}: {taken.holder} is at work there", file=sys.stderr, flush=True)
