"""The `vwap` model, the origin's: one average price a minute decides everything, orders fill at it at once."""

from __future__ import annotations

import math

import numpy as np

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
from btk.core.states import IDLE, Closing, Idle, Open, Opening, Scheduled
from btk.core.touch import first_outside, first_reaching
from btk.model.bars import Column
from btk.model.intervals import MINUTE_MS


def vwap(columns: tuple[Column, Column, Column, Column, Column], window: int) -> Column:
    """Volume-weighted typical price over `window` rows ending with each row; the mean close where no volume was traded.

    Rows before the first full window are NaN. Sums run left to right, so a vectorised column equals a loop to the last bit.
    """
    _, high, low, close, volume = columns
    count = len(close) - window + 1
    prices = np.full(len(close), np.nan)
    if count <= 0:
        return prices
    traded = (high + low + close) / 3 * volume
    value, weight, closes = (np.zeros(count) for _ in range(3))
    for offset in range(window):
        value += traded[offset : offset + count]
        weight += volume[offset : offset + count]
        closes += close[offset : offset + count]
    with np.errstate(invalid="ignore", divide="ignore"):
        prices[window - 1 :] = np.where(weight == 0, closes / window, value / weight)
    return prices


def place(plan: Plan, terms: Terms) -> Step:
    """A resting entry waits; anything else is open at once."""
    if plan.resting:
        return Step(Scheduled(plan), (facts.scheduled(plan, terms),))
    holding = holdings.opened(plan, plan.price_open, plan.created_ms, terms.rules)
    return Step(Open(holding), (facts.opened(holding, plan.created_ms, terms),))


def check_position(state: Open, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """The lifetime first, then the target, then the stop: each against the one average price."""
    exit = _exit(state.holding, candle)
    if exit is None:
        return Step(state)
    return Step(IDLE, (facts.closed(state.holding, exit, terms),))


def close_now(state: Closing, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """A close that was asked for takes effect on this candle, at its average price or at the one that is known."""
    price = candle.price if state.price is None else state.price
    exit = Exit(price, candle.open_ms, candle.tick_ms, state.reason, note=state.note)
    return Step(IDLE, (facts.closed(state.holding, exit, terms),))


def check_scheduled(state: Scheduled, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """A command, the waiting time, the stop, the entry: the first that applies."""
    plan, when = state.plan, (candle.open_ms, candle.tick_ms)
    if state.request == "cancel":
        return Step(IDLE, (facts.cancelled(plan, when, candle.price, "user", terms, note=state.note),))
    if state.request == "stop":
        return Step(IDLE, (facts.cancelled(plan, when, candle.price, "stopped", terms),))
    if state.request == "activate":
        return _activate(plan, candle, candle.price, terms, gate)
    if candle.open_ms - plan.created_ms >= terms.rules.await_ms:
        return Step(IDLE, (facts.cancelled(plan, when, candle.price, "timeout", terms),))
    nearest = candle.low if plan.side > 0 else candle.high
    if (nearest - plan.price_stop_loss) * plan.side <= 0:
        return Step(IDLE, (facts.cancelled(plan, when, candle.price, "price_reject", terms),))
    if (nearest - plan.price_open) * plan.side <= 0:
        return _activate(plan, candle, plan.price_open, terms, gate)
    return Step(state)


def cancel_at_end(state: Scheduled, candle: Candle, terms: Terms) -> Step:
    """The frame is over: nothing waits any longer."""
    plan, when = state.plan, (candle.open_ms, candle.tick_ms)
    return Step(IDLE, (facts.cancelled(plan, when, candle.price, "frame_end", terms),))


def close_at_end(state: Open | Closing, candle: Candle, terms: Terms) -> Step:
    """The frame is over: what is open is closed at the average price of the candle after the last question."""
    exit = Exit(candle.price, candle.open_ms, candle.tick_ms, "frame_end")
    return Step(IDLE, (facts.closed(state.holding, exit, terms),))


def touch_entry(state: Scheduled, minutes: Minutes, start: int, stop: int, terms: Terms) -> int:
    """The first candle whose wick reaches the entry price or that opens too late; the next one while a command waits."""
    if state.request is not None:
        return start
    plan = state.plan
    column = minutes.low if plan.side > 0 else minutes.high
    over = _row_opening(minutes, plan.created_ms + terms.rules.await_ms, start, stop)
    return first_reaching(column, plan.price_open, -plan.side, start, over)


def touch_exit(state: Open, minutes: Minutes, start: int, stop: int, terms: Terms) -> int:
    """The first candle whose average price reaches the stop or the target, or that opens when the lifetime is over."""
    holding = state.holding
    bounds = (holding.stop, holding.take) if holding.plan.side > 0 else (holding.take, holding.stop)
    over = _row_opening(minutes, holding.expires_ms, start, stop)
    return first_outside(minutes.price, minutes.price, bounds, start, over)


def _row_opening(minutes: Minutes, at_ms: float, start: int, stop: int) -> int:
    return max(start, math.ceil(min(stop, (at_ms - minutes.first_ms) / MINUTE_MS)))


def _activate(plan: Plan, candle: Candle, price: float, terms: Terms, gate: Gate) -> Step:
    refusal = gate(plan, price)
    if refusal is not None:
        when = (candle.open_ms, candle.tick_ms)
        return Step(IDLE, (facts.cancelled(plan, when, candle.price, "risk", terms, note=refusal),))
    holding = holdings.opened(plan, plan.price_open, candle.open_ms, terms.rules)
    return Step(Open(holding), (facts.opened(holding, candle.tick_ms, terms),))


def _exit(holding: Holding, candle: Candle) -> Exit | None:
    side, price = holding.plan.side, candle.price
    stamp = (candle.open_ms, candle.tick_ms)
    if candle.open_ms >= holding.expires_ms:
        return Exit(price, *stamp, "time_expired")
    if (price - holding.take) * side >= 0:
        return Exit(holding.take, *stamp, "take_profit", exact_touch=price == holding.take)
    if (price - holding.stop) * side <= 0:
        return Exit(holding.stop, *stamp, "stop_loss")
    return None


VWAP = ExecutionModel(
    name="vwap",
    place=place,
    quotes=vwap,
    averages=True,
    orders_fill_at_once=True,
    waiting_is_asked=True,
    activation_candle_counts=False,
    ends_after_last_question=True,
    table={
        Idle: Row(stay, stay, wait, rest, untouched, no_deadline),
        Scheduled: Row(stay, check_scheduled, wait, cancel_at_end, touch_entry, no_deadline),
        Opening: Row(stay, stay, wait, rest, untouched, no_deadline),
        Open: Row(check_position, stay, wait, close_at_end, touch_exit, no_deadline),
        Closing: Row(close_now, stay, wait, close_at_end, next_candle, no_deadline),
    },
)
