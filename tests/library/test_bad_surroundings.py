"""A run whose folder is moved away, whose disk does not answer, whose file descriptors are used up: it goes on."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from btk.adapters.command_files import CommandFiles, Order
from btk.library.stop_control import StopControl
from btk.library.trading_run import Started
from btk.model.errors import DumpError
from tests.cli.strategy_project import events
from tests.library.trading_project import OPENED, Act, leave, traded, trading_project


def listened(heard: list[str]) -> Callable[[Started], None]:
    """Write down every line that a terminal would be told."""

    def started(start: Started) -> None:
        assert start.attendants is not None
        start.attendants.listeners.append(heard.append)

    return started


def away(root: Path) -> Act:
    return lambda control: os.rename(root / "dump", root / "elsewhere")


def back(root: Path) -> Act:
    return lambda control: os.rename(root / "elsewhere", root / "dump")


def test_a_dump_that_goes_and_comes_back_costs_nothing_but_an_alarm(tmp_path: Path) -> None:
    root, heard = trading_project(tmp_path), list[str]()
    plan = {OPENED + 2: away(root), OPENED + 25: back(root), OPENED + 40: leave}
    ended = traded(root, plan, started=listened(heard))
    told = events(root)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    (message,) = {
        event["message"] for event in told if event["type"] == "alarm" and event["subject"] == "state"
    }
    assert message.startswith("the state cannot be saved, so nothing new is opened: ")
    assert "put back what was moved away or is not mounted any more" in message
    assert any("alarm state: the state cannot be saved" in line for line in heard)
    # Closed while nothing could be saved.
    trades = ended.document["symbols"]["BTCUSDT"]["trades"]
    assert [trade["close_reason"] for trade in trades] == ["time_expired"]
    assert not (root / "elsewhere").exists()


def test_no_second_dump_is_begun_where_one_was(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    with pytest.raises(DumpError, match=r"tick\.json is gone since this process wrote it"):
        traded(root, {OPENED + 2: away(root), OPENED + 5: leave})
    assert not (root / "dump").exists()
    os.rename(root / "elsewhere", root / "dump")
    ended = traded(root, {30: leave}, start_ms=1_704_241_800_000 + (OPENED + 6) * 60_000)
    assert len(ended.document["symbols"]["BTCUSDT"]["trades"]) == 1


def test_without_file_descriptors_it_holds_back_and_goes_on_when_there_are_some(tmp_path: Path) -> None:
    root, heard = trading_project(tmp_path), list[str]()
    CommandFiles(root / "dump/paper/data").drop(Order(action="resume"))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    def take(control: StopControl) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, before[1]))

    def give(control: StopControl) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    try:
        ended = traded(
            root, {OPENED + 2: take, OPENED + 25: give, OPENED + 40: leave}, started=listened(heard)
        )
    finally:
        give(StopControl("leave"))
    told = events(root)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert any("alarm state: " in line and "Too many open files" in line for line in heard)
    assert [trade["close_reason"] for trade in ended.document["symbols"]["BTCUSDT"]["trades"]] == [
        "time_expired"
    ]


def test_without_a_thread_to_tell_its_end_in_it_ends_with_its_result(tmp_path: Path) -> None:
    root, before = trading_project(tmp_path), threading.stack_size()

    def leave_without(control: StopControl) -> None:
        threading.stack_size(1 << 46)
        leave(control)

    try:
        ended = traded(root, {OPENED + 2: leave_without})
    finally:
        threading.stack_size(before)
    assert ended.left_by == 143
    assert (ended.folder / "result.json").exists()
