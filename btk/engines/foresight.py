"""Foresight: what became of a plan that nobody interfered with, remembered for the next variant that makes the same plan.

The core is pure: the same plan on the same candles by the same rules ends the same way. Variants of a walk differ in
when they enter, and most entries of one are also another's.
"""

from __future__ import annotations

from typing import NamedTuple

from btk.core.holding import Plan
from btk.core.model import Step
from btk.core.states import IDLE


class Turn(NamedTuple):
    """What a candle made of a slot at a tick."""

    tick_ms: int
    step: Step


class Fates:
    """The turns of plans, from right after they were placed to their end.

    After `most` plans all are forgotten: the variants that come next are more like each other than like the first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._turns: dict[Plan, tuple[Turn, ...]] = {}

    def __len__(self) -> int:
        return len(self._turns)

    def of(self, plan: Plan) -> tuple[Turn, ...]:
        """The turns of a plan; none where they are not known."""
        return self._turns.get(plan, ())

    def keep(self, plan: Plan, turns: tuple[Turn, ...]) -> None:
        """Remember what became of a plan."""
        if len(self._turns) >= self._most:
            self._turns.clear()
        self._turns[plan] = turns


class Foresight:
    """One slot's: `ahead` are the turns that are known to come, none where they have to be found."""

    __slots__ = ("_fates", "_plan", "_turns", "ahead")

    def __init__(self, fates: Fates | None) -> None:
        self.ahead: tuple[Turn, ...] = ()
        self._fates = fates
        self._plan: Plan | None = None
        self._turns: list[Turn] = []

    def begin(self, plan: Plan) -> None:
        """A plan was placed. One that rests is not foreseen: risk is asked again when it opens."""
        fates = self._fates
        if fates is None or plan.resting:
            self._plan = None
            return
        self.ahead = fates.of(plan)
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
                self._fates.keep(self._plan, tuple(self._turns))
