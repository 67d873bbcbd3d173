"""The slots of a run with a real broker: what their orders have done is taken in, what they want is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from btk.core.broker_plan import GiveUp, Look, Refuse, wanted
from btk.core.brokered import Absorbed, Scene, absorbed, given_up, refused, vanished, why_cancelled
from btk.core.order_course import CancelWanted, OrderEvent, follow, must_watch
from btk.core.protection import Alarm, CloseNow, Drop, Gone, Place
from btk.core.states import Closing, Idle, Open, Opening, Scheduled, plan_of
from btk.engines.slot import Slot
from btk.engines.trading import Trading
from btk.model.accounts import MarketLimits
from btk.model.intents import Intent
from btk.model.names import SlotKey
from btk.model.trade import CancelReason


class Change(NamedTuple):
    """What a look at a slot has brought: whether anything is to be saved, and what a person should hear."""

    changed: bool
    alarms: tuple[str, ...] = ()


class BrokeredSlots:
    """The orders of all slots of `trading`; `attempts` is how often an entry is tried again before it is given up."""

    def __init__(self, trading: Trading, attempts: int) -> None:
        self._trading = trading
        self._attempts = attempts

    def look(self, key: SlotKey, limits: MarketLimits, now_ms: int) -> Change:
        """Take in what a slot's orders have done, then write down what it wants now."""
        slot, alarms, changed = self._trading.slots[key], list[str](), False
        # What is taken in changes what is wanted, and once more where that ends a position.
        for _ in range(3):
            scene = self._scene(slot, limits)
            took = self._take_in(slot, absorbed(slot.state, slot.intents, scene))
            asked = [
                self._do(slot, action, scene, now_ms, alarms) for action in self._wanted(slot, scene, now_ms)
            ]
            changed |= took or any(asked)
            if not took and not any(asked):
                break
        self._forget(slot, now_ms)
        return Change(changed, tuple(alarms))

    def vanish(self, key: SlotKey, limits: MarketLimits, now_ms: int) -> None:
        """The position of a slot is gone at the exchange; what is left of its orders is dropped."""
        slot = self._trading.slots[key]
        signal_id = _signal_of(slot)
        self._take_in(slot, vanished(slot.state, self._scene(slot, limits)))
        for intent in slot.intents:
            if intent.signal_id == signal_id:
                self.follow(key, intent.client_order_id, CancelWanted(now_ms))

    def follow(self, key: SlotKey, client_order_id: str, event: OrderEvent) -> None:
        """Something happened to an order of a slot."""
        slot = self._trading.slots[key]
        slot.intents = tuple(
            follow(one, event).intent if one.client_order_id == client_order_id else one
            for one in slot.intents
        )

    def intents(self) -> Iterator[tuple[SlotKey, Intent]]:
        """Every intent of every slot that is not forgotten."""
        for key, slot in self._trading.slots.items():
            for intent in slot.intents:
                yield key, intent

    def situation(self, key: SlotKey, limits: MarketLimits, now_ms: int) -> Look:
        """A slot as it is looked at."""
        slot = self._trading.slots[key]
        return self._look_of(slot, self._scene(slot, limits), now_ms)

    def _scene(self, slot: Slot, limits: MarketLimits) -> Scene:
        return Scene(
            self._trading.reached.slots[slot.key], self._trading.price(slot.key.symbol), limits, slot.terms
        )

    def _look_of(self, slot: Slot, scene: Scene, now_ms: int) -> Look:
        return Look(slot.key, slot.state, slot.intents, scene, now_ms, self._attempts)

    def _wanted(self, slot: Slot, scene: Scene, now_ms: int) -> Sequence[object]:
        return wanted(self._look_of(slot, scene, now_ms))

    def _take_in(self, slot: Slot, found: Absorbed) -> bool:
        before = slot.state
        if found.state is before and not found.events:
            return False
        slot.intents = tuple(
            msgspec.structs.replace(one, booked=True) if one.client_order_id in found.booked else one
            for one in slot.intents
        )
        slot.settle_orders(found.state, found.events)
        if isinstance(found.state, Open) and isinstance(before, Scheduled | Opening):
            seen_ms = self._trading.reached.slots[slot.key]
            slot.sightings.begin(seen_ms, seen_ms)
        return True

    def _do(self, slot: Slot, action: object, scene: Scene, now_ms: int, alarms: list[str]) -> bool:
        match action:
            case Place(intent):
                slot.intents = (*slot.intents, intent)
                return True
            case Drop(client_order_id):
                before = slot.intents
                self.follow(slot.key, client_order_id, CancelWanted(now_ms))
                return slot.intents != before
            case CloseNow(reason, words) if isinstance(slot.state, Open):
                alarms.append(words)
                slot.state = Closing(slot.state.holding, reason, slot.state.orders, words)
                return True
            case Alarm(words):
                alarms.append(words)
                slot.needs_attention = slot.needs_attention or words
            case GiveUp(words):
                plan = plan_of(slot.state)
                assert plan is not None
                return self._take_in(slot, given_up(plan, _reason(slot), words, scene))
            case Refuse(words) if isinstance(slot.state, Open):
                order, *rest = slot.state.orders
                kept = msgspec.structs.replace(slot.state, orders=tuple(rest))
                return self._take_in(slot, Absorbed(kept, (refused(order, words, scene),)))
            case Gone() if isinstance(slot.state, Open | Closing):
                return self._take_in(slot, vanished(slot.state, scene))
        return False

    def _forget(self, slot: Slot, now_ms: int) -> None:
        if slot.intents and isinstance(slot.state, Idle):
            slot.intents = tuple(one for one in slot.intents if one.in_flight or must_watch(one, now_ms))


def _reason(slot: Slot) -> CancelReason:
    return why_cancelled(slot.state.request if isinstance(slot.state, Scheduled) else None)


def _signal_of(slot: Slot) -> str:
    plan = plan_of(slot.state)
    return plan.id if plan else ""
