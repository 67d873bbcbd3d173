"""Strays: orders that turned up after their signal was given up. What they wait for is cancelled, what they bought is sold.

Pure and repeatable. A stray has no plan any more: its levels are the widest that the rules allow, for the moment until
it is closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from btk.core import facts
from btk.core.brokered import Absorbed, Scene, closed_lot
from btk.core.facts import Exit
from btk.core.holding import Plan, opened
from btk.core.lot import executed, lot_of
from btk.core.order_course import must_watch
from btk.core.order_rounding import is_dust
from btk.core.protection import Action, Alarm, Drop, Situation, next_actions, placed
from btk.core.real_exit import real_exit
from btk.core.states import IDLE, State, plan_of
from btk.model.intents import ENTRY_LEGS, Intent
from btk.model.intervals import MINUTE_MS, floor_to
from btk.model.names import SlotKey

FOREVER_MS = float("inf")


class Stray(NamedTuple):
    """The orders of a signal that the slot has no plan for."""

    signal_id: str
    intents: tuple[Intent, ...]

    @property
    def side(self) -> int:
        """+1 where it bought, -1 where it sold."""
        entry = next((one for one in self.intents if one.leg in ENTRY_LEGS), None)
        return 0 if entry is None else 1 if entry.side == "buy" else -1

    @property
    def traded(self) -> bool:
        """Whether it has bought anything."""
        return any(one.filled_quantity for one in self.intents if one.leg in ENTRY_LEGS)

    @property
    def quantity(self) -> float:
        """What it holds, never below 0."""
        return lot_of(self.intents, self.signal_id).quantity if self.side else 0.0


def strays(state: State, intents: Sequence[Intent]) -> Iterator[Stray]:
    """Every signal that has unfinished orders or a lot, and is not the one of the state."""
    plan = plan_of(state)
    known = plan.id if plan else None
    for signal_id in dict.fromkeys(one.signal_id for one in intents if one.signal_id != known):
        own = tuple(one for one in intents if one.signal_id == signal_id)
        if not any(one.booked for one in own if one.leg in ENTRY_LEGS):
            yield Stray(signal_id, own)


def to_end(stray: Stray, key: SlotKey, scene: Scene, now_ms: int) -> tuple[Action, ...]:
    """What is to be done at once so that nothing of it is left."""
    if not stray.quantity or is_dust(stray.quantity, scene.price, scene.limits):
        return tuple(Drop(one.client_order_id) for one in stray.intents if one.standing and not one.cancel)
    plan = _plan(stray, scene)
    now = Situation(
        key=key,
        signal_id=stray.signal_id,
        side=stray.side,
        stop=plan.price_stop_loss,
        take=plan.price_take_profit,
        closing=True,
        price=scene.price,
        intents=stray.intents,
        limits=scene.limits,
        now_ms=now_ms,
    )
    drops = (Drop(one.client_order_id) for one in stray.intents if one.leg in ENTRY_LEGS and one.standing)
    actions = next_actions(now)
    if not any(one.intent.leg == "close" for one in placed(actions)):
        return (*drops, *actions)
    words = f"an order that was given up turned up: {stray.quantity:g} {scene.limits.base} are closed again"
    return (Alarm(words), *drops, *actions)


def ended(stray: Stray, scene: Scene) -> Absorbed | None:
    """The trade it was, once it is over; None before that and where nothing was ever bought."""
    lot = lot_of(stray.intents, stray.signal_id)
    if not lot.left.quantity or any(one.in_flight for one in stray.intents):
        return None
    if not is_dust(lot.quantity, scene.price, scene.limits) and lot.quantity:
        return None
    entries = [one for one in stray.intents if one.leg in ENTRY_LEGS]
    first_ms = min((fill.at_ms for one in entries for fill in one.fills), default=scene.tick_ms)
    paid = lot.entered.price or scene.price
    holding = opened(_plan(stray, scene), paid, floor_to(first_ms, MINUTE_MS), scene.terms.rules)
    left = real_exit(stray.intents, stray.signal_id)
    at_ms = floor_to(left.at_ms or scene.tick_ms, MINUTE_MS)
    exit = Exit(left.price or scene.price, at_ms, max(at_ms, scene.tick_ms), left.reason or "order_lost")
    events = (facts.opened(holding, scene.tick_ms, scene.terms), closed_lot(holding, lot, exit, scene))
    return Absorbed(IDLE, events, tuple(one.client_order_id for one in stray.intents))


def _plan(stray: Stray, scene: Scene) -> Plan:
    entered = [executed(one) for one in stray.intents if one.leg in ENTRY_LEGS]
    cost, quantity = sum(one.cost for one in entered), sum(one.quantity for one in entered)
    price = cost / quantity if quantity else scene.price
    away = scene.terms.rules.max_stop_loss_pct / 100 * stray.side
    return Plan(
        # The signal may have had a trade of its own that is over.
        id=f"{stray.signal_id}-late",
        position="long" if stray.side > 0 else "short",
        side=stray.side,
        price_open=price,
        price_take_profit=price * (1 + away),
        price_stop_loss=price * (1 - away),
        lifetime_ms=FOREVER_MS,
        cost=cost,
        note="turned up after it was given up",
        created_ms=scene.tick_ms,
        price=price,
    )


def without_settled(intents: Sequence[Intent], keeps: int, now_ms: int) -> tuple[Intent, ...]:
    """The intents of an open position without those that never traded, but for the last ones of a leg.

    The last ones say which part comes next, and how often it failed.
    """
    newest: dict[tuple[str, str], list[int]] = {}
    for one in intents:
        newest.setdefault((one.signal_id, one.leg), []).append(one.part)
    kept = {name: set(sorted(parts)[-keeps:]) for name, parts in newest.items()}
    return tuple(
        one
        for one in intents
        if one.in_flight
        or one.filled_quantity
        or (one.leg in ENTRY_LEGS and must_watch(one, now_ms))
        or one.part in kept[one.signal_id, one.leg]
    )
