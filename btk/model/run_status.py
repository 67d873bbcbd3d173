"""The status of a run: what `status.json` and `btk status` say of it, and of each of its slots."""

from __future__ import annotations

from typing import Literal

import msgspec

from btk.model.signal import PositionSide
from btk.model.trade import CloseReason

SCHEMA = "btk.status/1"
LATE_SECONDS = 180.0
"""A run whose last tick is older has missed two: it hangs, or its machine slept."""

OLD = "status"
"""The part of btk that is degraded where what is shown is old because it cannot be written anew."""

SlotState = Literal["idle", "scheduled", "opening", "open", "closing"]


class PositionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """An open position. Distances are what the price still has to go, in percent of it; None without a price.

    `expires_at_ms` is None where it may stay open for ever, `closing` is the reason for which its end was ordered.
    """

    id: str
    position: PositionSide
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    cost: float
    opened_at_ms: int
    expires_at_ms: int | None
    to_take_profit_pct: float | None
    to_stop_loss_pct: float | None
    pnl_pct: float | None
    pnl_cost: float | None
    closing: CloseReason | None


class EntryStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that is not open yet: it waits for `price_open`, or is ordered at market."""

    id: str
    position: PositionSide
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    cost: float
    scheduled_at_ms: int
    to_open_pct: float | None


class SlotStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy on one symbol; `price` is the last close it has seen, at `last_tick_ms`."""

    symbol: str
    strategy: str
    exchange: str
    state: SlotState
    price: float | None
    last_tick_ms: int
    position: PositionStatus | None = None
    entry: EntryStatus | None = None
    paused: bool = False
    stopping: bool = False
    needs_attention: str = ""
    last_error: str = ""


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A run after the tick `last_tick_ms`. Money in `currency`; `equity` has open positions at their last price.

    `alive`: a process is at it. `goes_on`: the next start goes on with it. `alarms` and `degraded` have a sentence by
    subject: what is wrong outside, and what of btk does not work. Without a run all is None or empty.
    """

    schema: str = SCHEMA
    mode: str
    alive: bool
    goes_on: bool = False
    run_id: str | None = None
    process: str | None = None
    pid: int | None = None
    host: str | None = None
    exchange: str | None = None
    last_tick_ms: int | None = None
    last_tick_age_seconds: float | None = None
    next_tick_ms: int | None = None
    stopping: bool = False
    currency: str | None = None
    start_equity: float | None = None
    equity: float | None = None
    alarms: dict[str, str] = msgspec.field(default_factory=dict)
    degraded: dict[str, str] = msgspec.field(default_factory=dict)
    slots: tuple[SlotStatus, ...] = ()

    @property
    def late(self) -> bool:
        """Whether its process is there, but its last tick is long ago."""
        return self.alive and (self.last_tick_age_seconds or 0.0) > LATE_SECONDS
