"""A run as its folder keeps it, read back as typed values: the result document and the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from btk.model.names import SlotKey
from btk.model.trade import Cancelled, Rejected, Trade
from btk.report.gates import Statistics


class FramePart(msgspec.Struct, frozen=True):
    """The window of the run, end exclusive."""

    from_ms: int
    to_ms: int


class SymbolPart(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol of the result."""

    candles: int = 0
    gaps: int = 0
    trades: tuple[Trade, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    statistics: Statistics = msgspec.field(default_factory=dict)


class OutlinePart(msgspec.Struct, frozen=True):
    """Points of the equity curve."""

    at_ms: tuple[int, ...] = ()
    value: tuple[float, ...] = ()


class DailyPart(msgspec.Struct, frozen=True):
    """Equity at the end of each UTC day since `from_ms`."""

    from_ms: int = 0
    value: tuple[float, ...] = ()


class PortfolioPart(msgspec.Struct, frozen=True, kw_only=True):
    """The whole wallet."""

    statistics: Statistics = msgspec.field(default_factory=dict)
    currency: str = ""
    equity: OutlinePart = OutlinePart()
    daily_equity: DailyPart = DailyPart()


class TimingPart(msgspec.Struct, frozen=True, kw_only=True):
    """How long the engine took."""

    seconds: float | None = None
    candles_per_second: float | None = None


class ResultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A result document of any mode but the walker's; what an older one leaves out is empty."""

    run_id: str
    mode: str
    status: str
    strategy: str | tuple[str, ...]
    exchange: str
    model: str
    frame: FramePart
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    symbols: Mapping[str, SymbolPart] = msgspec.field(default_factory=dict)
    portfolio: PortfolioPart = PortfolioPart()
    warnings: tuple[str, ...] = ()
    timing: TimingPart = TimingPart()

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies of the run."""
        return (self.strategy,) if isinstance(self.strategy, str) else self.strategy

    @property
    def slots(self) -> list[SlotKey]:
        """Every strategy on every symbol."""
        return [SlotKey(symbol, name, self.exchange) for symbol in self.symbols for name in self.strategies]

    def trades(self, slot: SlotKey | None = None) -> list[Trade]:
        """The trades of one slot, or of all, in the order in which they closed."""
        parts = self.symbols.items() if slot is None else [(slot.symbol, self.symbols[slot.symbol])]
        trades = [trade for _, part in parts for trade in part.trades]
        if slot is not None and len(self.strategies) > 1:
            trades = [trade for trade in trades if trade.strategy == slot.strategy]
        return sorted(trades, key=lambda trade: (trade.closed_at_ms, trade.opened_at_ms, trade.id))


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `events.jsonl`, as far as reports show it; what its type does not have is None."""

    type: str
    at_ms: int
    tick_ms: int = 0
    recorded_at_ms: int = 0
    symbol: str = ""
    strategy: str = ""
    id: str | None = None
    position: str | None = None
    price: float | None = None
    price_open: float | None = None
    price_take_profit: float | None = None
    price_stop_loss: float | None = None
    lifetime_minutes: float | None = None
    cost: float | None = None
    scheduled_at_ms: int | None = None
    level: int | None = None
    entries: int | None = None
    pct: float | None = None
    pnl_pct: float | None = None
    pnl_cost: float | None = None
    close_reason: str | None = None
    reason: str | None = None
    detail: str | None = None
    where: str | None = None
    message: str | None = None
    count: int | None = None
    note: str | None = None
    cost_basis: float | None = None
    trade: Trade | None = None


class TickRecord(msgspec.Struct, frozen=True):
    """One line of `performance.jsonl`: how long each part of a tick took."""

    tick_ms: int
    seconds: Mapping[str, float]


class RunRecord(msgspec.Struct, frozen=True):
    """A run with its events, and its ticks where they are timed, in the order of time.

    `started_at_ms` is by the clock on the wall, 0 where nobody wrote it down.
    """

    result: ResultRecord
    events: Sequence[EventRecord] = ()
    ticks: Sequence[TickRecord] = ()
    started_at_ms: int = 0

    def events_of(self, slot: SlotKey | None, types: Sequence[str] = ()) -> list[EventRecord]:
        """The events of one slot (of all: None), of the types named (none named: of all)."""
        return [
            event
            for event in self.events
            if (slot is None or (event.symbol == slot.symbol and event.strategy == slot.strategy))
            and (not types or event.type in types)
        ]
