"""Fail-if: conditions on a run's statistics (`max_drawdown_pct > 25`) that make it count as failed."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from btk.model.errors import UsageError
from btk.model.plain_words import did_you_mean
from btk.report.statistics import statistic_names

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*")


class Condition(msgspec.Struct, frozen=True):
    """`statistic operator number`; the run fails when it holds."""

    statistic: str
    operator: str
    number: float

    def __str__(self) -> str:
        return f"{self.statistic} {self.operator} {self.number:.12g}"


def parse_condition(text: str) -> Condition:
    """A condition from the command line; `UsageError` says which part of it cannot be used."""
    match = _CONDITION.fullmatch(text)
    if not match:
        raise UsageError(
            f"--fail-if {text!r} is not 'statistic operator number', such as 'max_drawdown_pct > 25'"
        )
    statistic, sign, number = match.groups()
    _check_statistic(text, statistic)
    return Condition(statistic, sign, _number(text, number))


def failures(conditions: Iterable[Condition], statistics: Mapping[str, object]) -> tuple[str, ...]:
    """One line for each condition that makes the run fail; a statistic that is None (or absent) fails too."""
    lines = (_failure(condition, statistics.get(condition.statistic)) for condition in conditions)
    return tuple(line for line in lines if line)


def _failure(condition: Condition, figure: object) -> str | None:
    if not isinstance(figure, int | float):
        return f"{condition}: {condition.statistic} is N/A in this run, the sample cannot carry it"
    if OPERATORS[condition.operator](figure, condition.number):
        return f"{condition}: {condition.statistic} is {figure:.6g}"
    return None


def _check_statistic(text: str, statistic: str) -> None:
    names = statistic_names()
    if statistic in names:
        return
    remedy = (
        did_you_mean(statistic, names) or f"; there are {', '.join(names[:12])} .. (see a result document)"
    )
    raise UsageError(f"--fail-if {text!r}: there is no statistic {statistic!r}{remedy}")


def _number(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"--fail-if {text!r}: {number!r} is not a number")
    return value
