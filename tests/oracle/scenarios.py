"""The recorded experiments: read from the project's shared folder, as typed values."""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "oracle"
EXCEPTIONS = frozenset(
    (
        "cost_zero",
        "infinity_user_close_last_candle_of_chunk",
        "user_create_signal_stale",
        "fill_drops_queued_commits",
    )
)
"""Where we differ on purpose although the origin went on."""

Plain = dict[str, Any]


class FrameSpec(msgspec.Struct, frozen=True):
    """Ticks at `start`, + interval, ... up to `end` included; milliseconds."""

    interval: str
    start: int
    end: int


class StrategySpec(msgspec.Struct, frozen=True):
    """How often the strategy is asked."""

    interval: str


class CandleSpec(msgspec.Struct, frozen=True):
    """Minutes from `start` on; None is a missing one; `pad` "none": nothing after the last row."""

    start: int
    rows: list[list[float] | None]
    pad: str | None = None


class SignalSpec(msgspec.Struct, frozen=True):
    """What get_signal answers in the interval slot that starts `at`: a signal, None, or an exception."""

    at: int
    dto: Plain | None = None
    throws: str | None = None


class CommitSpec(msgspec.Struct, frozen=True):
    """One operation of the script, at a ping."""

    at: int
    op: str
    on: str = "active"
    args: list[Any] = msgspec.field(default_factory=list)


class Expected(msgspec.Struct, frozen=True, rename="camel"):
    """What the origin's engine did."""

    fatal: str | None
    counts: dict[str, int]
    signal_calls: list[int]
    per_signal: dict[str, Plain]
    events: list[Plain]
    trace: list[tuple[str, int, float]] | None = None


class Scenario(msgspec.Struct, frozen=True):
    """One closed experiment."""

    name: str
    note: str
    symbol: str
    frame: FrameSpec
    strategy: StrategySpec
    candles: CandleSpec
    signals: list[SignalSpec]
    commits: list[CommitSpec]
    expected: Expected
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    risk: dict[str, list[Plain]] | None = None

    @property
    def last_tick_ms(self) -> int:
        """The last tick of the frame."""
        step, start = _MINUTES[self.frame.interval] * 60_000, self.first_tick_ms
        return start + (self.frame.end - start) // step * step

    def minute_of(self, at_ms: int) -> int:
        """Minutes since the frame's start."""
        return (at_ms - self.first_tick_ms) // 60_000

    @property
    def first_tick_ms(self) -> int:
        """The first tick of the frame."""
        return self.frame.start // 60_000 * 60_000


_MINUTES = {"1m": 1, "3m": 3, "5m": 5, "15m": 15, "30m": 30, "1h": 60}
_NUMBERS = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
_FILES = ("named.jsonl.gz", "random.jsonl.gz")


@cache
def all_scenarios() -> Mapping[str, Scenario]:
    """Every scenario by name; empty when the shared folder is not there."""
    found = [_scenario(line) for line in _lines()]
    return {scenario.name: scenario for scenario in found}


def scenario(name: str) -> Scenario:
    """One scenario; skips the test when the shared folder is not there."""
    skip_without_recordings()
    return all_scenarios()[name]


def skip_without_recordings() -> None:
    """Say plainly why a test cannot run."""
    if not FOLDER.is_dir():
        pytest.skip("the recorded behaviour (../shared/oracle beside the repository) is not here")


def _lines() -> Sequence[bytes]:
    if not FOLDER.is_dir():
        return []
    return [line for name in _FILES for line in gzip.decompress((FOLDER / name).read_bytes()).splitlines()]


def _scenario(line: bytes) -> Scenario:
    return msgspec.convert(_revived(msgspec.json.decode(line)), Scenario)


def _revived(value: Any) -> Any:
    if isinstance(value, list):
        return [_revived(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$num" in value:
        return _NUMBERS[value["$num"]]
    return {key: _revived(item) for key, item in value.items() if not _is_undefined(item)}


def _is_undefined(item: Any) -> bool:
    return isinstance(item, dict) and "$undef" in item
