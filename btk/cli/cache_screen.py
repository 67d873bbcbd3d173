"""What `btk cache` shows: summaries of an import, of the stored series and of a check, as text and as documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk.adapters.candle_import import FileCandles
from btk.adapters.candle_merge import Difference
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_survey import Findings, SeriesFacts
from btk.adapters.candle_warmer import WarmingOutcome
from btk.adapters.candle_warming import Warmed
from btk.adapters.candle_writer import StoreSummary
from btk.cli.text_table import Heading, text_table
from btk.model.bars import COLUMNS, Span
from btk.model.dates import format_date
from btk.model.intervals import MINUTE_MS

_GAPS_SHOWN = 5
_DIFFERENCES_SHOWN = 5
_NAMES = (Heading("exchange", 2), Heading("symbol"), Heading("interval", 3))
_LIST_HEADINGS = (
    *_NAMES,
    Heading("from", 1),
    Heading("to"),
    Heading("candles", 4, number=True),
    Heading("holes", number=True),
    Heading("MB", 5, number=True),
)
_WARM_HEADINGS = (
    *_NAMES,
    Heading("from", 4),
    Heading("to", 1),
    Heading("new", number=True),
    Heading("corrected", 5, number=True),
    Heading("empty", 6, number=True),
    Heading("missing", number=True),
)
_MEGABYTE = 1_000_000


class Imported(NamedTuple):
    """A file, the series it belongs to, what was found in it and what storing that did."""

    file: Path
    series: SeriesKey
    found: FileCandles
    stored: StoreSummary


def import_document(
    file: Path, series: SeriesKey, found: FileCandles, stored: StoreSummary
) -> dict[str, object]:
    """The document of `btk cache import --json`."""
    return {
        "schema": "btk.cache-import/1",
        "file": str(file),
        **msgspec.structs.asdict(series),
        "rows": len(found.rows.open_ms),
        "from_ms": found.span.from_ms,
        "to_ms": found.span.to_ms,
        "holes": _minutes(found.gaps),
        "gaps": _spans(found.gaps),
        "repeated": found.repeated,
        "unordered": found.unordered,
        "forming": found.forming,
        "stored": stored,
    }


def import_lines(file: Path, series: SeriesKey, found: FileCandles, stored: StoreSummary) -> Iterator[str]:
    """The summary of an import, or what stands against it."""
    yield f"{file.name}: {len(found.rows.open_ms):,} minutes of {series}, {_dates(found.span)}"
    yield f"  holes    {_minutes(found.gaps):,}{_gap_list(found.gaps)}"
    if found.repeated:
        yield f"  repeated {found.repeated:,} rows that said the same twice"
    if found.unordered:
        yield f"  sorted   {found.unordered:,} rows stood before their turn"
    if found.forming:
        yield f"  left out {found.forming:,} not closed yet"
    if stored.set_aside:
        yield f"  damaged  {', '.join(stored.set_aside)} set aside"
    replaced = f", {stored.differing:,} replaced" if stored.differing and not stored.refused else ""
    yield f"  stored   {stored.new:,} new, {stored.same:,} were there already{replaced}"
    if stored.differing:
        yield f"  differ   {stored.differing:,} (stored -> file)"
    for difference in stored.first_differences[:_DIFFERENCES_SHOWN]:
        yield f"           {_difference(difference)}"
    if stored.differing > _DIFFERENCES_SHOWN:
        yield f"           and {stored.differing - _DIFFERENCES_SHOWN:,} more"


def list_lines(facts: Sequence[SeriesFacts], width: int | None = None) -> Iterator[str]:
    """The stored series, a line each, of at most `width` characters where that can be."""
    yield from text_table(_LIST_HEADINGS, [_list_cells(series) for series in facts], width)
    for series in facts:
        if series.problem:
            yield series.problem


def warm_document(outcome: WarmingOutcome, seconds: float) -> dict[str, object]:
    """The document of `btk cache warm --json`."""
    facts = {"requests": outcome.requests, "seconds": seconds}
    return {"schema": "btk.cache-warm/1", **facts, "series": outcome.series}


def warm_lines(outcome: WarmingOutcome, seconds: float, width: int | None = None) -> Iterator[str]:
    """What warming did, a line for each series of at most `width` characters where that can be, and what it cost."""
    yield from text_table(_WARM_HEADINGS, [_warm_cells(series) for series in outcome.series], width)
    for series in outcome.series:
        if series.listed_ms:
            yield f"{series.symbol}: {series.exchange} has nothing before {format_date(series.listed_ms)}"
        for correction in series.corrections:
            yield f"{series.symbol} corrected {_difference(correction)}"
        if series.set_aside:
            yield f"{series.symbol} damaged, set aside: {', '.join(series.set_aside)}"
        # The first one ends the command, which says it then.
        if series.problem and series.problem != str(outcome.error):
            yield f"{series.symbol}: {series.problem}"
    if outcome.requests:
        rate = outcome.requests / max(seconds, 1e-9)
        yield f"{outcome.requests:,} requests in {seconds:.1f} s ({rate:.1f} a second)"
    else:
        yield "everything was there already: no request was made"


def check_document(
    root: Path, findings: Sequence[Findings], outcomes: Sequence[WarmingOutcome]
) -> dict[str, object]:
    """The document of `btk cache check --json`; `refetched` is what was fetched again, `errors` what ended that early."""
    series = [
        {**msgspec.structs.asdict(finding), "ok": finding.ok, "gaps": _spans(finding.gaps)}
        for finding in findings
    ]
    refetched = [warmed for outcome in outcomes for warmed in outcome.series]
    errors = [str(outcome.error) for outcome in outcomes if outcome.error]
    facts = {"series": series, "refetched": refetched, "errors": errors}
    return {"schema": "btk.cache-check/1", "path": str(root), **facts}


def check_lines(findings: Sequence[Findings], outcomes: Sequence[WarmingOutcome]) -> Iterator[str]:
    """What a check found, and before that what a refetch changed."""
    # These end the command, which says them then.
    said = {str(outcome.error) for outcome in outcomes}
    for series in (warmed for outcome in outcomes for warmed in outcome.series):
        name = f"{series.exchange} {series.symbol} {series.interval}"
        yield f"{name}: fetched again, {series.corrected:,} corrected, {series.new:,} new"
        for correction in series.corrections:
            yield f"  corrected {_difference(correction)}"
        if series.set_aside:
            yield f"{name}: damaged, set aside and fetched again: {', '.join(series.set_aside)}"
        if series.problem and series.problem not in said:
            yield f"{name}: {series.problem}"
    for finding in findings:
        yield from _finding_lines(finding)


def _finding_lines(finding: Findings) -> Iterator[str]:
    name = f"{finding.exchange} {finding.symbol} {finding.interval}"
    if finding.ok:
        yield f"{name}: whole"
    if finding.set_aside:
        yield f"{name}: damaged, set aside: {', '.join(finding.set_aside)}"
    if finding.gaps:
        yield f"{name}: {_minutes(finding.gaps):,} minutes missing{_gap_list(finding.gaps)}"
    if finding.set_aside_earlier:
        yield f"{name}: set aside earlier, yours to delete: {', '.join(finding.set_aside_earlier)}"


def _list_cells(series: SeriesFacts) -> tuple[str, ...]:
    names = (series.exchange, series.symbol, series.interval)
    if series.from_ms is None or series.to_ms is None:
        return (*names, "-", "-", "-", "-", "-")
    dates = (format_date(series.from_ms), format_date(series.to_ms))
    return (*names, *dates, f"{series.candles:,}", f"{series.holes:,}", f"{series.bytes / _MEGABYTE:.1f}")


def _warm_cells(series: Warmed) -> tuple[str, ...]:
    names = (series.exchange, series.symbol, series.interval)
    counts = (series.new, series.corrected, series.empty, series.missing)
    dates = (format_date(series.from_ms), format_date(series.to_ms))
    return (*names, *dates, *(f"{count:,}" for count in counts))


def _difference(difference: Difference) -> str:
    unequal = (
        f"{name} {old:.12g} -> {new:.12g}"
        for name, old, new in zip(COLUMNS, difference.stored, difference.offered, strict=True)
        if old != new
    )
    return f"{format_date(difference.open_ms)}  {', '.join(unequal)}"


def _gap_list(gaps: tuple[Span, ...]) -> str:
    if not gaps:
        return ""
    more = f" and {len(gaps) - _GAPS_SHOWN} more" if len(gaps) > _GAPS_SHOWN else ""
    return f" ({', '.join(map(_dates, gaps[:_GAPS_SHOWN]))}{more})"


def _dates(span: Span) -> str:
    return f"{format_date(span.from_ms)} to {format_date(span.to_ms)}"


def _spans(gaps: Iterable[Span]) -> list[dict[str, int]]:
    return [{"from_ms": gap.from_ms, "to_ms": gap.to_ms} for gap in gaps]


def _minutes(gaps: Iterable[Span]) -> int:
    return sum(gap.to_ms - gap.from_ms for gap in gaps) // MINUTE_MS
