"""The judge: from a strategy's wish to a plan whose money and places are reserved, or to a refusal."""

from __future__ import annotations

import msgspec

from btk.core import sizing as sizings
from btk.core import validation
from btk.core.holding import Plan
from btk.core.risk import Candidate, Refusal, Standing, candidate, unread_candidate
from btk.engines.slot import Slot
from btk.engines.world import World
from btk.model.errors import InsufficientData, InvalidInput
from btk.model.settings import Sizing
from btk.model.signal import Signal


class Rejection(msgspec.Struct, frozen=True):
    """A wish that is worth nothing: the interval slot is used up."""

    reason: str
    detail: str


class Judge:
    """Validates first, then sizes, then asks risk and cash in one step; a `Refusal` gives the interval slot back."""

    def __init__(self, world: World, sizing: Sizing) -> None:
        self._world = world
        self._sizing = sizing
        self._as_planned = sizings.is_as_planned(sizing)

    def judged(self, slot: Slot, signal: Signal, tick_ms: int) -> Plan | Rejection | Refusal:
        """What becomes of a signal at a tick."""
        price = slot.price_at(tick_ms)
        unread = self._refused_unread(slot, signal, price, tick_ms)
        if unread is not None:
            return unread
        plan = validation.plan(signal, price, tick_ms, slot.terms)
        if isinstance(plan, tuple):
            return Rejection("invalid", "; ".join(plan))
        if plan.id in slot.used_ids:
            return Rejection("duplicate_id", f"{plan.id} has been opened before")
        sized = self._sized(slot, signal, plan, tick_ms)
        if isinstance(sized, Refusal):
            return sized
        refusal = self._world.books.reserve(
            slot.key, sized.cost, lambda: self._application(slot, sized, price, tick_ms)
        )
        return sized if refusal is None else refusal

    def _application(self, slot: Slot, plan: Plan, price: float, tick_ms: int) -> tuple[Candidate, Standing]:
        wish = candidate(plan, slot.key.symbol, slot.key.strategy, price, tick_ms)
        return wish, self._world.tape.standing(tick_ms)

    def _refused_unread(self, slot: Slot, signal: Signal, price: float, tick_ms: int) -> Refusal | None:
        if not slot.terms.rules.quirks.risk_before_validation:
            return None
        if isinstance(signal.id, str) and signal.id in slot.used_ids:
            return None
        if signal.symbol not in (None, slot.key.symbol):
            return None
        wish = unread_candidate(signal, slot.terms, price, tick_ms)
        return self._world.books.rule_refusal(slot.key, wish, self._world.tape.standing(tick_ms))

    def _sized(self, slot: Slot, signal: Signal, plan: Plan, tick_ms: int) -> Plan | Refusal:
        if signal.cost is not None or self._as_planned:
            return plan
        equity = self._world.tape.equity_at(tick_ms)
        cost = sizings.entry_cost(self._sizing, plan, equity, lambda: self._average_range(slot))
        if isinstance(cost, str):
            return Refusal("sizing", "", cost)
        return plan if cost == plan.cost else msgspec.structs.replace(plan, cost=cost)

    def _average_range(self, slot: Slot) -> float:
        try:
            candles = slot.market.candles(slot.strategy.interval, self._sizing.atr_bars + 1)
        except InsufficientData as problem:
            raise InvalidInput(f"sizing.atr: {problem}") from problem
        return sizings.average_true_range(candles)
