"""A survey of a candle cache: which series it holds, how complete they are, and whether every byte is as written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from btk.adapters.candle_index import CandleIndex, load_index, verify_entry
from btk.adapters.candle_reader import StoredCandles, at_one_moment
from btk.adapters.candle_series import SeriesKey, symbol_names
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Span
from btk.model.errors import DataError, InvalidInput, UsageError
from btk.model.plain_words import did_you_mean


class SeriesFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One stored series; `holes` are rows between its first and last that nobody has, `problem` says why it is unread."""

    exchange: str
    symbol: str
    interval: str
    unified_symbol: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    candles: int = 0
    empty: int = 0
    holes: int = 0
    bytes: int = 0
    problem: str | None = None


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found in one series: files it set aside now, files set aside earlier, and the gaps there are."""

    exchange: str
    symbol: str
    interval: str
    set_aside: tuple[str, ...]
    set_aside_earlier: tuple[str, ...]
    gaps: tuple[Span, ...]

    @property
    def ok(self) -> bool:
        """Nothing is damaged, nothing is missing inside."""
        return not (self.set_aside or self.gaps)


def stored_series(root: Path) -> list[SeriesKey]:
    """Every series under a cache folder, in the order of their names."""
    return sorted(_series_under(root), key=str)


def chosen_series(
    series: list[SeriesKey], symbols: Sequence[str] | None, exchange: str | None = None
) -> list[SeriesKey]:
    """Those of some symbols and of an exchange; `UsageError` for one of which nothing is stored."""
    there = {key.exchange for key in series}
    if exchange is not None and exchange not in there:
        hint = did_you_mean(exchange, there) or "; btk cache list shows what is"
        raise UsageError(f"--exchange: nothing is stored of {exchange}{hint}")
    series = [key for key in series if exchange in (None, key.exchange)]
    if symbols is None:
        return series
    wanted = {symbol_names(symbol).file_form for symbol in symbols}
    for name in sorted(wanted - {key.symbol for key in series}):
        raise UsageError(f"--symbols: nothing is stored of {name}; btk cache list shows what is")
    return [key for key in series if key.symbol in wanted]


def series_facts(root: Path, series: SeriesKey) -> SeriesFacts:
    """What the index of a series says."""
    names = msgspec.structs.asdict(series)
    try:
        index = load_index(series.folder(root), series)
    except DataError as error:
        return SeriesFacts(**names, problem=str(error))
    if index.extent is None:
        return SeriesFacts(**names)
    candles = sum(entry.counts.candles for entry in index.blocks)
    empty = sum(entry.counts.empty for entry in index.blocks)
    span = index.extent
    return SeriesFacts(
        **names,
        unified_symbol=index.unified_symbol,
        from_ms=span.from_ms,
        to_ms=span.to_ms,
        candles=candles,
        empty=empty,
        holes=(span.to_ms - span.from_ms) // series.step_ms - candles - empty,
        bytes=sum(entry.stamp.size for entry in index.blocks),
    )


def check_series(root: Path, series: SeriesKey) -> Findings:
    """Read every byte of a series; set aside what is damaged (as its writer: `AlreadyRunning` when there is one)."""
    folder = series.folder(root)
    earlier = tuple(sorted(path.name for path in folder.glob("*.damaged-*")))
    set_aside: tuple[str, ...] = ()
    if not _is_whole(folder, series):
        with CandleWriter(root, series) as writer:
            set_aside = writer.repair()
    source = StoredCandles(root, series.exchange, series.interval)
    span = source.extent(series.symbol)
    return Findings(
        **msgspec.structs.asdict(series),
        set_aside=set_aside,
        set_aside_earlier=earlier,
        gaps=source.missing(series.symbol, span) if span else (),
    )


def _is_whole(folder: Path, series: SeriesKey) -> bool:
    def verified(folder: Path, index: CandleIndex) -> bool:
        return all(verify_entry(folder, index, entry).stamp == entry.stamp for entry in index.blocks)

    try:
        return at_one_moment(folder, series, verified)
    except DataError:
        # A writer will see the same, and knows what can be done about it.
        return False


def _series_under(root: Path) -> Iterator[SeriesKey]:
    # Not by glob, to which a folder that may not be read is an empty one.
    exchanges = _folders_in(root) if root.exists() else ()
    symbols = (symbol for exchange in exchanges for symbol in _folders_in(exchange))
    for folder in (interval for symbol in symbols for interval in _folders_in(symbol)):
        series = SeriesKey(*folder.relative_to(root).parts)
        try:
            series.folder(root)
        except InvalidInput:
            # Somebody's own folder: its name could not have been made by the store.
            continue
        # A lock alone is what a fetch of a mistyped name leaves.
        if any(path.name != ".lock" for path in folder.iterdir()):
            yield series


def _folders_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()]
