"""An unfinished run: what its events and its equity tell so far, in the shape of a result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec
import numpy as np

from btk.core.equity import EquityCurve, EquitySummary
from btk.model.bars import Column, Span
from btk.model.dates import parse_date_ms
from btk.model.errors import InvalidInput
from btk.model.intervals import MINUTE_MS, floor_to
from btk.model.trade import Cancelled, Rejected, Trade
from btk.report.gates import Statistics
from btk.report.run_facts import UNFINISHED
from btk.report.run_record import (
    DailyPart,
    EventRecord,
    FramePart,
    OutlinePart,
    PortfolioPart,
    ResultRecord,
    SymbolPart,
)
from btk.report.statistics import Shortfalls, statistics
from btk.report.trade_statistics import trade_statistics

_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")
NOTE = (
    "this run has no result: it is still running, or was killed; its trades and signals are those of its events,"
    " what open positions and the wallet are worth is not known"
)
NOTE_WITH_EQUITY = (
    "this run has no result: it is still running, or was killed; its figures are those of its events and its equity"
    " until now"
)


class _Exchange(msgspec.Struct, frozen=True):
    name: str = ""


class _Execution(msgspec.Struct, frozen=True):
    model: str = ""


class _Strategy(msgspec.Struct, frozen=True):
    entry: tuple[str, ...] = ()
    params: dict[str, Any] = {}


class _Frame(msgspec.Struct, frozen=True):
    begin: str = msgspec.field(name="from", default="")


class _Wallet(msgspec.Struct, frozen=True):
    currency: str = ""
    start: float | None = None


class AskedSettings(msgspec.Struct, frozen=True):
    """As many of the settings as are told of a run before it has a result; symbols in their file form."""

    symbols: tuple[str, ...] = ()
    exchange: _Exchange = _Exchange()
    execution: _Execution = _Execution()
    strategy: _Strategy = _Strategy()
    wallet: _Wallet = _Wallet()
    frame: _Frame = _Frame()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`run.json`: what was asked of a run."""

    run_id: str = ""
    mode: str = "unknown"
    started_at_ms: int = 0
    settings: AskedSettings = AskedSettings()


class ToldEquity(NamedTuple):
    """By symbol, the profit and the money in positions at the close of each of `minutes`."""

    minutes: Span
    by_symbol: Mapping[str, tuple[Column, Column]]


def told_so_far(
    asked: Asked, events: Sequence[EventRecord], equity: ToldEquity | None = None
) -> ResultRecord:
    """The result that the events of a run come to; the wallet's figures where its `equity` is known.

    A symbol that nothing happened on is there without trades; the frame ends with the last event or minute.
    `msgspec.ValidationError` for an event that lacks what its type has.
    """
    settings, strategies = asked.settings, _strategies(asked, events)
    curves = _Curves(settings.wallet.start, equity)
    symbols = {name: _symbol(events, name, curves.of([name])) for name in _symbols(asked, events)}
    params = settings.strategy.params
    return ResultRecord(
        run_id=asked.run_id,
        mode=asked.mode,
        status=UNFINISHED,
        strategy=strategies[0] if len(strategies) == 1 else strategies,
        exchange=settings.exchange.name,
        model=settings.execution.model,
        frame=told_frame(asked, events) if equity is None else FramePart(*equity.minutes),
        params=params if len(strategies) == 1 else dict.fromkeys(strategies, params),
        symbols=symbols,
        portfolio=_portfolio(settings.wallet, symbols, curves.of(symbols)),
        warnings=(NOTE if equity is None else NOTE_WITH_EQUITY,),
    )


def told_frame(asked: Asked, events: Sequence[EventRecord]) -> FramePart:
    """Whole minutes from where it began, or from the first event, to the last one; one at least."""
    begun_ms = _begun_ms(asked)
    first_ms = min((event.at_ms for event in events), default=begun_ms)
    last_ms = max((max(event.at_ms, event.tick_ms) for event in events), default=0)
    # A replay is of minutes long before it was started.
    from_ms = floor_to(min(begun_ms or first_ms, first_ms), MINUTE_MS)
    return FramePart(from_ms, max(last_ms, from_ms + MINUTE_MS))


