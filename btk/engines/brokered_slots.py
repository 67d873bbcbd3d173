"""The slots of a run with a real broker: what their orders have done is taken in, what they want is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from btk.core.broker_plan import Attempts, GiveUp, Look, Refuse, wanted
from btk.core.brokered import Absorbed, Scene, absorbed, crumbled, given_up, refused, vanished, why_cancelled
from btk.core.order_course import CancelWanted, OrderEvent, follow, must_watch
from btk.core.protection import Alarm, CloseNow, Drop, Gone, Place, situation, uncovered
from btk.core.renewal import follows_a_fill
from btk.core.states import Add, Closing, Idle, Open, Opening, Scheduled, State, plan_of
from btk.core.strays import ended, strays, to_end, without_settled
from btk.engines.slot import Slot
from btk.engines.trading import Trading
from btk.model.accounts import MarketLimits
from btk.model.events import CancelledEvent, ClosedEvent
from btk.model.intents import ENTRY_LEGS, PROTECTIVE_LEGS, Intent
from btk.model.names import SlotKey
from btk.model.orders import Fill
from btk.model.trade import CancelReason

KEPT_OF_A_LEG = 8
"""So many protective orders that never traded are remembered: enough to see how often it failed."""


class Change(NamedTuple):
    """What a look at a slot has brought: whether anything is to be saved, and what a person should hear.

    `news` happened once; `naked` says why a position has no stop at the exchange, "" where it has; `unseen` names an
    order that could not be looked at for long.
    """

    changed: bool
    alarms: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    naked: str = ""
    unseen: str = ""


class BrokeredSlots:
    """The orders of all slots of `trading`; `attempts` is how often they are tried.

    Two things are filled in from outside: `fee_prices`, by quote currency what third currencies are worth that fees are
    paid in, and `withheld`, what orders of others lock of a slot's coins.
    """

    def __init__(self, trading: Trading, attempts: Attempts) -> None:
        self._trading = trading
        self._attempts = attempts
        self._news: dict[SlotKey, list[str]] = {}
        self.fee_prices: dict[str, dict[str, float]] = {}
        self.withheld: dict[SlotKey, float] = {}

    def look(self, key: SlotKey, limits: MarketLimits, now_ms: int) -> Change:
        """Take in what a slot's orders have done, then write down what it wants now."""
        slot, alarms, changed = self._trading.slots[key], list[str](), False
        # Not at the end of a look: how an order came to its end is saved, and told, before it is forgotten.
        self._forget(slot, now_ms)
        # What is taken in changes what is wanted, and once more where that ends a position.
        for _ in range(3):
            scene = self._scene(slot, limits)
            took = self._take_in(slot, absorbed(slot.state, slot.intents, scene))
            asked = [
                self._do(slot, action, scene, now_ms, alarms) for action in self._wanted(slot, scene, now_ms)
            ]
            stray = self._end_strays(slot, scene, now_ms)
            changed |= took or any(asked) or stray
            if not took and not any(asked) and not stray:
                break
        news = tuple(self._news.pop(key, ()))
        naked, unseen = self._naked(slot, limits, now_ms), self._unseen(slot)
        return Change(changed, tuple(alarms), news, naked, unseen)

    def vanish(
        self, key: SlotKey, hands: Sequence[Fill], venue: tuple[MarketLimits, int], beyond: float = 0.0
    ) -> None:
        """The position of a slot is gone at the exchange; what is left of its orders is dropped.

        `hands` are trades of others, `venue` the market's limits and the time there, `beyond` what others hold instead.
        """
        slot, (limits, now_ms) = self._trading.slots[key], venue
        signal_id = _id_of(slot.state)
        self._take_in(slot, vanished(slot.state, self._scene(slot, limits), slot.intents, hands, beyond))
        for intent in slot.intents:
            if intent.signal_id == signal_id:
                self.follow(key, intent.client_order_id, CancelWanted(now_ms))

    def follow(self, key: SlotKey, client_order_id: str, event: OrderEvent) -> None:
        """Something happened to an order of a slot."""
        slot = self._trading.slots[key]
        for place, before in enumerate(slot.intents):
            if before.client_order_id == client_order_id:
                after = follow(before, event).intent
                slot.intents = (*slot.intents[:place], after, *slot.intents[place + 1 :])
                if words := _surprise(before, after):
                    self._tell(slot, words)

    def intents(self) -> Iterator[tuple[SlotKey, Intent]]:
        """Every intent of every slot that is not forgotten."""
        for key, slot in self._trading.slots.items():
            for intent in slot.intents:
                yield key, intent

    def follows_a_fill(self, key: SlotKey, intent: Intent) -> bool:
        """Whether an order of a slot only makes its stop or target as large as what was bought."""
        return follows_a_fill(intent, self._trading.slots[key].intents)

    def _unseen(self, slot: Slot) -> str:
        blind = (one for one in slot.intents if one.in_flight and one.tries > self._attempts.checks)
        worst = max(blind, key=lambda one: one.tries, default=None)
        return f"its {worst.leg} was asked about {worst.tries} times in vain: {worst.detail}" if worst else ""

    def _scene(self, slot: Slot, limits: MarketLimits) -> Scene:
        tick_ms, price = self._trading.reached.slots[slot.key], self._trading.price(slot.key.symbol)
        fee_prices, withheld = self.fee_prices.get(limits.quote, {}), self.withheld.get(slot.key, 0.0)
        return Scene(tick_ms, price, limits, slot.terms, fee_prices, withheld)

    def _look_of(self, slot: Slot, scene: Scene, now_ms: int) -> Look:
        return Look(slot.key, slot.state, slot.intents, scene, now_ms, self._attempts, slot.stopping)

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
        if any(isinstance(event, ClosedEvent) for event in found.events):
            slot.intents = tuple(_after_the_end(slot.intents, _id_of(before)))
        if any(isinstance(event, CancelledEvent) for event in found.events):
            self._use_id(slot, before)
        if isinstance(found.state, Open) and not any(
            one.in_flight for one in slot.intents if one.leg in ENTRY_LEGS
        ):
            asked = sum(order.cost for order in found.state.orders if isinstance(order, Add))
            slot.correct_cost(found.state.holding.remaining + asked)
        if isinstance(found.state, Open) and isinstance(before, Scheduled | Opening):
            seen_ms = self._trading.reached.slots[slot.key]
            slot.sightings.begin(seen_ms, seen_ms)
        return True

    def _do(self, slot: Slot, action: object, scene: Scene, now_ms: int, alarms: list[str]) -> bool:
        match action:
            case Place(intent) if intent.leg == "entry" and (words := self._crowded(slot, scene.limits)):
                return self._do(slot, GiveUp(words), scene, now_ms, alarms)
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
                return self._take_in(slot, crumbled(slot.state, slot.intents, scene))
        return False

    def _crowded(self, slot: Slot, limits: MarketLimits) -> str:
        # Each position on spot has one stop that waits at the exchange; what gets none would have to be sold again.
        symbol, most = slot.key.symbol, limits.max_algo_orders
        slots = self._trading.slots.items()
        with_orders = [key for key, one in slots if any(each.in_flight for each in one.intents)]
        others = sum(key.symbol == symbol and key != slot.key for key in with_orders)
        if limits.protection != "pair" or not most or others < most:
            return ""
        return f"{others} others trade {symbol}, and the exchange takes no more than {most} stops"

    def _end_strays(self, slot: Slot, scene: Scene, now_ms: int) -> bool:
        before = slot.intents
        for stray in list(strays(slot.state, before)):
            trade = ended(stray, scene)
            if trade is not None and isinstance(slot.state, Idle):
                slot.settle_orders(trade.state, trade.events)
                slot.intents = tuple(one for one in slot.intents if one.signal_id != stray.signal_id)
                continue
            for action in to_end(stray, slot.key, scene, now_ms):
                if isinstance(action, Alarm):
                    self._tell(slot, action.words)
                else:
                    self._do(slot, action, scene, now_ms, [])
        return slot.intents != before

    def _naked(self, slot: Slot, limits: MarketLimits, now_ms: int) -> str:
        price = self._trading.price(slot.key.symbol)
        now = situation(slot.key, slot.state, price, slot.intents, (limits, now_ms))
        bare = uncovered(now) if now is not None else 0.0
        if now is None or not bare:
            return ""
        last = max(now.of_leg("stop", "pair", "close"), key=lambda one: one.prepared_at_ms, default=None)
        why = "orders of others lock them" if slot.key in self.withheld else last.detail if last else ""
        return f"{bare:g} {limits.base} have no stop at the exchange: {why}"

    def _use_id(self, slot: Slot, before: State) -> None:
        plan = plan_of(before)
        if plan is not None and plan.own_id and any(one.signal_id == plan.id for one in slot.intents):
            # Orders are named after it, and a name means one order for ever.
            slot.used_ids.add(plan.id)

    def _tell(self, slot: Slot, words: str) -> None:
        self._news.setdefault(slot.key, []).append(words)

    def _forget(self, slot: Slot, now_ms: int) -> None:
        if not slot.intents:
            return
        if isinstance(slot.state, Idle):
            slot.intents = tuple(
                one for one in slot.intents if _matters(one, now_ms) or _is_untold(slot, one.signal_id)
            )
        else:
            slot.intents = without_settled(slot.intents, KEPT_OF_A_LEG, now_ms)


