"""What is left of a signal: a closed trade, a cancelled signal, a rejected one."""

from __future__ import annotations

from typing import Literal

import msgspec

from btk.model.signal import PositionSide

CloseReason = Literal[
    "take_profit", "stop_loss", "time_expired", "user", "partial", "frame_end", "external", "order_lost"
]
CancelReason = Literal[
    "timeout", "price_reject", "user", "risk", "stopped", "frame_end", "order_lost", "rejected"
]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One buy-in of a position: price, cost in quote currency, time."""

    price: float
    cost: float
    at_ms: int


class Partial(msgspec.Struct, frozen=True, gc=False):
    """One partial close: `pct` of the cost basis that was left (`cost_basis`), after `entry_count` entries."""

    kind: Literal["profit", "loss"]
    pct: float
    price: float
    cost_basis: float
    entry_count: int
    at_ms: int


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A closed position. Prices in quote currency, `*_pct` in percent of `cost`, `*_cost` in quote currency.

    `price_open` is the effective entry, the stop and the target are those in force at the close; `pnl_*` is net,
    and net = gross - `fee_cost` - `slippage_cost`.
    """

    id: str
    symbol: str
    strategy: str
    position: PositionSide
    price_open: float
    price_close: float
    price_take_profit: float
    price_stop_loss: float
    original_price_take_profit: float
    original_price_stop_loss: float
    scheduled_at_ms: int
    opened_at_ms: int
    closed_at_ms: int
    close_reason: CloseReason
    ambiguous: bool
    exact_touch: bool
    cost: float
    pnl_pct: float
    pnl_cost: float
    fee_cost: float
    slippage_cost: float
    entries: tuple[Entry, ...]
    partials: tuple[Partial, ...]
    peak_profit_pct: float
    max_drawdown_pct: float
    note: str


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled signal that never opened."""

    id: str
    position: PositionSide
    price_open: float
    scheduled_at_ms: int
    cancelled_at_ms: int
    reason: CancelReason


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """A signal refused before anything was opened or placed; `count` repetitions are one record."""

    at_ms: int
    reason: str
    detail: str
    count: int
