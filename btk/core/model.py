"""An execution model: one visible table of what each state does with each input, and the prices it goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np

from btk.core.holding import Plan
from btk.core.rules import Terms
from btk.core.states import State
from btk.model.bars import Column
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS

NEVER = float("inf")


class Candle(msgspec.Struct, frozen=True):
    """One closed minute; `price` is the model's own (its close, or the VWAP that ends with it)."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    price: float

    @property
    def tick_ms(self) -> int:
        """The tick at which the candle is known."""
        return self.open_ms + MINUTE_MS


class Minutes:
    """A contiguous block of closed minutes of one symbol as columns, with the model's `price` column beside them."""

    __slots__ = ("close", "first_ms", "high", "low", "open", "price")

    def __init__(self, first_ms: int, columns: tuple[Column, Column, Column, Column], price: Column) -> None:
        self.first_ms = first_ms
        self.open, self.high, self.low, self.close = columns
        self.price = price

    def __len__(self) -> int:
        return len(self.price)

    @staticmethod
    def nothing() -> Minutes:
        """No minutes at all."""
        none: Column = np.empty(0)
        return Minutes(0, (none, none, none, none), none)

    def row_at(self, tick_ms: int) -> int:
        """The row of the candle that closes at `tick_ms`."""
        return (tick_ms - self.first_ms) // MINUTE_MS - 1

    def tick_of(self, row: int) -> int:
        """The tick at which row `row` is closed."""
        return self.first_ms + (row + 1) * MINUTE_MS

    def cut(self, row: int) -> Minutes:
        """One row alone."""
        part = slice(row, row + 1)
        columns = (self.open[part], self.high[part], self.low[part], self.close[part])
        return Minutes(self.first_ms + row * MINUTE_MS, columns, self.price[part])

    def candle(self, row: int) -> Candle:
        """The candle of a row."""
        return Candle(
            self.first_ms + row * MINUTE_MS,
            self.open.item(row),
            self.high.item(row),
            self.low.item(row),
            self.close.item(row),
            self.price.item(row),
        )


class Step(msgspec.Struct, frozen=True, gc=False):
    """What an input made of a state, and the events that tell it."""

    state: State
    events: tuple[Event, ...] = ()


class Gate(Protocol):
    """Asks risk once more about a plan that is about to open; a string is a refusal."""

    def __call__(self, plan: Plan, price: float) -> str | None:
        """None lets the plan open."""


# A row is only asked about its own state, which is what its functions take.
React = Callable[[Any, Candle, Terms, Gate], Step]
Clock = Callable[[Any, int, float, Terms], Step]
End = Callable[[Any, Candle, Terms], Step]
Touch = Callable[[Any, Minutes, int, int, Terms], int]
Deadline = Callable[[Any, Terms], float]


class Row(NamedTuple):
    """What one state does with each input, and what it waits for.

    `touch`: the first candle that `exits` or `activation` make anything of; `deadline_ms`: the first tick that `clock` does.
    """

    exits: React
    activation: React
    clock: Clock
    end: End
    touch: Touch
    deadline_ms: Deadline


class ExecutionModel(NamedTuple):
    """`table` has a row for every state, `place` makes a state of a plan, `quotes` the price column of five columns.

    `averages`: a price is made of several candles, so the ones before are needed too.
    `orders_fill_at_once`: market orders fill at the price they were decided at, else at the next open.
    `waiting_is_asked`: the end of a waiting entry is only asked for, it takes effect later.
    `activation_candle_counts`: the candle that reaches a resting entry is looked at by hooks and milestones.
    `ends_after_last_question`: the frame ends a minute after it, at the price of the candle that opens then.
    """

    name: str
    table: Mapping[type[State], Row]
    place: Callable[[Plan, Terms], Step]
    quotes: Callable[[tuple[Column, Column, Column, Column, Column], int], Column]
    averages: bool
    orders_fill_at_once: bool
    waiting_is_asked: bool
    activation_candle_counts: bool
    ends_after_last_question: bool


def stay(state: State, candle: Candle, terms: Terms, gate: Gate) -> Step:
    """A candle means nothing to this state."""
    return Step(state)


def wait(state: State, now_ms: int, price: float, terms: Terms) -> Step:
    """The time means nothing to this state."""
    return Step(state)


def rest(state: State, candle: Candle, terms: Terms) -> Step:
    """The end of the frame means nothing to this state."""
    return Step(state)


def untouched(state: State, minutes: Minutes, start: int, stop: int, terms: Terms) -> int:
    """No price means anything to this state."""
    return stop


def next_candle(state: State, minutes: Minutes, start: int, stop: int, terms: Terms) -> int:
    """The very next candle matters to this state."""
    return start


def no_deadline(state: State, terms: Terms) -> float:
    """No time means anything to this state."""
    return NEVER
