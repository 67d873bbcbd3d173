"""Events: frozen facts, the only output of the core. `at_ms` is when it happened, `tick_ms` when it was known."""

from __future__ import annotations

import msgspec

from btk.model.signal import PositionSide
from btk.model.trade import CancelReason, Trade


class Event(msgspec.Struct, frozen=True, tag_field="type", gc=False):
    """Something that happened in one slot."""

    at_ms: int
    tick_ms: int
    symbol: str
    strategy: str


class ScheduledEvent(Event, frozen=True, kw_only=True, tag="scheduled"):
    """A signal waits for its entry price; `price` is what the market showed then."""

    id: str
    position: PositionSide
    price: float
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    lifetime_minutes: float
    cost: float
    note: str


class OpenedEvent(Event, frozen=True, kw_only=True, tag="opened"):
    """A position was opened at `price_open`."""

    id: str
    position: PositionSide
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    lifetime_minutes: float
    cost: float
    scheduled_at_ms: int
    note: str


class ProfitLevelEvent(Event, frozen=True, kw_only=True, tag="partial_profit"):
    """`level` percent of the way from the effective entry to the target was reached."""

    id: str
    level: int
    price: float


class LossLevelEvent(Event, frozen=True, kw_only=True, tag="partial_loss"):
    """`level` percent of the way from the effective entry to the stop was reached."""

    id: str
    level: int
    price: float


class BreakevenEvent(Event, frozen=True, kw_only=True, tag="breakeven"):
    """The price has covered fees, slippage and the threshold: the stop may go to the entry."""

    id: str
    price: float


class PartialClosedEvent(Event, frozen=True, kw_only=True, tag="partial_closed"):
    """`pct` percent of what was left was closed at `price`; `pnl_pct` and `pnl_cost` are the whole position's at it."""

    id: str
    kind: str
    pct: float
    price: float
    cost_basis: float
    realised_cost: float
    pnl_pct: float
    pnl_cost: float


class StopMovedEvent(Event, frozen=True, kw_only=True, tag="stop_moved"):
    """The stop stands at `price_stop_loss` now; `cause` is trail or breakeven."""

    id: str
    price: float
    price_stop_loss: float
    previous: float
    cause: str


class TakeMovedEvent(Event, frozen=True, kw_only=True, tag="take_moved"):
    """The target stands at `price_take_profit` now."""

    id: str
    price: float
    price_take_profit: float
    previous: float


class AveragedEvent(Event, frozen=True, kw_only=True, tag="averaged"):
    """Another entry of `cost` at `price`; `price_open` is the effective entry after it."""

    id: str
    price: float
    cost: float
    price_open: float
    entries: int


class ClosedEvent(Event, frozen=True, kw_only=True, tag="closed"):
    """A position was closed."""

    id: str
    close_reason: str
    price: float
    pnl_pct: float
    pnl_cost: float
    trade: Trade


class CancelledEvent(Event, frozen=True, kw_only=True, tag="cancelled"):
    """A scheduled signal was given up; `price` is what the market showed then."""

    id: str
    position: PositionSide
    price_open: float
    scheduled_at_ms: int
    reason: CancelReason
    price: float
    note: str


class RejectedEvent(Event, frozen=True, kw_only=True, tag="rejected"):
    """A signal was refused; `at_ms` is the first refusal of `count` equal ones in one interval.

    What the signal wished for is that of the first; None where it said nothing usable, or a command was refused.
    `price` is what the market showed then.
    """

    id: str
    reason: str
    detail: str
    count: int
    position: PositionSide | None = None
    price: float | None = None
    price_open: float | None = None
    price_take_profit: float | None = None
    price_stop_loss: float | None = None
    note: str = ""


class ErrorEvent(Event, frozen=True, kw_only=True, tag="error"):
    """A strategy's method raised or answered rubbish, `count` times in a row with the same words."""

    where: str
    message: str
    count: int


class PausedEvent(Event, frozen=True, kw_only=True, tag="paused"):
    """The slot asks for no signals until it is resumed."""


class ResumedEvent(Event, frozen=True, kw_only=True, tag="resumed"):
    """The slot asks for signals again."""


class StoppedEvent(Event, frozen=True, kw_only=True, tag="stopped"):
    """The slot was told to end: nothing new is opened."""


class AlarmEvent(Event, frozen=True, kw_only=True, tag="alarm"):
    """Something outside the strategies that a person should know; `over` when it is so no more.

    `subject` is what it is about: the candles of a symbol, the clock, the state on disk; it names no slot.
    """

    subject: str
    message: str
    over: bool = False
