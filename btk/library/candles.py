"""Candles from Python: are they there, fetch them, or both; `btk cache warm` and `btk backtest --cache` stand on this."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from btk import wiring
from btk.adapters.async_run import run_to_end
from btk.adapters.candle_needs import fetchable
from btk.adapters.candle_series import SeriesKey, Watch
from btk.adapters.file_lock import Taken, wait_until_free
from btk.adapters.project import find_root
from btk.adapters.settings import load_settings
from btk.model.bars import Span
from btk.model.dates import format_date, parse_date_ms
from btk.model.errors import BtkError, DataError, UsageError
from btk.model.intervals import floor_to, interval_ms
from btk.model.settings import Settings

if TYPE_CHECKING:
    from btk.adapters.candle_warmer import WarmingOutcome

T = TypeVar("T")
Moment = str | int | datetime


def unseen(series: SeriesKey, done: int, total: int) -> None:
    """A watch for whoever wants no progress."""


def unsaid(taken: Taken) -> None:
    """For whoever waits in silence."""


def warm_spans(
    settings: Settings,
    root: Path,
    spans: Mapping[SeriesKey, Span],
    watch: Watch = unseen,
    *,
    refetch: bool = False,
) -> WarmingOutcome:
    """Fetch what is missing in each series' span; with `refetch` what is stored too, replaced where it differs.

    `watch` is told series, candles done and candles to do. `AlreadyRunning`, `SettingsError`, `Transient`;
    what ended single symbols early is in the outcome.
    """
    # Whoever has all candles is not to wait for what fetching needs.
    from btk.adapters.candle_warmer import warm

    return _finished(warm(wiring.warming_plan(settings, root, spans, refetch), watch))


def refetch_series(
    settings: Settings, root: Path, series: Sequence[SeriesKey], watch: Watch = unseen
) -> list[WarmingOutcome]:
    """Fetch again all that is stored of these series: candles that the exchange changed are replaced and reported.

    One outcome for each exchange and kind of market; what ends one early is its `error`, and stops no other.
    """
    from btk.adapters.candle_warmer import WarmingOutcome

    outcomes = []
    for (exchange, market), group in groupby(sorted(series, key=_market_of), key=_market_of):
        chosen = msgspec.structs.replace(settings.exchange, name=exchange, market=market)
        here = msgspec.structs.replace(settings, exchange=chosen)
        spans = {key: wiring.stored_candles(here, root, key.interval).extent(key.symbol) for key in group}
        known = {key: span for key, span in spans.items() if span}
        try:
            outcomes.append(warm_spans(here, root, known, watch, refetch=True))
        except BtkError as error:
            outcomes.append(WarmingOutcome((), 0, error))
    return outcomes


def warm_what_is_missing(
    settings: Settings, root: Path, watch: Watch = unseen, waits: Callable[[Taken], None] = unsaid
) -> WarmingOutcome | None:
    """What a backtest of these settings needs, fetched; None when it is all there, which costs no import and no socket.

    Candles that another process is fetching are waited for; `waits` is told before.
    """
    if settings.exchange.name == wiring.DEMO:
        return None
    while absent := _absent(settings, root):
        try:
            return warm_spans(settings, root, absent, watch)
        except Taken as taken:
            waits(taken)
            wait_until_free(taken)
    return None


def check_candles(
    symbol: str,
    start: Moment,
    end: Moment,
    *,
    exchange: str | None = None,
    interval: str = "1m",
    root: Path | None = None,
) -> tuple[Span, ...]:
    """The stretches of `[start, end)` of which candles are missing; none when the cache is complete. Never fetches.

    Dates are UTC: text, milliseconds or datetimes. Other intervals are made from minutes, so that those are looked for.
    """
    settings, folder = _project(symbol, exchange, root)
    span = _aligned(start, end, interval)
    return wiring.candle_source(settings, folder).missing(wiring.symbols(settings)[0], span)


def warm_candles(
    symbol: str,
    start: Moment,
    end: Moment,
    *,
    exchange: str | None = None,
    interval: str = "1m",
    root: Path | None = None,
) -> None:
    """Fetch what the cache does not hold of `[start, end)`; every error of the exchange is raised."""
    settings, folder = _project(symbol, exchange, root)
    outcome = warm_spans(settings, folder, wiring.minutes_of(settings, _aligned(start, end, interval)))
    if outcome.error:
        raise outcome.error


def cache_candles(
    symbol: str,
    start: Moment,
    end: Moment,
    *,
    exchange: str | None = None,
    interval: str = "1m",
    root: Path | None = None,
) -> None:
    """Check, fetch what is missing, check again; `DataError` when the exchange does not have all of it."""
    chosen: dict[str, Any] = {"exchange": exchange, "interval": interval, "root": root}
    if not check_candles(symbol, start, end, **chosen):
        return
    warm_candles(symbol, start, end, **chosen)
    missing = check_candles(symbol, start, end, **chosen)
    if missing:
        dates = ", ".join(f"{format_date(hole.from_ms)} to {format_date(hole.to_ms)}" for hole in missing[:5])
        raise DataError(f"{symbol}: the exchange has no candles for {dates}; choose another start and end")


def _market_of(series: SeriesKey) -> tuple[str, str]:
    return series.exchange, "swap" if "." in series.symbol else "spot"


def _project(symbol: str, exchange: str | None, root: Path | None) -> tuple[Settings, Path]:
    folder = find_root(root, os.environ, Path.cwd())
    settings = load_settings(folder, (), os.environ, ()).settings
    named = msgspec.structs.replace(settings.exchange, name=exchange or settings.exchange.name)
    return msgspec.structs.replace(settings, exchange=named, symbols=(symbol,)), folder


def _aligned(start: Moment, end: Moment, interval: str) -> Span:
    step_ms = interval_ms(interval)
    span = Span(floor_to(_moment_ms(start), step_ms), floor_to(_moment_ms(end), step_ms))
    if span.from_ms >= span.to_ms:
        raise UsageError(f"start {start} is not before end {end}; the end is exclusive")
    return span


def _moment_ms(moment: Moment) -> int:
    if isinstance(moment, datetime):
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1000)
    return parse_date_ms(str(moment))


def _absent(settings: Settings, root: Path) -> dict[SeriesKey, Span]:
    spans, now_ms = wiring.needed_spans(settings, root), wiring.now_ms()
    return {
        series: span
        for series, span in spans.items()
        if fetchable(wiring.stored_candles(settings, root, series.interval), series.symbol, span, now_ms)
    }


def _finished(work: Coroutine[Any, Any, T]) -> T:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_to_end(work)
    # In a notebook a loop runs already, and this call is to be an ordinary one there too.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
