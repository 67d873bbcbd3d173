"""Foresight: what became of a plan that nobody interfered with, remembered for the next variant that makes the same plan.

The core is pure: the same plan on the same candles by the same rules ends the same way. Variants of a walk differ in
when they enter, and most entries of one are also another's.
"""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from btk.core.holding import Plan
from btk.core.model import Step
from btk.core.states import IDLE


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What a candle made of a slot at a tick."""

    tick_ms: int
    step: Step


Known = dict[Plan, tuple[Turn, ...]]


class Fates:
    """The turns of plans, from right after they were placed to their end; `len` is how many plans are known.

    After `most` plans all are forgotten: the variants that come next are more like each other than like the first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._known: dict[Hashable, Known] = {}

    def __len__(self) -> int:
        return self._count

    def of(self, slot: Hashable) -> Known:
        """The plans of one slot and their turns; `slot` names all that decides about them but the candles."""
        return self._known.setdefault(slot, {})

    def keep(self, known: Known, plan: Plan, turns: tuple[Turn, ...]) -> None:
        """Remember what became of a plan of one slot (`known` is what `of` gave)."""
        if self._count >= self._most:
            # A copy: variants that run side by side in threads may add slots meanwhile.
            for plans in list(self._known.values()):
                plans.clear()
            self._count = 0
        known[plan] = turns
        self._count += 1


class Foresight:
    """One slot's: `ahead` are the turns that are known to come, none where they have to be found."""

    __slots__ = ("_fates", "_known", "_plan", "_turns", "ahead")

    def __init__(self, fates: Fates | None = None, slot: Hashable = None) -> None:
        self.ahead: tuple[Turn, ...] = ()
        self._fates = fates
        self._known = {} if fates is None else fates.of(slot)
        self._plan: Plan | None = None
        self._turns: list[Turn] = []

    def begin(self, plan: Plan) -> None:
        """A plan was placed. One that rests is not foreseen: risk is asked again when it opens."""
        if self._fates is None or plan.resting:
            self._plan = None
            return
        self.ahead = self._known.get(plan, ())
        self._plan = None if self.ahead else plan
        self._turns = []

    def next(self) -> Step:
        """The turn that has come."""
        turn, self.ahead = self.ahead[0], self.ahead[1:]
        return turn.step

    def note(self, tick_ms: int, step: Step) -> None:
        """A candle has made this of the plan."""
        if self._plan is not None and step.events:
            self._turns.append(Turn(tick_ms, step))
            if step.state is IDLE and self._fates is not None:
                self._fates.keep(self._known, self._plan, tuple(self._turns))