def _begun_ms(asked: Asked) -> int:
    if asked.mode not in ("backtest", "walker"):
        return asked.started_at_ms
    try:
        return parse_date_ms(asked.settings.frame.begin)
    except InvalidInput:  # settings of another edition: the clock is the next best
        return asked.started_at_ms


class _Curves(NamedTuple):
    start: float | None
    equity: ToldEquity | None

    def of(self, symbols: Iterable[str]) -> EquitySummary | None:
        if self.equity is None or not self.start:
            return None
        minutes, by_symbol = self.equity
        profit, invested = np.zeros((2, (minutes.to_ms - minutes.from_ms) // MINUTE_MS))
        for symbol in symbols:
            if symbol in by_symbol:
                profit += by_symbol[symbol][0]
                invested += by_symbol[symbol][1]
        curve = EquityCurve(self.start)
        curve.add(minutes.from_ms, self.start + profit, invested)
        return curve.summary()


def _symbols(asked: Asked, events: Sequence[EventRecord]) -> list[str]:
    told = {event.symbol for event in events if event.symbol}
    # On a swap market BTCUSDT is traded, and told, as BTCUSDT.USDT.
    untold = {
        form for form in asked.settings.symbols if not any(name.startswith(f"{form}.") for name in told)
    }
    return sorted(told | untold)


def _strategies(asked: Asked, events: Sequence[EventRecord]) -> tuple[str, ...]:
    names = dict.fromkeys(event.strategy for event in events if event.strategy)
    # Until something happened only the files are known, and a name may become a part of a path.
    return tuple(names) or tuple(
        _NO_NAME.sub("_", PurePath(entry).stem) for entry in asked.settings.strategy.entry
    )


def _symbol(events: Sequence[EventRecord], symbol: str, curve: EquitySummary | None) -> SymbolPart:
    own = [event for event in events if event.symbol == symbol]
    # A run that was killed between telling and remembering tells again what it told last.
    trades = {(event.strategy, event.id): event.trade for event in own if event.trade is not None}
    cancelled = {(event.strategy, event.id): _cancelled(event) for event in own if event.type == "cancelled"}
    rejected = tuple(_rejected(event) for event in own if event.type == "rejected")
    short = Shortfalls(
        cancelled_signals=len(cancelled), rejected_signals=sum(refusal.count for refusal in rejected)
    )
    return SymbolPart(
        trades=tuple(trades.values()),
        cancelled=tuple(cancelled.values()),
        rejected=rejected,
        statistics=_statistics(tuple(trades.values()), curve, short),
    )


def _portfolio(
    wallet: _Wallet, symbols: Mapping[str, SymbolPart], curve: EquitySummary | None
) -> PortfolioPart:
    parts = symbols.values()
    short = Shortfalls(
        cancelled_signals=sum(len(part.cancelled) for part in parts),
        rejected_signals=sum(refusal.count for part in parts for refusal in part.rejected),
    )
    figures = _statistics([trade for part in parts for trade in part.trades], curve, short)
    if curve is None:
        return PortfolioPart(statistics={**figures, "start_equity": wallet.start}, currency=wallet.currency)
    return PortfolioPart(
        statistics=figures,
        currency=wallet.currency,
        equity=OutlinePart(curve.outline_at_ms, curve.outline_equity),
        daily_equity=DailyPart(curve.from_ms, curve.daily),
    )


def _statistics(trades: Sequence[Trade], curve: EquitySummary | None, short: Shortfalls) -> Statistics:
    if curve is None:
        return trade_statistics(trades)
    figures = statistics(trades, curve, None, short)
    # Events do not tell of minutes that were missing.
    return {name: figure for name, figure in figures.items() if name != "gap_minutes"}


def _cancelled(event: EventRecord) -> Cancelled:
    return msgspec.convert({**msgspec.structs.asdict(event), "cancelled_at_ms": event.at_ms}, Cancelled)


def _rejected(event: EventRecord) -> Rejected:
    return msgspec.convert(msgspec.structs.asdict(event), Rejected)
