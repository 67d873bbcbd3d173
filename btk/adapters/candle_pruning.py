"""Pruning a candle cache: what would go is counted first, and exactly that goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_survey import series_facts
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.disk import Disk
from btk.model.bars import Span


class Prunable(msgspec.Struct, frozen=True, kw_only=True):
    """What would go of a series: candles of a span, or files that were set aside as damaged."""

    exchange: str
    symbol: str
    interval: str
    from_ms: int | None = None
    to_ms: int | None = None
    candles: int = 0
    damaged: tuple[str, ...] = ()

    @property
    def series(self) -> SeriesKey:
        """The series it is of."""
        return SeriesKey(self.exchange, self.symbol, self.interval)


def prunable_candles(root: Path, series: Sequence[SeriesKey], before_ms: int | None) -> list[Prunable]:
    """What is stored of these series before a moment, or all of it."""
    return [part for key in series if (part := _prunable(root, key, before_ms))]


def prunable_damage(root: Path, series: Sequence[SeriesKey]) -> list[Prunable]:
    """The files of these series that were set aside as damaged."""
    found = {key: tuple(sorted(path.name for path in key.folder(root).glob("*.damaged-*"))) for key in series}
    return [Prunable(**msgspec.structs.asdict(key), damaged=names) for key, names in found.items() if names]


def prune(root: Path, part: Prunable) -> None:
    """Do it; `AlreadyRunning` when another process is at work on the series."""
    with CandleWriter(root, part.series) as writer:
        if part.from_ms is not None and part.to_ms is not None:
            writer.forget(Span(part.from_ms, part.to_ms))
        for name in part.damaged:
            Disk().remove(part.series.folder(root) / name)


def _prunable(root: Path, series: SeriesKey, before_ms: int | None) -> Prunable | None:
    facts = series_facts(root, series)
    if facts.from_ms is None or facts.to_ms is None:
        return None
    span = Span(facts.from_ms, facts.to_ms if before_ms is None else min(before_ms, facts.to_ms))
    if span.from_ms >= span.to_ms:
        return None
    count = StoredCandles(root, series.exchange, series.interval).counts(series.symbol, span).candles
    return Prunable(**msgspec.structs.asdict(series), from_ms=span.from_ms, to_ms=span.to_ms, candles=count)
