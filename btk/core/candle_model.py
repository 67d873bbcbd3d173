"""The `candle` model: orders fill at the next open, stops and targets inside the candle, the stop first when both could."""

from __future__ import annotations

import msgspec

from btk.core import facts
from btk.core import holding as holdings
from btk.core.facts import Exit
from btk.core.holding import Holding, Plan
from btk.core.model import (
    Candle,
    ExecutionModel,
    Gate,
    Minutes,
    Row,
    Step,
    next_candle,
    no_deadline,
    rest,
    stay,
    untouched,
    wait,
)
from btk.core.rules import Terms
from btk.core.states import IDLE, Closing, Idle, Open, Opening, Order, Reduce, Scheduled
from btk.core.touch import first_outside, first_reaching
from btk.model.bars import Column
from btk.model.events import Event


def place(plan: Plan, terms: Terms) -> Step:
    """A resting entry waits; anything else is a market order."""
    if plan.resting:
        return Step(Scheduled(plan), (facts.scheduled(plan, terms),))
    return Step(Opening(plan, plan.created_ms))


def closes(columns: tuple[Column, Column, Column, Column, Column], window: int) -> Column:
    """The price shown at a tick is the close of the last closed candle."""
    return columns[3]


def fill_entry(state: Opening, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """The market order fills at the open; then the candle is reacted to."""
    plan = state.plan
    holding = holdings.opened(plan, candle.open, candle.open_ms, terms.rules)
    told = facts.opened(holding, candle.tick_ms, terms)
    after = check_exits(Open(holding), candle, terms, gate)
    return Step(after.state, (told, *after.events))


def check_exits(state: Open, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """Orders fill at the open, then a gap through the stop, the stop, the target: in that order."""
    holding = state.holding
    told: tuple[Event, ...] = ()
    if state.orders:
        holding, told = fill_orders(holding, state.orders, candle, terms)
    exit = _exit(holding, candle)
    if exit is None:
        return Step(Open(holding) if told else state, told)
    return Step(IDLE, (*told, facts.closed(holding, exit, terms)))


def fill_closing(state: Closing, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """What was ordered before the close fills first, then the close, all at the open (or at the price that is known)."""
    holding, told = fill_orders(state.holding, state.orders, candle, terms)
    price = candle.open if state.price is None else state.price
    exit = Exit(price, candle.open_ms, candle.tick_ms, state.reason, note=state.note)
    return Step(IDLE, (*told, facts.closed(holding, exit, terms)))


def fill_orders(
    holding: Holding, orders: tuple[Order, ...], candle: Candle, terms: Terms
) -> tuple[Holding, tuple[Event, ...]]:
    """The position after its market orders filled at the open, in the order given."""
    told: list[Event] = []
    for order in orders:
        if isinstance(order, Reduce):
            holding = holdings.reduced(holding, order.kind, order.pct, candle.open, candle.open_ms)
            told.append(facts.partial_closed(holding, candle.tick_ms, terms))
        else:
            holding = holdings.averaged(holding, candle.open, order.cost, candle.open_ms)
            told.append(facts.averaged(holding, candle.tick_ms, terms))
    return holding, tuple(told)


def check_entry(state: Scheduled, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """A touched entry opens at its price; in that candle only the stop can still be hit.

    The candle's far side may lie before the fill, so neither the target nor the best profit takes it into account.
    """
    plan = state.plan
    reached = candle.low <= plan.price_open if plan.side > 0 else candle.high >= plan.price_open
    if not reached:
        return Step(state)
    holding = holdings.opened(plan, plan.price_open, candle.open_ms, terms.rules)
    told = facts.opened(holding, candle.tick_ms, terms)
    exit = _stop(holding, candle)
    if exit is not None:
        return Step(IDLE, (told, facts.closed(holding, exit, terms)))
    worst = candle.low if plan.side > 0 else candle.high
    return Step(Open(holdings.seen(holding, candle.close, worst, terms.rules)), (told,))


def waiting_over(state: Scheduled, now_ms: int, price: float, terms: Terms) -> Step:
    """A resting entry is given up at creation plus the waiting time."""
    plan = state.plan
    if now_ms - plan.created_ms < terms.rules.await_ms:
        return Step(state)
    return Step(IDLE, (facts.cancelled(plan, (now_ms, now_ms), price, "timeout", terms),))


def lifetime_over(state: Open, now_ms: int, price: float, terms: Terms) -> Step:
    """A position that has lived its time is closed at market."""
    if now_ms < state.holding.expires_ms:
        return Step(state)
    return Step(Closing(state.holding, "time_expired", state.orders))


def cancel_at_end(state: Scheduled | Opening, candle: Candle, terms: Terms) -> Step:
    """The frame is over: nothing waits any longer."""
    plan = state.plan
    when = (candle.tick_ms, candle.tick_ms)
    return Step(IDLE, (facts.cancelled(plan, when, candle.close, "frame_end", terms),))


def close_at_end(state: Open | Closing, candle: Candle, terms: Terms) -> Step:
    """The frame is over: what is open is closed at the last close."""
    exit = Exit(candle.close, candle.tick_ms, candle.tick_ms, "frame_end")
    return Step(IDLE, (facts.closed(state.holding, exit, terms),))


def touch_entry(state: Scheduled, minutes: Minutes, start: int, stop: int, terms: Terms) -> int:
    """The first candle that reaches the entry price."""
    plan = state.plan
    column = minutes.low if plan.side > 0 else minutes.high
    return first_reaching(column, plan.price_open, -plan.side, start, stop)


def touch_exit(state: Open, minutes: Minutes, start: int, stop: int, terms: Terms) -> int:
    """The first candle that reaches the stop or the target; the next one while orders wait to be filled."""
    if state.orders:
        return start
    holding = state.holding
    bounds = (holding.stop, holding.take) if holding.plan.side > 0 else (holding.take, holding.stop)
    return first_outside(minutes.high, minutes.low, bounds, start, stop)


def waiting_deadline(state: Scheduled, terms: Terms) -> float:
    """The tick at which the waiting is over."""
    return state.plan.created_ms + terms.rules.await_ms


def lifetime_deadline(state: Open, terms: Terms) -> float:
    """The tick at which the lifetime is over."""
    return state.holding.expires_ms


def _exit(holding: Holding, candle: Candle) -> Exit | None:
    side, take = holding.plan.side, holding.take
    farthest = candle.high if side > 0 else candle.low
    at_target = (farthest - take) * side >= 0
    stopped = _stop(holding, candle)
    if stopped is not None:
        gap = (candle.open - holding.stop) * side <= 0
        return msgspec.structs.replace(stopped, ambiguous=True) if at_target and not gap else stopped
    if not at_target:
        return None
    return Exit(take, candle.open_ms, candle.tick_ms, "take_profit", exact_touch=farthest == take)


def _stop(holding: Holding, candle: Candle) -> Exit | None:
    side, stop = holding.plan.side, holding.stop
    if (candle.open - stop) * side <= 0:
        return Exit(candle.open, candle.open_ms, candle.tick_ms, "stop_loss")
    worst = candle.low if side > 0 else candle.high
    if (worst - stop) * side <= 0:
        return Exit(stop, candle.open_ms, candle.tick_ms, "stop_loss")
    return None


CANDLE = ExecutionModel(
    name="candle",
    place=place,
    quotes=closes,
    averages=False,
    orders_fill_at_once=False,
    waiting_is_asked=False,
    activation_candle_counts=True,
    ends_after_last_question=False,
    table={
        Idle: Row(stay, stay, wait, rest, untouched, no_deadline),
        Scheduled: Row(stay, check_entry, waiting_over, cancel_at_end, touch_entry, waiting_deadline),
        Opening: Row(fill_entry, stay, wait, cancel_at_end, next_candle, no_deadline),
        Open: Row(check_exits, stay, lifetime_over, close_at_end, touch_exit, lifetime_deadline),
        Closing: Row(fill_closing, stay, wait, close_at_end, next_candle, no_deadline),
    },
)
