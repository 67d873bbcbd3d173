"""What the state files show of slots and risk profiles: rows for scripts and terminals, and the books of a run."""

from __future__ import annotations

import msgspec

from btk.model.signal import PositionSide
from btk.model.trade import CloseReason, Entry, Partial


class ScheduleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that is not open yet. It waits for its price, or was ordered at market at `ordered_at_ms`."""

    symbol: str
    strategy: str
    exchange: str
    id: str
    position: PositionSide
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    lifetime_minutes: float
    cost: float
    note: str
    scheduled_at_ms: int
    ordered_at_ms: int | None = None


class SignalRow(msgspec.Struct, frozen=True, kw_only=True):
    """An open position. Prices in quote currency; `price_open` is the effective entry, `pending_at_ms` the opening.

    `closing` is the reason for which its end was ordered, None while nothing ends it.
    """

    symbol: str
    strategy: str
    exchange: str
    id: str
    position: PositionSide
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    original_price_open: float
    original_price_take_profit: float
    original_price_stop_loss: float
    lifetime_minutes: float
    cost: float
    note: str
    scheduled_at_ms: int
    pending_at_ms: int
    entries: tuple[Entry, ...]
    partials: tuple[Partial, ...]
    peak_profit_pct: float
    max_drawdown_pct: float
    closing: CloseReason | None = None


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """The milestones that a signal has reached, in percent of the way, and whether it has reached break-even."""

    profit_levels: tuple[int, ...] = ()
    loss_levels: tuple[int, ...] = ()
    breakeven: bool = False


class RiskPosition(msgspec.Struct, frozen=True, kw_only=True):
    """One place in a risk profile: an open position, or an entry that is ordered or waits (`pending_at_ms` None)."""

    symbol: str
    strategy: str
    exchange: str
    id: str
    position: PositionSide
    price_open: float
    cost: float
    scheduled_at_ms: int
    pending_at_ms: int | None


class EquityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where the equity stood: at the start of `day` (days since the epoch, UTC), at its highest, at its deepest fall."""

    day: int
    day_start: float
    peak: float
    worst_drawdown_pct: float


class WalletRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The money of a run in quote currency; what each slot holds of it is in the slot's record."""

    start: float
    realised: float = 0.0
    realised_by_symbol: dict[str, float] = msgspec.field(default_factory=dict)
    equity: EquityRecord | None = None


class BookRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a risk profile remembers beside its places."""

    profile: str
    halted: bool = False
    losing_streak: int = 0
    rest_until_ms: int = 0
    cool_until_ms: dict[str, int] = msgspec.field(default_factory=dict)


class BookRow(msgspec.Struct, frozen=True, kw_only=True):
    """`book.json`: a profile's memory and the equity that its limits are measured by."""

    exchange: str
    book: BookRecord
    equity: EquityRecord | None


class RunMark(msgspec.Struct, frozen=True, kw_only=True):
    """Which run under `dump/runs` the state belongs to: its first tick, and whether it has come to its end.

    `to_ms` is the end of the frame of a replay. `first_prices` are by symbol.
    """

    run_id: str
    from_ms: int
    to_ms: int | None = None
    ended: bool = False
    first_prices: dict[str, float] = msgspec.field(default_factory=dict)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The process that writes a run's state."""

    pid: int
    host: str
    started_at_ms: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.command})"
