"""`btk cache warm`: fetch the candles that are missing; made for cron too."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.candle_series import SeriesKey
from btk.adapters.settings import Loaded
from btk.cli.cache_screen import warm_document, warm_lines
from btk.cli.date_flags import LastDays, minute_of
from btk.cli.options import AsJson, Assignments, ConfigFiles
from btk.cli.output import print_document
from btk.cli.selection import Selection, Symbols, selected_settings
from btk.cli.text_table import room
from btk.cli.warm_progress import warm_progress
from btk.library.candles import warm_spans
from btk.model.bars import Span
from btk.model.errors import UsageError
from btk.model.intervals import DAY_MS, MINUTE_MS, floor_to

ExchangeName = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Where from; default: exchange.name.")
]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First minute, UTC.")]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="End, UTC, not included; default: now.")]
FrameName = Annotated[
    str | None, typer.Option("--frame", metavar="NAME", help="What a frame named under frames: needs.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing when all is well.")]


def warm(
    context: typer.Context,
    *,
    symbols: Symbols = None,
    from_: From = None,
    to: To = None,
    days: LastDays = None,
    frame: FrameName = None,
    exchange: ExchangeName = None,
    quiet: Quiet = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the candles that are missing, and only those.

    By default what a backtest of the settings needs: its frame, the warm-up of its strategies and the minutes of
    the average price. A run that was stopped is continued by the next. Exit 5 when the exchange failed, 8 when
    another process is at work on the same candles.
    """
    chosen = Selection(
        symbols=symbols, frame=frame, exchange=exchange, config=config, assignments=assignments
    )
    if frame is not None and (days is not None or from_ is not None or to is not None):
        raise UsageError("choose either --frame NAME or --days N or --from DATE")
    loaded = selected_settings(context, chosen)
    spans = _spans(loaded, from_, to, days)
    started = time.monotonic()
    with warm_progress(shown=not (quiet or as_json)) as watch:
        outcome = warm_spans(loaded.settings, loaded.root, spans, watch)
    seconds = time.monotonic() - started
    if as_json:
        print_document(warm_document(outcome, seconds))
    elif not quiet or outcome.error:
        typer.echo("\n".join(warm_lines(outcome, seconds, room())))
    if outcome.error:
        raise outcome.error


def _spans(loaded: Loaded, from_: str | None, to: str | None, days: int | None) -> Mapping[SeriesKey, Span]:
    if days is None and from_ is None and to is None:
        return wiring.needed_spans(loaded.settings, loaded.root)
    return wiring.minutes_of(loaded.settings, _asked_span(from_, to, days))


def _asked_span(from_: str | None, to: str | None, days: int | None) -> Span:
    if (days is None) == (from_ is None):
        raise UsageError("choose either --days N or --from DATE (with --to DATE, or up to now)")
    end_ms = minute_of("--to", to) if to else floor_to(wiring.now_ms(), MINUTE_MS)
    start_ms = max(0, end_ms - days * DAY_MS) if days else minute_of("--from", from_ or "")
    if start_ms >= end_ms:
        raise UsageError(f"--from {from_} is not before --to {to or 'now'}; --to is exclusive")
    return Span(start_ms, end_ms)