def _matters(intent: Intent, now_ms: int) -> bool:
    return intent.in_flight or must_watch(intent, now_ms)


def _is_untold(slot: Slot, signal_id: str) -> bool:
    return any(one.signal_id == signal_id and one.traded for one in strays(slot.state, slot.intents))


def _after_the_end(intents: Sequence[Intent], signal_id: str) -> Iterator[Intent]:
    """What may still come of the orders of a position that is told to be over."""
    for one in intents:
        if one.signal_id != signal_id:
            yield one
        elif one.status == "absent":
            yield msgspec.structs.replace(one, booked=False)
        elif one.in_flight:
            yield msgspec.structs.replace(one, booked=True)


def _surprise(before: Intent, after: Intent) -> str:
    if after.turned_up and not before.turned_up:
        return f"the {after.leg} that nobody could find any more has turned up: {after.status}"
    by_hand = after.ending == "cancelled" and not after.cancel and before.ending != after.ending
    if by_hand and after.leg in PROTECTIVE_LEGS:
        return f"the {after.leg} was cancelled by another hand; it is placed again"
    return ""


def _reason(slot: Slot) -> CancelReason:
    return why_cancelled(slot.state.request if isinstance(slot.state, Scheduled) else None)


def _id_of(state: State) -> str:
    plan = plan_of(state)
    return plan.id if plan else ""
