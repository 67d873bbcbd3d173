"""The states of a slot: each is a type, and what a state holds is all the slot knows."""

from __future__ import annotations

from typing import Literal

import msgspec

from btk.core.holding import Holding, Plan
from btk.model.trade import CloseReason


class Reduce(msgspec.Struct, frozen=True, tag="reduce"):
    """A market order that closes `pct` percent of what is left."""

    kind: Literal["profit", "loss"]
    pct: float


class Add(msgspec.Struct, frozen=True, tag="add"):
    """A market order that buys in again for `cost`."""

    cost: float


Order = Reduce | Add


class Idle(msgspec.Struct, frozen=True, tag="idle"):
    """Nothing is open, nothing waits."""


class Scheduled(msgspec.Struct, frozen=True, tag="scheduled"):
    """A resting entry; `request` is what is to become of it, where that takes effect later."""

    plan: Plan
    request: Literal["cancel", "stop", "activate", "timeout"] | None = None
    note: str = ""


class Opening(msgspec.Struct, frozen=True, tag="opening"):
    """A market entry was ordered at `ordered_ms` and is not filled yet."""

    plan: Plan
    ordered_ms: int


class Open(msgspec.Struct, frozen=True, tag="open", gc=False):
    """A position; `orders` were decided at the last tick and are filled first thing in the next candle."""

    holding: Holding
    orders: tuple[Order, ...] = ()


class Closing(msgspec.Struct, frozen=True, tag="closing"):
    """The end of a position was ordered and is not filled yet; `price` where it is known already (None: the market's)."""

    holding: Holding
    reason: CloseReason
    orders: tuple[Order, ...] = ()
    note: str = ""
    price: float | None = None


State = Idle | Scheduled | Opening | Open | Closing
IDLE = Idle()


def holding_of(state: State) -> Holding | None:
    """The position behind a state; None where nothing is open."""
    # By type: it is asked several times a tick, and to ask whether a Struct is an instance takes four times as long.
    return state.holding if type(state) is Open or type(state) is Closing else None


def plan_of(state: State) -> Plan | None:
    """The plan behind a state; None where nothing is planned."""
    if type(state) is Scheduled or type(state) is Opening:
        return state.plan
    holding = holding_of(state)
    return None if holding is None else holding.plan
