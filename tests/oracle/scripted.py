"""A strategy that does what a scenario's script says, and notes all that it was asked and shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from btk import Market, Position, Signal, Strategy
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.verdict import Verdict
from tests.oracle.scenarios import CommitSpec, Plain, Scenario

_ON_POSITION: Mapping[str, Callable[..., Verdict]] = {
    "partialProfit": lambda position, pct: position.partial_profit(pct),
    "partialLoss": lambda position, pct: position.partial_loss(pct),
    "partialProfitCost": lambda position, cost: position.partial_profit(cost=cost),
    "trailingStop": lambda position, shift: position.trail_stop(shift),
    "trailingTake": lambda position, shift: position.trail_take(shift),
    "trailingStopCost": lambda position, price: position.trail_stop(price=price),
    "trailingTakeCost": lambda position, price: position.trail_take(price=price),
    "breakeven": lambda position: position.breakeven(),
    "averageBuy": lambda position, cost=None: position.average_buy(cost),
}


_FILLS: Mapping[str, Literal["take_profit", "stop_loss"]] = {
    "createTakeProfit": "take_profit",
    "createStopLoss": "stop_loss",
}


class Ping(NamedTuple):
    """A once-a-minute look at a state, stamped with the candle's open time (idle: with the tick)."""

    at_ms: int
    price: float


class ActivePing(NamedTuple):
    """A look at an open position, before the script's operations (the first: at its opening)."""

    at_ms: int
    price: float
    best_pct: float
    worst_pct: float


class Life(NamedTuple):
    """All looks at one position."""

    id: str
    opening: ActivePing
    pings: list[ActivePing]


class Done(NamedTuple):
    """An operation of the script; `accepted` is None where the origin gives no answer."""

    at_ms: int
    op: str
    price: float
    accepted: bool | None


class Quiet(Strategy):
    """Answers the scripted signals; no hooks, so that a replay may jump."""

    name = "scripted"

    def __init__(self, scenario: Scenario) -> None:
        self.interval = scenario.strategy.interval  # type: ignore[misc]
        self.questions: list[Ping] = []
        self._step_ms = interval_ms(self.interval)
        self._signals = {spec.at: spec for spec in scenario.signals}

    def get_signal(self, market: Market) -> Signal | None:
        now_ms = market.now_ms
        self.questions.append(Ping(now_ms, market.price))
        spec = self._signals.get(now_ms - now_ms % self._step_ms)
        if spec is None or spec.dto is None:
            if spec is not None and spec.throws is not None:
                raise RuntimeError(spec.throws)
            return None
        return signal_of(spec.dto)


class Scripted(Quiet):
    """Looks at every minute and runs the script's operations."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.idle: list[Ping] = []
        self.waiting: list[Ping] = []
        self.lives: list[Life] = []
        self.done: list[Done] = []
        self._script: dict[tuple[str, int], list[CommitSpec]] = {}
        for commit in scenario.commits:
            self._script.setdefault((commit.on, commit.at), []).append(commit)

    def on_idle(self, market: Market) -> None:
        ping = Ping(market.now_ms, market.price)
        self.idle.append(ping)
        for commit in self._script.get(("idle", ping.at_ms), ()):
            self._note(commit, ping, None)

    def on_opened(self, market: Market, position: Position) -> None:
        self.lives.append(
            Life(position.id, _look(position.opened_at_ms, position.entries[0].price, position), [])
        )

    def on_waiting(self, market: Market, signal: Signal) -> None:
        ping = Ping(market.now_ms - MINUTE_MS, market.price)
        self.waiting.append(ping)
        for commit in self._script.get(("schedule", ping.at_ms), ()):
            self._note(commit, ping, self._on_signal(commit, market))

    def on_active(self, market: Market, position: Position) -> None:
        ping = Ping(market.now_ms - MINUTE_MS, market.price)
        self.lives[-1].pings.append(_look(*ping, position))
        for commit in self._script.get(("active", ping.at_ms), ()):
            self._note(commit, ping, self._on_position(commit, market, position))

    def _on_position(self, commit: CommitSpec, market: Market, position: Position) -> bool | None:
        if commit.op == "closePending":
            position.close(note_of(commit.args))
            return None
        if commit.op in _ON_POSITION:
            return bool(_ON_POSITION[commit.op](position, *commit.args))
        if commit.op in _FILLS:
            self._on_fill(commit, market)
        return self._on_signal(commit, market)

    def _on_fill(self, commit: CommitSpec, market: Market) -> None:
        # The origin learns of a fill inside its ping; our command comes after it, so the script asks the same desk.
        market._now_desk().confirm_fill(_FILLS[commit.op])

    def _on_signal(self, commit: CommitSpec, market: Market) -> bool | None:
        if commit.op == "cancelScheduled":
            market.cancel(note_of(commit.args))
        elif commit.op == "activateScheduled":
            market.activate(note_of(commit.args))
        return None

    def _note(self, commit: CommitSpec, ping: Ping, accepted: bool | None) -> None:
        self.done.append(Done(ping.at_ms, commit.op, ping.price, accepted))


def _look(at_ms: int, price: float, position: Position) -> ActivePing:
    return ActivePing(at_ms, price, position.peak_profit_pct, position.max_drawdown_pct)


def note_of(args: list[Any]) -> str:
    """The note of a close, cancel or activation."""
    return str((args[0] if args else {}).get("note", ""))


def signal_of(dto: Plain) -> Signal:
    """Our signal for the origin's; a price that is null there (no number) is NaN here, for None is our "at market"."""
    price_open = dto.get("priceOpen")
    return Signal(
        dto.get("position", ""),
        dto.get("priceTakeProfit", math.nan),
        dto.get("priceStopLoss", math.nan),
        price_open=math.nan if "priceOpen" in dto and price_open is None else price_open,
        lifetime_minutes=dto.get("minuteEstimatedTime"),
        cost=dto.get("cost"),
        note=dto.get("note") or "",
        id=dto.get("id"),
        symbol=dto.get("symbol"),
    )
