"""A run that may not start says so in one line, before it asks the exchange for anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from btk.adapters.state_lock import only_writer
from btk.library.project import open_project
from btk.library.stop_control import StopControl
from btk.library.trading_run import TradingRun
from btk.model.errors import AlreadyRunning, BtkError, DamagedState, DumpError
from tests.cli.strategy_project import make_project
from tests.fakes.stepped_host import SteppedHost

START_MS = 1_704_241_800_000
Trouble = Callable[[Path], AbstractContextManager[None]]


class CountingHost(SteppedHost):
    """Counts how often its clock is asked; the demo exchange has no other."""

    asked = 0

    def monotonic(self) -> float:
        self.asked += 1
        return super().monotonic()


@contextmanager
def a_file(data: Path) -> Iterator[None]:
    """Something else is where the state should be."""
    data.parent.mkdir(parents=True)
    data.write_text("a file")
    yield


@contextmanager
def everybodys(data: Path) -> Iterator[None]:
    """Everybody can write to it."""
    data.mkdir(parents=True)
    data.chmod(0o777)
    yield


@contextmanager
def taken(data: Path) -> Iterator[None]:
    """Another process is at work there."""
    with only_writer(data, "btk paper"):
        yield


@contextmanager
def damaged(data: Path) -> Iterator[None]:
    """A slot's record cannot be read, and nothing else is left of it."""
    record = data / "strategy/BTCUSDT_every_hour_demo/strategy.json"
    record.parent.mkdir(parents=True)
    record.write_bytes(b"\0" * 100)
    yield


@pytest.mark.parametrize(
    ("trouble", "error", "code"),
    [
        (a_file, DumpError, 3),
        (everybodys, DumpError, 3),
        (taken, AlreadyRunning, 8),
        (damaged, DamagedState, 6),
    ],
)
def test_it_asks_nobody_before_its_state_is_sure(
    tmp_path: Path, trouble: Trouble, error: type[BtkError], code: int
) -> None:
    settings, root = open_project(make_project(tmp_path))
    host = CountingHost(START_MS, {})
    run = TradingRun(settings, root, "paper", host=host)
    asked = host.asked
    with trouble(root / "dump/paper/data"), pytest.raises(error) as refused:
        asyncio.run(run.run(StopControl("wait"), lambda started: None))
    assert host.asked == asked
    assert refused.value.exit_code == code
    assert "\n" not in str(refused.value)
    assert "dump/paper/data" in str(refused.value)
