"""Keeping candles warm: fetch what is missing whenever a cron expression is due, until somebody stops it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NoReturn, Protocol

from btk.adapters.candle_series import SeriesKey
from btk.adapters.cron_times import due_times
from btk.adapters.settings import Loaded
from btk.library.candles import warm_spans
from btk.model.bars import Span
from btk.model.errors import AlreadyRunning, Transient, Unknown

# A laptop that was asleep must not find its next run hours late.
_LONGEST_SLEEP_SECONDS = 30.0

Spans = Callable[[datetime], Mapping[SeriesKey, Span]]
Say = Callable[[str], None]


class Clock(Protocol):
    """What time it is, and how to let some go by."""

    def now(self) -> datetime:
        """Now, aware."""

    def sleep(self, seconds: float) -> None:
        """Come back after about so long."""


class SystemClock:
    """The clock on the wall."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """A signal ends it, as it ends everything."""
        time.sleep(seconds)


def keep_warm(loaded: Loaded, spans: Spans, clock: Clock, say: Say) -> NoReturn:
    """Fetch what `spans` answers each time that `cache.schedule` is due; times that were slept through are made up by one.

    What may be better next time is said, and the next time waited for. `SettingsError` and whatever else somebody
    has to correct ends it.
    """
    while True:
        due = next(due_times(loaded.settings.cache.schedule, clock.now()))
        say(f"next at {due:%Y-%m-%dT%H:%MZ}")
        while (left := (due - clock.now()).total_seconds()) > 0:
            clock.sleep(min(left, _LONGEST_SLEEP_SECONDS))
        for line in _warmed(loaded, spans(clock.now())):
            say(line)


def _warmed(loaded: Loaded, spans: Mapping[SeriesKey, Span]) -> list[str]:
    try:
        outcome = warm_spans(loaded.settings, loaded.root, spans)
    except (AlreadyRunning, Transient, Unknown) as error:
        return [str(error)]
    problems = [f"{series.symbol}: {series.problem}" for series in outcome.series if series.problem]
    return [*problems, f"{sum(series.new for series in outcome.series):,} new candles"]
