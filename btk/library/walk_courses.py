"""Courses of a walk: which variants are tried, in which order, and what they are measured against each other by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import msgspec

from btk.adapters.optuna_search import Search, Space, Span
from btk.engines.walker import Score, Variant
from btk.library.contenders import Contenders
from btk.library.parameter_grid import Axis
from btk.model.errors import UsageError
from btk.report.document import Document
from btk.report.ranking import Ranking

# Asked at once, however many processes there are: what is tried does not depend on the machine.
BATCH = 8
# The trades of so few variants are kept, to be looked at side by side; of more, only the figures.
KEPT = 10
# A search that comes to know a small space asks for the same again and again; then the next combination is taken.
MOST_REPEATS = 20
STRATEGY = "(strategy)"

RunVariants = Callable[[Iterable[Variant]], Iterator[Score]]


def rank(ranking: Ranking, scored: Score) -> None:
    """Put a variant in its place; one that failed has none."""
    if scored.status == "done":
        ranking.add(scored.number, scored.strategy, scored.params, scored.statistics)


class Course(Protocol):
    """One way to walk."""

    @property
    def total(self) -> int:
        """How many variants there will be."""

    @property
    def ranking(self) -> Ranking:
        """The order in which they come out."""

    def scores(self, run: RunVariants) -> Iterator[Score]:
        """Run every variant and answer its score."""

    def document(self) -> Document:
        """What only this course has to say, for the result document."""


class Grid:
    """Every combination of the parameters."""

    def __init__(self, contenders: Contenders, axes: tuple[Axis, ...], ranking: Ranking) -> None:
        self._contenders = contenders
        self._axes = axes
        self.ranking = ranking

    @property
    def total(self) -> int:
        """How many combinations there are."""
        return self._contenders.count(self._axes)

    def scores(self, run: RunVariants) -> Iterator[Score]:
        """All of them at once."""
        few = self.total <= KEPT
        variants = self._contenders.variants(self._axes)
        for scored in run(msgspec.structs.replace(variant, keep_trades=few) for variant in variants):
            rank(self.ranking, scored)
            yield scored

    def document(self) -> Document:
        """Nothing more."""
        return {}


class Searched:
    """As many trials as were asked for, each where the ones before say that it is worth it, none of them twice."""

    def __init__(self, contenders: Contenders, axes: tuple[Axis, ...], ranking: Ranking, trials: int) -> None:
        if not axes:
            raise UsageError("--trials needs --param NAME=LOW:HIGH: there is nothing to search")
        self._contenders = contenders
        self._axes = axes
        self._search = Search(_space(contenders, axes), ranking.minimize)
        self._values: dict[str, float | None] = {}
        self._questions: dict[int, int] = {}
        self._is_endless = not all(axis.values for axis in axes)
        self.total = trials if self._is_endless else min(trials, contenders.count(axes))
        self.ranking = ranking

    def scores(self, run: RunVariants) -> Iterator[Score]:
        """In batches: ask, run, tell in the order in which was asked."""
        for begin in range(1, self.total + 1, BATCH):
            asked = [self._asked(number) for number in range(begin, min(begin + BATCH, self.total + 1))]
            found: dict[int, Score] = {}
            for scored in run(asked):
                found[scored.number] = scored
                rank(self.ranking, scored)
                yield scored
            if len(found) < len(asked):
                return
            for variant in asked:
                self._learn(variant, _value(self.ranking, found[variant.number]))

    def document(self) -> Document:
        """How it was searched."""
        return {"search": {"trials": self.total, "sampler": "tpe", "batch": BATCH}}

    def _asked(self, number: int) -> Variant:
        variant, question = self._suggested(number)
        if question is None and not self._is_endless:
            variants = self._contenders.variants(self._axes)
            untried = next(one for one in variants if self._contenders.key(one) not in self._values)
            variant = msgspec.structs.replace(untried, number=number)
        if question is not None:
            self._questions[number] = question
        self._values[self._contenders.key(variant)] = None
        return msgspec.structs.replace(variant, keep_trades=self.total <= KEPT)

    def _suggested(self, number: int) -> tuple[Variant, int | None]:
        for _ in range(MOST_REPEATS):
            question, params = self._search.ask()
            variant = self._contenders.variant(number, int(params.pop(STRATEGY, 0)), params)
            key = self._contenders.key(variant)
            if key not in self._values:
                return variant, question
            self._search.tell(question, self._values[key])
        return variant, None

    def _learn(self, variant: Variant, value: float | None) -> None:
        plain = msgspec.structs.replace(variant, keep_trades=False)
        self._values[self._contenders.key(plain)] = value
        if variant.number in self._questions:
            self._search.tell(self._questions[variant.number], value)


def _value(ranking: Ranking, scored: Score) -> float | None:
    figure = scored.statistics.get(ranking.metric)
    return float(figure) if isinstance(figure, int | float) else None


def _space(contenders: Contenders, axes: tuple[Axis, ...]) -> Space:
    space: dict[str, Any] = {}
    if len(contenders.all) > 1:
        space[STRATEGY] = tuple(range(len(contenders.all)))
    for axis in axes:
        space[axis.name] = (
            Span(axis.range.low, axis.range.high, axis.range.step) if axis.range else axis.values
        )
    return space
