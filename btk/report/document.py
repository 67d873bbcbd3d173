"""The result document: a run as plain values that JSON can hold, in the order of the shared interface."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Literal

import msgspec

from btk.core.equity import EquitySummary
from btk.model.bars import Span
from btk.model.trade import Cancelled, Rejected, Trade
from btk.report.gates import Statistics
from btk.report.statistics import Shortfalls, equal_shares_pct, statistics

# One shape for every mode: `mode` says which it was.
SCHEMA = "btk.backtest/1"

Document = dict[str, object]


class StrategyUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy of the run and the parameters it ran with (values that JSON can hold)."""

    name: str
    params: Mapping[str, object]


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """Short hexadecimal names of exactly this code, these candles and these settings."""

    code: str
    data: str
    settings: str


class SymbolOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one symbol; `curve` is the wallet as if only this symbol had been traded.

    `gaps` counts minutes that nobody knows, `empty` those in which the exchange had nothing (None: not counted); both
    are flat. `own_bars`: by interval, from when to when the warm-up was made of the exchange's own bars.
    `buy_and_hold_pct` is the change from the first to the last price.
    """

    symbol: str
    candles: int
    gaps: int
    trades: tuple[Trade, ...]
    cancelled: tuple[Cancelled, ...]
    rejected: tuple[Rejected, ...]
    curve: EquitySummary
    buy_and_hold_pct: float | None
    empty: int | None = None
    own_bars: Mapping[str, Span] = {}


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A run that ended: `status` is partial after an interruption, `seconds` are the engine's own."""

    run_id: str
    mode: Literal["backtest", "paper", "live"]
    status: Literal["complete", "partial"]
    strategies: tuple[StrategyUsed, ...]
    exchange: str
    model: str
    frame: Span
    digests: Digests
    currency: str
    symbols: tuple[SymbolOutcome, ...]
    curve: EquitySummary
    warnings: tuple[str, ...]
    seconds: float


def result_document(outcome: RunOutcome) -> Document:
    """The document of `outcome`: builtins only, symbols in bytewise order, a missing number null."""
    symbols = sorted(outcome.symbols, key=lambda symbol: symbol.symbol.encode())
    only = outcome.strategies[0] if len(outcome.strategies) == 1 else None
    names = [strategy.name for strategy in outcome.strategies]
    return json_values(
        {
            "schema": SCHEMA,
            "run_id": outcome.run_id,
            "mode": outcome.mode,
            "status": outcome.status,
            "strategy": only.name if only else names,
            "params": only.params if only else {used.name: used.params for used in outcome.strategies},
            "exchange": outcome.exchange,
            "model": outcome.model,
            "frame": {"from_ms": outcome.frame.from_ms, "to_ms": outcome.frame.to_ms},
            "digests": outcome.digests,
            "symbols": {symbol.symbol: _symbol(symbol) for symbol in symbols},
            "portfolio": _portfolio(outcome),
            "warnings": outcome.warnings,
            "timing": _timing(outcome),
        }
    )


def json_values(document: Document) -> Document:
    """The same values as JSON would bring them back: builtins only, NaN and infinities as None.

    `TypeError` for a value that has no JSON form.
    """
    plain: Document = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _symbol(outcome: SymbolOutcome) -> Document:
    return {
        "candles": outcome.candles,
        "gaps": outcome.gaps,
        "empty": outcome.empty,
        "own_bars": {name: span._asdict() for name, span in outcome.own_bars.items()},
        "trades": outcome.trades,
        "cancelled": outcome.cancelled,
        "rejected": outcome.rejected,
        "statistics": statistics(
            outcome.trades, outcome.curve, outcome.buy_and_hold_pct, _shortfalls((outcome,))
        ),
    }


def _portfolio(outcome: RunOutcome) -> Document:
    curve = outcome.curve
    return {
        "statistics": _pooled(outcome),
        "currency": outcome.currency,
        "equity": {"at_ms": curve.outline_at_ms, "value": curve.outline_equity},
        "daily_equity": {"from_ms": curve.from_ms, "value": curve.daily},
    }


def _pooled(outcome: RunOutcome) -> Statistics:
    trades = tuple(chain.from_iterable(symbol.trades for symbol in outcome.symbols))
    held = [symbol.buy_and_hold_pct for symbol in outcome.symbols if symbol.buy_and_hold_pct is not None]
    return statistics(trades, outcome.curve, equal_shares_pct(held), _shortfalls(outcome.symbols))


def _shortfalls(symbols: tuple[SymbolOutcome, ...]) -> Shortfalls:
    return Shortfalls(
        cancelled_signals=sum(len(symbol.cancelled) for symbol in symbols),
        rejected_signals=sum(rejected.count for symbol in symbols for rejected in symbol.rejected),
        gap_minutes=sum(symbol.gaps for symbol in symbols),
    )


def _timing(outcome: RunOutcome) -> Document:
    candles = sum(symbol.candles for symbol in outcome.symbols)
    return {
        "seconds": outcome.seconds,
        "candles_per_second": candles / outcome.seconds if outcome.seconds > 0 else None,
    }
