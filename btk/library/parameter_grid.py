"""The parameters a walk tries: `fast=5,10,20`, `slow=5:50:5` (both ends included), and every combination of them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from btk.adapters.settings_tree import UNWRITTEN, plain
from btk.adapters.settings_yaml import YamlProblem, read_yaml
from btk.model.errors import UsageError

MOST_VALUES = 100_000
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER})(?::({_NUMBER}))?\Z")
_DIGITS = 12


class Range(msgspec.Struct, frozen=True):
    """Numbers from `low` to `high`, both included; without `step` every number between, for a search only."""

    low: int | float
    high: int | float
    step: int | float | None


class Axis(msgspec.Struct, frozen=True):
    """One parameter and the values to try; `range` where they were written as one."""

    name: str
    values: tuple[Any, ...]
    range: Range | None = None


def parse_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """The axes of `--param` flags; `UsageError` says which of them cannot be used."""
    axes = tuple(map(parse_axis, texts))
    names = [axis.name for axis in axes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"--param {twice} is given twice; write all its values in one: {twice}=5,10,20")
    return axes


def parse_axis(text: str) -> Axis:
    """One axis: values with commas between, or `LOW:HIGH:STEP`."""
    name, equals, values = text.partition("=")
    name = name.strip()
    if not (name and equals and values.strip()):
        raise UsageError(f"--param needs NAME=VALUES such as fast=5,10,20 or fast=5:50:5, got {text!r}")
    if found := _RANGE.match(values.strip()):
        return _range_axis(name, text, Range(*map(_number, found.groups())))
    parsed = _listed(text, values)
    # To Python True is 1, to a parameter it is not.
    told_apart = [(isinstance(value, bool), value) for value in parsed]
    return Axis(
        name, tuple(value for at, value in enumerate(parsed) if told_apart[at] not in told_apart[:at])
    )


def combinations(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    """Every combination, the last axis moving fastest; one empty one of no axes."""
    names = [axis.name for axis in axes]
    for values in itertools.product(*(axis.values for axis in axes)):
        yield dict(zip(names, values, strict=True))


def count(axes: Sequence[Axis]) -> int:
    """How many combinations there are."""
    return math.prod(len(axis.values) for axis in axes)


def _range_axis(name: str, text: str, found: Range) -> Axis:
    low, high, step = found.low, found.high, found.step
    if step is None and isinstance(low, int) and isinstance(high, int):
        step = 1
    if high < low or (step is not None and step <= 0):
        raise UsageError(f"--param {text}: a range is LOW:HIGH:STEP with LOW <= HIGH and STEP above 0")
    if step is None:
        return Axis(name, (), found)
    steps = math.floor((high - low) / step + 1e-9)
    if steps >= MOST_VALUES:
        raise UsageError(f"--param {text}: {steps + 1:,} values are too many for one parameter")
    whole = all(isinstance(number, int) for number in (low, step))
    values = [low + index * step for index in range(steps + 1)]
    return Axis(
        name,
        tuple(values if whole else (round(value, _DIGITS) for value in values)),
        Range(low, high, step),
    )


def _number(text: str | None) -> Any:
    if text is None:
        return None
    return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)


def _listed(text: str, values: str) -> list[Any]:
    if any(mark in values for mark in "[{\"'"):
        # Some of the commas may be within a value.
        return list(_value(text, f"[{values}]"))
    return [_value(text, part) for part in values.split(",")]


def _value(text: str, part: str) -> Any:
    try:
        value = plain(read_yaml(part.strip(), lambda line: UNWRITTEN))
    except YamlProblem as problem:
        raise UsageError(f"--param {text}: {problem.message}") from None
    return _frozen(value)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
