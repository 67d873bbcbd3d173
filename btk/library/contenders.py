"""Contenders: the strategies of a walk, checked, with the candles they share; a variant becomes a backtest here."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from btk import wiring
from btk.adapters.strategy_loader import check_parameters, make_strategy, parameter_values, parameters
from btk.core.strategy import Strategy
from btk.engines.backtest import Job
from btk.engines.preflight import check_frame
from btk.engines.walker import Score, Variant, hold_candles, score
from btk.library.parameter_grid import Axis, combinations, count
from btk.model.errors import SettingsError, UsageError
from btk.model.settings import Frame, Settings


class Recipe(NamedTuple):
    """All that it takes to make the same contenders in another process, or on another machine."""

    settings: Settings
    root: Path
    fill_gaps: bool = False


class Contender(NamedTuple):
    """One strategy: its class, its backtest, and names of its code, its candles and the rest of its settings."""

    cls: type[Strategy]
    entry: str
    job: Job
    digests: tuple[str, str, str]


class Contenders:
    """Every strategy of the settings, each to be run alone.

    The constructor loads and checks: `SettingsError`, `StrategyError`, `DataError` for missing candles.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._params = recipe.settings.strategy.params
        pairs = wiring.contender_jobs(recipe.settings, recipe.root, recipe.fill_gaps)
        _check_names([job.seats[0].key.strategy for _, job in pairs])
        if not recipe.fill_gaps:
            for _, job in pairs:
                check_frame(job.source, job.symbols, job.frame)
        held = hold_candles([job for _, job in pairs])
        self.all = [
            Contender(
                type(job.seats[0].strategy),
                alone.strategy.entry[0],
                msgspec.structs.replace(job, source=held, figures_only=True),
                wiring.digests(job, _without_params(alone), recipe.root),
            )
            for alone, job in pairs
        ]
        check_parameters(self.classes, self._params)

    @property
    def classes(self) -> list[type[Strategy]]:
        """The strategies themselves."""
        return [contender.cls for contender in self.all]

    @property
    def digests(self) -> list[tuple[str, str, str]]:
        """Names of the code, the candles and the settings of each."""
        return [contender.digests for contender in self.all]

    @property
    def job(self) -> Job:
        """The backtest of the first; frame, symbols and candles are those of all."""
        return self.all[0].job

    def check(self, axes: Sequence[Axis]) -> None:
        """`SettingsError` for a parameter that nobody has or a value that its strategy cannot take."""
        check_parameters(self.classes, {axis.name: None for axis in axes})
        for contender in self.all:
            for axis in _known(contender, axes):
                for value in axis.values:
                    make_strategy(contender.cls, {axis.name: value})

    def variants(self, axes: Sequence[Axis], frame: Frame | None = None, first: int = 1) -> Iterator[Variant]:
        """Every contender with every combination of the parameters that it has, numbered from `first`."""
        numbers = itertools.count(first)
        for place, contender in enumerate(self.all):
            for params in combinations(_known(contender, axes)):
                yield self.variant(next(numbers), place, params, frame)

    def variant(
        self, number: int, place: int, params: Mapping[str, Any], frame: Frame | None = None
    ) -> Variant:
        """One variant of the contender at `place`, with all of its parameters said."""
        strategy = make_strategy(self.all[place].cls, {**self._params, **params})
        return Variant(number=number, contender=place, params=parameter_values(strategy), frame=frame)

    def count(self, axes: Sequence[Axis]) -> int:
        """How many `variants` there are."""
        return sum(count(_known(contender, axes)) for contender in self.all)

    def name(self, variant: Variant) -> str:
        """The strategy of a variant."""
        return self.all[variant.contender].cls.name

    def score(self, variant: Variant) -> Score:
        """Run one variant; never raises."""
        scored = score(variant, self.name(variant), self._job, time.perf_counter)
        frame = variant.frame
        stretch = {"from_ms": frame.from_ms, "to_ms": frame.to_ms} if frame else {}
        return msgspec.structs.replace(scored, key=self.key(variant), **stretch)

    def key(self, variant: Variant) -> str:
        """A short name of exactly this backtest: equal keys, equal results."""
        digests = self.all[variant.contender].digests
        return blake2b(
            msgspec.json.encode(
                (digests, variant.params, variant.frame, variant.keep_trades), order="deterministic"
            ),
            digest_size=12,
        ).hexdigest()

    def _job(self, variant: Variant) -> Job:
        job = wiring.with_params(self.all[variant.contender].job, variant.params)
        return job if variant.frame is None else msgspec.structs.replace(job, frame=variant.frame)


def _check_names(names: list[str]) -> None:
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SettingsError(
            f"two contenders are named {repeated}; give one another `name`, or leave out what is given twice"
        )


def _known(contender: Contender, axes: Sequence[Axis]) -> list[Axis]:
    names = parameters(contender.cls)
    return [axis for axis in axes if axis.name in names]


def _without_params(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, strategy=msgspec.structs.replace(settings.strategy, params={}))


def check_ranges(axes: Sequence[Axis]) -> None:
    """`UsageError` for a range without a step, which only a search can try."""
    endless = next((axis for axis in axes if not axis.values), None)
    if endless:
        raise UsageError(
            f"--param {endless.name}: a range of fractions needs a step, LOW:HIGH:STEP, or --trials N to search it"
        )
