"""What listeners are told: frozen payloads, one class a kind of news. Prices in quote currency, times UTC milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from btk.model.intents import Ending, IntentStatus, Leg
from btk.model.orders import OrderSide
from btk.model.signal import PositionSide
from btk.model.trade import Trade

RunMode = Literal["backtest", "paper", "live", "walker"]
SignalAction = Literal["idle", "scheduled", "waiting", "opened", "active", "closed", "cancelled"]
CommitAction = Literal["partial_closed", "stop_moved", "take_moved", "averaged"]
OrderAction = IntentStatus | Ending
PauseAction = Literal["paused", "resumed", "stopped"]
Metric = Literal[
    "backtest_total",
    "backtest_stretch",
    "live_tick",
    "live_fetch",
    "live_decide",
    "live_save",
    "walker_variant",
]


class SignalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A signal as it stands: `price_open` is the effective entry, `original_` prices are those it began with."""

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
    scheduled_at_ms: int
    opened_at_ms: int | None
    entries: int
    partials: int
    note: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Whose news it is, of which run, and from when; `symbol` and `strategy` are empty where a whole run is meant."""

    mode: RunMode
    run_id: str
    exchange: str
    symbol: str
    strategy: str
    at_ms: int

    @property
    def backtest(self) -> bool:
        """Whether it happened in a backtest."""
        return self.mode == "backtest"


class SignalTold(Told, frozen=True, kw_only=True):
    """What a slot is in, or came to. `id` is the signal's ("" where there is none), `pnl_pct` is net.

    `take_progress_pct` and `stop_progress_pct` say how far the price is on the way to target and stop (never below 0).
    """

    action: SignalAction
    price: float
    id: str
    signal: SignalRow | None = None
    pnl_pct: float | None = None
    take_progress_pct: float | None = None
    stop_progress_pct: float | None = None
    close_reason: str | None = None
    cancel_reason: str | None = None
    trade: Trade | None = None


class PingTold(Told, frozen=True, kw_only=True):
    """A minute has passed in which nothing was open, a signal waited or a position was open."""

    price: float
    signal: SignalRow | None = None


class OrderScheduleTold(Told, frozen=True, kw_only=True):
    """An entry began to wait for its price, or was given up for `reason`."""

    action: Literal["scheduled", "cancelled"]
    price: float
    id: str
    signal: SignalRow | None
    reason: str | None = None


class MilestoneTold(Told, frozen=True, kw_only=True):
    """`level` percent of the way to the target (or the stop) were reached; `reached_pct` is how far the price came."""

    price: float
    signal: SignalRow
    level: int
    reached_pct: float


class BreakevenTold(Told, frozen=True, kw_only=True):
    """The price has covered fees, slippage and the threshold."""

    price: float
    signal: SignalRow


class CommitTold(Told, frozen=True, kw_only=True):
    """A command on a position was carried out; `signal` is what the position is after it."""

    action: CommitAction
    price: float
    signal: SignalRow
    pct: float | None = None
    cost: float | None = None
    pnl_pct: float | None = None
    previous_price: float | None = None


class OrderTold(Told, frozen=True, kw_only=True):
    """An order at an exchange has come farther: what it is now, or how it ended; prices None are the market's.

    `signal` is the one it belongs to while that is not over, `leg` what it is for, `message` why it was refused,
    `naked_ms` how long there was no stop before the one that this is, where the old one had to go first.
    """

    action: OrderAction
    client_order_id: str
    order_id: str
    signal_id: str
    signal: SignalRow | None
    leg: Leg
    side: OrderSide
    quantity: float
    price: float | None
    price_trigger: float | None
    filled_quantity: float
    filled_price: float | None
    naked_ms: int | None
    message: str


class PauseTold(Told, frozen=True, kw_only=True):
    """A slot was paused, resumed or told to end."""

    action: PauseAction


class WishRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a refused signal wished for; None where it said nothing usable."""

    id: str
    position: PositionSide | None
    price_open: float | None
    price_take_profit: float | None
    price_stop_loss: float | None
    note: str


class RiskTold(Told, frozen=True, kw_only=True):
    """A signal was refused by a risk profile, the cash or the sizing (`reason`), `count` times in a row.

    `open_positions` is how many positions of the run were open then.
    """

    reason: str
    rejection_note: str
    signal: WishRow
    price: float | None
    open_positions: int
    count: int


class ValidationTold(Told, frozen=True, kw_only=True):
    """A signal was invalid, or a risk rule raised instead of answering."""

    reason: str
    message: str
    signal: WishRow
    price: float | None


class ErrorTold(Told, frozen=True, kw_only=True):
    """Something went wrong and the run goes on: in a method of a strategy, in a listener, or outside."""

    where: str
    message: str
    count: int = 1


class ExitTold(Told, frozen=True, kw_only=True):
    """A run ended because it could not go on; `exit_code` is that of the command line."""

    message: str
    exit_code: int


class DoneTold(Told, frozen=True, kw_only=True):
    """A run ended for this strategy on this symbol (of a walk: the walk); `complete` is False where it was cut short."""

    complete: bool
    from_ms: int
    to_ms: int


class BacktestProgressTold(Told, frozen=True, kw_only=True):
    """How far a backtest is: `progress` from 0 to 1."""

    processed_minutes: int
    total_minutes: int
    progress: float


class WalkerProgressTold(Told, frozen=True, kw_only=True):
    """How far a walk is: `progress` from 0 to 1."""

    processed: int
    total: int
    progress: float


class WalkerTold(Told, frozen=True, kw_only=True):
    """A variant of a walk has ended; `value` is its `metric`, `error` why it has none. `best_`: the best so far."""

    number: int
    params: Mapping[str, Any]
    statistics: Mapping[str, Any]
    metric: str
    value: float | None
    error: str
    best_strategy: str | None
    best_params: Mapping[str, Any] | None
    best_value: float | None
    tested: int
    total: int


class WalkerCompleteTold(Told, frozen=True, kw_only=True):
    """A walk is over."""

    metric: str
    total: int
    best_strategy: str | None
    best_params: Mapping[str, Any] | None
    best_value: float | None
    best_statistics: Mapping[str, Any]


class PerformanceTold(Told, frozen=True, kw_only=True):
    """How long something took; `previous_at_ms` is when it was measured before."""

    metric: Metric
    duration_ms: float
    previous_at_ms: int | None
