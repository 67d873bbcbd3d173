"""The walker engine: one variant is one ordinary backtest, and what is kept of it is its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from btk.engines.backtest import Backtest, Job
from btk.engines.drivers import StopSwitch
from btk.engines.filled import FilledSource
from btk.engines.held_candles import HeldCandles
from btk.engines.outcome import Outcome
from btk.engines.preflight import needed_history
from btk.model.bars import Span
from btk.model.errors import BtkError
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.plain_words import one_line
from btk.model.settings import Frame
from btk.model.trade import Trade
from btk.report.gates import Figure
from btk.report.statistics import Shortfalls, equal_shares_pct, figures

LONGEST_ERROR = 300


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One set of parameters of one contender, over a frame of its own where `frame` says so."""

    number: int
    contender: int
    params: Mapping[str, Any]
    frame: Frame | None = None
    keep_trades: bool = False


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a variant: figures of its portfolio, or the error that made it fail. A missing figure is None.

    `key` names exactly this backtest; `from_ms` and `to_ms` are its frame where that is not the walk's.
    """

    number: int
    strategy: str
    params: Mapping[str, Any]
    status: Literal["done", "failed"]
    statistics: Mapping[str, Figure] = {}
    error: str = ""
    seconds: float = 0.0
    key: str = ""
    from_ms: int = 0
    to_ms: int = 0
    trades: tuple[Trade, ...] = ()


MakeJob = Callable[[Variant], Job]


def score(variant: Variant, strategy: str, make_job: MakeJob, clock: Callable[[], float]) -> Score:
    """Run a variant to its end. Whatever a strategy raises makes this variant fail and no other."""
    started = clock()
    try:
        outcome = Backtest(make_job(variant), _unheard, clock).run(StopSwitch())
        figures_of, error = _figures(outcome), _first_error(outcome)
    except BtkError as refused:
        return failed(variant, strategy, str(refused), clock() - started)
    except Exception as raised:  # noqa: BLE001 (a strategy may raise anything; the other variants go on)
        return failed(variant, strategy, f"{type(raised).__name__}: {raised}", clock() - started)
    if error:
        return failed(variant, strategy, error, clock() - started)
    return Score(
        number=variant.number,
        strategy=strategy,
        params=variant.params,
        status="done",
        statistics=figures_of,
        seconds=clock() - started,
        trades=_trades(outcome) if variant.keep_trades else (),
    )


def failed(variant: Variant, strategy: str, error: str, seconds: float = 0.0) -> Score:
    """The score of a variant that has none."""
    return Score(
        number=variant.number,
        strategy=strategy,
        params=variant.params,
        status="failed",
        error=one_line(error)[:LONGEST_ERROR],
        seconds=seconds,
    )


def hold_candles(jobs: Sequence[Job]) -> HeldCandles:
    """The candles that any of `jobs` (of one source and one frame) looks at, in memory; holes filled if they say so."""
    first = jobs[0]
    source = FilledSource(first.source) if first.fill_gaps else first.source
    window = first.rules.average_price_candles
    # One minute past the frame: the last question's position may close at it.
    end_ms = first.frame.to_ms + MINUTE_MS
    spans = {}
    for symbol in sorted({symbol for job in jobs for symbol in job.symbols}):
        starts = [
            needed_history(job.frame, seat.strategy, window).from_ms
            for job in jobs
            for seat in job.seats
            if seat.key.symbol == symbol
        ]
        spans[symbol] = Span(min(starts) - window * MINUTE_MS, end_ms)
    return HeldCandles(source, spans)


def _unheard(key: SlotKey, event: Event) -> None:
    # Nobody reads the events of one variant among thousands.
    pass


def _trades(outcome: Outcome) -> tuple[Trade, ...]:
    return tuple(trade for record in outcome.records.values() for trade in record.trades)


def _figures(outcome: Outcome) -> dict[str, Figure]:
    records, facts = outcome.records.values(), outcome.symbols.values()
    held = [(f.last_price / f.first_price - 1) * 100 for f in facts if f.first_price and f.last_price]
    shortfalls = Shortfalls(
        cancelled_signals=sum(len(record.cancelled) for record in records),
        rejected_signals=sum(rejected.count for record in records for rejected in record.rejected),
        gap_minutes=sum(f.gaps for f in facts),
    )
    return figures(_trades(outcome), outcome.equity, equal_shares_pct(held), shortfalls)


def _first_error(outcome: Outcome) -> str:
    errors = [(error.at_ms, key, error) for key, r in outcome.records.items() for error in r.errors]
    if not errors:
        return ""
    _, key, first = min(errors, key=lambda item: item[0])
    return f"{key.symbol}: {first.where}: {first.message}"
