"""HTML reports from Python: `html_report(settings, root, run)` writes one page that needs no network."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from btk import wiring
from btk.adapters.report_page import write_page
from btk.adapters.run_archive import RunArchive
from btk.engines.indicator_columns import frame_bars
from btk.model.bars import Span
from btk.model.errors import UsageError
from btk.model.intervals import interval_ms
from btk.model.settings import Settings
from btk.report.page import Drawn, page
from btk.report.run_record import ResultRecord

MOST_BARS = 40_000
INTERVALS = ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d")


def html_report(settings: Settings, root: Path, run: str | None = None, out: Path | None = None) -> Path:
    """Write the page of a run (None: the newest) to `out`, default `dump/<mode>/<run_id>.html`; its path.

    Candles come from where the run had them; without them the page says so and shows the rest.
    """
    dump = root / settings.state.path
    archive = RunArchive(dump / "runs")
    run_id = archive.find(run)
    if archive.facts(run_id).mode == "walker":
        raise UsageError(f"run {run_id} is a walk: run its winner with btk backtest, that has a page")
    result = archive.record(run_id, with_events=False).result
    drawn, missing = _candles(settings, root, result)
    path = out or dump / result.mode / f"{run_id}.html"
    write_page(path, page(result, drawn, missing))
    return path


def drawn_interval(span: Span, symbols: int) -> str:
    """The finest interval of which all symbols together have `MOST_BARS` bars at most."""
    each = MOST_BARS // max(1, symbols)
    fitting = (name for name in INTERVALS if (span.to_ms - span.from_ms) / interval_ms(name) <= each)
    return next(fitting, INTERVALS[-1])


def _candles(settings: Settings, root: Path, result: ResultRecord) -> tuple[dict[str, Drawn], str]:
    exchange = msgspec.structs.replace(settings.exchange, name=result.exchange)
    source = wiring.candle_source(msgspec.structs.replace(settings, exchange=exchange), root)
    span = Span(result.frame.from_ms, result.frame.to_ms)
    interval = drawn_interval(span, len(result.symbols))
    drawn = {}
    for symbol in result.symbols:
        bars = frame_bars(source, symbol, interval, span)
        if np.isfinite(bars.close).any():
            drawn[symbol] = Drawn(interval, bars)
    gone = next((symbol for symbol in result.symbols if symbol not in drawn), None)
    if gone is None:
        return drawn, ""
    return drawn, f"those of {gone} on {result.exchange} are not stored; {source.remedy(gone, span)}"
