"""The desk: takes commands for one slot at one moment, validates them, and keeps what they made of the state."""

from __future__ import annotations

import math
from numbers import Real
from typing import Literal, Protocol

import msgspec

from btk.core import facts, levels
from btk.core import holding as holdings
from btk.core.holding import WHOLE, Holding
from btk.core.model import ExecutionModel
from btk.core.rules import Terms
from btk.core.states import IDLE, Add, Closing, Open, Opening, Order, Reduce, Scheduled, State
from btk.model.events import Event, StopMovedEvent, TakeMovedEvent
from btk.model.verdict import ACCEPTED, Refused, Verdict

NO_POSITION = Refused("no position is open")
NOT_SCHEDULED = Refused("no signal is scheduled")
TOO_LATE = Refused("this minute is over and is only being caught up on: nothing may be added to a position")


class Purse(Protocol):
    """Lends money to one slot, or says why not."""

    def __call__(self, cost: float) -> str | None:
        """None: the cost is reserved."""


class Moment(msgspec.Struct, frozen=True):
    """When a command is given and at what price; `order_price` is what instant orders are filled at.

    `late`: the moment is over, the minutes since then are being caught up on.
    """

    at_ms: int
    tick_ms: int
    price: float
    order_price: float
    late: bool = False


class Desk:
    """Commands change `state` and add to `told` at once; refused ones change nothing."""

    __slots__ = ("_model", "_moment", "_purse", "_terms", "state", "told")

    def __init__(
        self, state: State, moment: Moment, model: ExecutionModel, terms: Terms, purse: Purse
    ) -> None:
        self.state = state
        self.told: list[Event] = []
        self._moment = moment
        self._model = model
        self._terms = terms
        self._purse = purse

    @property
    def waiting_is_asked(self) -> bool:
        """Whether the end of a waiting signal takes effect later."""
        return self._model.waiting_is_asked

    def close(self, note: str = "") -> Verdict:
        """Close what is open, at market."""
        position = self.state
        if not isinstance(position, Open):
            return NO_POSITION
        self.state = Closing(position.holding, "user", position.orders, note)
        return ACCEPTED

    def confirm_fill(self, kind: Literal["take_profit", "stop_loss"]) -> Verdict:
        """Take note that the broker has closed what is open, at its target or its stop."""
        position = self.state
        if not isinstance(position, Open):
            return NO_POSITION
        holding = position.holding
        level = holding.take if kind == "take_profit" else holding.stop
        self.state = Closing(holding, kind, position.orders, price=level)
        return ACCEPTED

    def partial(self, kind: Literal["profit", "loss"], pct: float | None, cost: float | None) -> Verdict:
        """Close a share, in percent of what is left or in quote currency."""
        position = self.state
        if not isinstance(position, Open):
            return NO_POSITION
        if (pct is None) == (cost is None):
            return Refused("give either a percentage or a cost")
        if (strange := _no_number(pct, cost)) is not None:
            return strange
        left = _left_after(position.holding, position.orders)
        share = pct if cost is None else cost / left * 100
        problem = self._partial_problem(position.holding, kind, share)
        if problem is not None or share is None:
            return Refused(problem or "")
        order = Reduce(kind, float(share))
        if self._model.orders_fill_at_once:
            self._reduce_now(position.holding, order)
        else:
            self._queue(position, order, left * (1 - share / 100))
        return ACCEPTED

    def trail_stop(self, shift_pct: float | None, price: float | None) -> Verdict:
        """Move the stop by a shift of the original distance, or to a price."""
        position, rules = self.state, self._terms.rules
        if not isinstance(position, Open):
            return NO_POSITION
        if (strange := _no_number(shift_pct, price)) is not None:
            return strange
        seen = self._moment.price if price is None else self._moment.order_price
        level = levels.wanted_stop(position.holding, shift_pct, price, rules)
        if isinstance(level, str):
            return Refused(level)
        problem = levels.stop_problem(position.holding, level, seen, rules)
        if problem is not None:
            return Refused(problem)
        self._move_stop(position, level, seen, "trail")
        return ACCEPTED

    def trail_take(self, shift_pct: float | None, price: float | None) -> Verdict:
        """Move the target by a shift of the original distance, or to a price."""
        position, rules = self.state, self._terms.rules
        if not isinstance(position, Open):
            return NO_POSITION
        if (strange := _no_number(shift_pct, price)) is not None:
            return strange
        seen = self._moment.price if price is None else self._moment.order_price
        level = levels.wanted_take(position.holding, shift_pct, price, rules)
        if isinstance(level, str):
            return Refused(level)
        problem = levels.take_problem(position.holding, level, seen, rules)
        if problem is not None:
            return Refused(problem)
        self._move_take(position, level, seen)
        return ACCEPTED

    def breakeven(self) -> Verdict:
        """Move the stop to the effective entry, once fees and slippage are earned."""
        position, rules = self.state, self._terms.rules
        if not isinstance(position, Open):
            return NO_POSITION
        holding, seen = position.holding, self._moment.order_price
        improved = (holding.stop - holding.price_open) * holding.side > 0
        if rules.quirks.breakeven_reports_without_improving and holding.stop_moved and improved:
            self._move_stop(position, holding.stop, seen, "breakeven")
            return ACCEPTED
        problem = levels.breakeven_problem(holding, seen, rules)
        if problem is not None:
            return Refused(problem)
        self._move_stop(position, holding.price_open, seen, "breakeven")
        return ACCEPTED

    def average(self, cost: float | None) -> Verdict:
        """Buy in again, at a new extreme against the position."""
        position, rules = self.state, self._terms.rules
        if not isinstance(position, Open):
            return NO_POSITION
        if self._moment.late:
            return TOO_LATE
        amount = rules.position_cost if cost is None else cost
        problem = self._average_problem(position, amount) or self._purse(float(amount))
        if problem is not None:
            return Refused(problem)
        if self._model.orders_fill_at_once:
            moment = self._moment
            holding = holdings.averaged(position.holding, moment.order_price, float(amount), moment.at_ms)
            self.told.append(facts.averaged(holding, moment.tick_ms, self._terms))
            self.state = Open(holding)
        else:
            self.state = Open(position.holding, (*position.orders, Add(float(amount))))
        return ACCEPTED

    def cancel(self, note: str = "") -> Verdict:
        """Give up a scheduled signal."""
        waiting = self.state
        if not isinstance(waiting, Scheduled):
            return NOT_SCHEDULED
        if self._model.waiting_is_asked:
            self.state = Scheduled(waiting.plan, "cancel", note)
            return ACCEPTED
        moment = self._moment
        when = (moment.tick_ms, moment.tick_ms)
        self.told.append(facts.cancelled(waiting.plan, when, moment.price, "user", self._terms, note=note))
        self.state = IDLE
        return ACCEPTED

    def activate(self, note: str = "") -> Verdict:
        """Open a scheduled signal now instead of waiting for its price."""
        waiting, price = self.state, self._moment.price
        if not isinstance(waiting, Scheduled):
            return NOT_SCHEDULED
        if self._moment.late:
            return TOO_LATE
        if self._model.waiting_is_asked:
            self.state = Scheduled(waiting.plan, "activate", note)
            return ACCEPTED
        plan = waiting.plan
        if (price - plan.price_stop_loss) * plan.side <= 0 or (
            plan.price_take_profit - price
        ) * plan.side <= 0:
            return Refused(f"the price {price:g} is not between the stop and the target")
        self.state = Opening(plan, self._moment.tick_ms)
        return ACCEPTED

    def _partial_problem(self, holding: Holding, kind: str, share: float | None) -> str | None:
        if share is None or not math.isfinite(share) or not 0 < share <= 100:
            return f"the share {share} must be above 0 and at most 100 percent"
        price, side = self._moment.order_price, holding.side
        direction = 1 if kind == "profit" else -1
        if not self._terms.rules.partials_everywhere and (price - holding.price_open) * side * direction <= 0:
            return f"the price {price:g} is not in {kind} against the entry {holding.price_open:g}"
        goal = holding.take if direction > 0 else holding.stop
        if (price - goal) * side * direction >= 0:
            return f"the price {price:g} is already at or beyond {goal:g}"
        return None

    def _reduce_now(self, holding: Holding, order: Reduce) -> None:
        moment = self._moment
        holding = holdings.reduced(holding, order.kind, order.pct, moment.order_price, moment.at_ms)
        self.told.append(facts.partial_closed(holding, moment.tick_ms, self._terms))
        self.state = Closing(holding, "partial") if holding.exhausted else Open(holding)

    def _queue(self, position: Open, order: Reduce, left: float) -> None:
        orders = (*position.orders, order)
        if left <= position.holding.invested * WHOLE:
            self.state = Closing(position.holding, "partial", orders)
        else:
            self.state = Open(position.holding, orders)

    def _average_problem(self, position: Open, amount: float) -> str | None:
        if _no_number(amount) is not None or not 0 < amount < math.inf:
            return f"cost {amount!r} must be a finite number above 0"
        if self._terms.rules.dca_everywhere:
            return None
        if any(isinstance(order, Add) for order in position.orders):
            return "another entry is already ordered"
        side, price = position.holding.side, self._moment.order_price
        extreme = min(entry.price * side for entry in position.holding.entries) * side
        if (price - extreme) * side >= 0:
            return f"the price {price:g} is not beyond every entry so far ({extreme:g})"
        return None

    def _move_stop(self, position: Open, level: float, seen: float, cause: str) -> None:
        holding, moment = position.holding, self._moment
        self.told.append(
            StopMovedEvent(
                at_ms=moment.at_ms,
                tick_ms=moment.tick_ms,
                symbol=self._terms.symbol,
                strategy=self._terms.strategy,
                id=holding.plan.id,
                price=seen,
                price_stop_loss=level,
                previous=holding.stop,
                cause=cause,
            )
        )
        moved = msgspec.structs.replace(holding, stop=level, stop_moved=True)
        self.state = Open(moved, position.orders)

    def _move_take(self, position: Open, level: float, seen: float) -> None:
        holding, moment = position.holding, self._moment
        self.told.append(
            TakeMovedEvent(
                at_ms=moment.at_ms,
                tick_ms=moment.tick_ms,
                symbol=self._terms.symbol,
                strategy=self._terms.strategy,
                id=holding.plan.id,
                price=seen,
                price_take_profit=level,
                previous=holding.take,
            )
        )
        moved = msgspec.structs.replace(holding, take=level, take_moved=True)
        self.state = Open(moved, position.orders)


def _left_after(holding: Holding, orders: tuple[Order, ...]) -> float:
    left = holding.remaining
    for order in orders:
        left = left * (1 - order.pct / 100) if isinstance(order, Reduce) else left + order.cost
    return left


def _no_number(*given: object) -> Refused | None:
    for value in given:
        if value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
            return Refused(f"{value!r} is not a number")
    return None
