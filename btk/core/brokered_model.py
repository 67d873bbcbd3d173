"""The brokered model: a real exchange fills, stops and takes profit; candles only show the price and what it has been.

What the exchange has done becomes a state in `brokered.py`; here nothing is ever filled.
"""

from __future__ import annotations

import msgspec

from btk.core.candle_model import closes, lifetime_deadline, lifetime_over, place
from btk.core.model import NEVER, ExecutionModel, Row, Step, no_deadline, rest, stay, untouched, wait
from btk.core.rules import Terms
from btk.core.states import Closing, Idle, Open, Opening, Scheduled


def waiting_over(state: Scheduled, now_ms: int, price: float, terms: Terms) -> Step:
    """The waiting is over: the resting order is to be cancelled; until it is, it may still be filled."""
    if state.request is not None or now_ms - state.plan.created_ms < terms.rules.await_ms:
        return Step(state)
    return Step(msgspec.structs.replace(state, request="timeout"))


def waiting_deadline(state: Scheduled, terms: Terms) -> float:
    """The tick at which the waiting is over; never again once something is asked for."""
    return NEVER if state.request else state.plan.created_ms + terms.rules.await_ms


BROKERED = ExecutionModel(
    name="brokered",
    place=place,
    quotes=closes,
    averages=False,
    orders_fill_at_once=False,
    waiting_is_asked=True,
    activation_candle_counts=True,
    ends_after_last_question=False,
    table={
        Idle: Row(stay, stay, wait, rest, untouched, no_deadline),
        Scheduled: Row(stay, stay, waiting_over, rest, untouched, waiting_deadline),
        Opening: Row(stay, stay, wait, rest, untouched, no_deadline),
        Open: Row(stay, stay, lifetime_over, rest, untouched, lifetime_deadline),
        Closing: Row(stay, stay, wait, rest, untouched, no_deadline),
    },
)
