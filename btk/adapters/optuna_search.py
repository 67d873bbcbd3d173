"""A search for good parameters with Optuna: it asks for variants where the values so far look promising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from btk.model.errors import UsageError

SEED = 20_240_101


class Span(NamedTuple):
    """Numbers from `low` to `high`; whole ones when all three are, every number between without `step`."""

    low: int | float
    high: int | float
    step: int | float | None


Choices = tuple[Any, ...]
Space = Mapping[str, Span | Choices]


class Search:
    """Asks and is told; the same answers in the same order lead to the same questions."""

    def __init__(self, space: Space, minimize: bool, seed: int = SEED) -> None:
        try:
            import optuna
        except ImportError:
            raise UsageError("--trials needs Optuna: pip install 'btk[search]'") from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        self._pruned = optuna.trial.TrialState.FAIL
        self._study = optuna.create_study(
            direction="minimize" if minimize else "maximize",
            sampler=optuna.samplers.TPESampler(seed=seed),
        )

    def ask(self) -> tuple[int, dict[str, Any]]:
        """A question's number and the parameters to try."""
        trial = self._study.ask()
        return trial.number, {name: _suggested(trial, name, values) for name, values in self._space.items()}

    def tell(self, number: int, value: float | None) -> None:
        """What came of a question; None for nothing that can be compared."""
        if value is None:
            self._study.tell(number, state=self._pruned)
        else:
            self._study.tell(number, value)


def _suggested(trial: Any, name: str, values: Span | Choices) -> Any:
    if not isinstance(values, Span):
        # Optuna keeps places rather than values, which may be lists.
        return values[trial.suggest_categorical(name, list(range(len(values))))]
    whole = all(number is None or isinstance(number, int) for number in values)
    if whole:
        return trial.suggest_int(name, values.low, values.high, step=values.step or 1)
    return trial.suggest_float(name, values.low, values.high, step=values.step)
