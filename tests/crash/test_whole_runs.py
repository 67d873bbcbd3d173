"""A kill, a disk that refuses, a power cut or damage at any point of a whole run: its next process ends it as a backtest."""

from __future__ import annotations

import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from btk.model.errors import DamagedState, DumpError, Overtaken, Transient
from btk.model.events import CancelledEvent, ClosedEvent, OpenedEvent, ScheduledEvent
from tests.crash.conftest import Sampler
from tests.crash.state_disks import (
    REFUSALS,
    DyingDisk,
    Killed,
    QuickDisk,
    RefusingDisk,
    RememberingDisk,
    YieldingDisk,
)
from tests.crash.test_state_crashes import harms
from tests.crash.whole_run import STUBBORN, WILD, Came, Process, backtested

expected = cache(backtested)


def numbers(dump: Path) -> list[list[int]]:
    """By run that has told anything, the numbers of its events."""
    files = [path for path in sorted(dump.glob("runs/*/events.jsonl")) if path.stat().st_size]
    return [[orjson.loads(line)["seq"] for line in path.read_bytes().splitlines()] for path in files]


def assert_goes_on_to_the_same_end(dump: Path) -> Process:
    """Nothing is lost, nothing doubled, no run is without a result."""
    process = Process(dump, QuickDisk())
    came = process.run()
    assert came == expected()
    assert process.notes == ()
    for told in numbers(dump):
        assert told == list(range(1, len(told) + 1))
    for path in dump.glob("runs/*/events.jsonl"):
        assert (path.parent / "result.json").exists() or not path.stat().st_size
    return process


def test_the_run_has_all_that_can_be_lost() -> None:
    kinds = Counter(type(event).__name__ for event in expected().events)
    wanted = (
        "Opened",
        "Closed",
        "Scheduled",
        "Cancelled",
        "PartialClosed",
        "Averaged",
        "StopMoved",
        "Rejected",
    )
    assert all(kinds[f"{kind}Event"] for kind in wanted), kinds


def operations(dump: Path) -> int:
    """How many operations on the disk a run takes."""
    counter = DyingDisk(1_000_000)
    assert Process(dump, counter).run() == expected()
    return counter.done


def kills(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    count = operations(tmp_path / "counted")
    cases = [(n, when) for n in range(1, count + 1) for when in ("before", "within", "after")]
    for n, when in choose("a run, killed at a file operation", cases, limit):
        dump = tmp_path / f"{n}-{when}"
        with pytest.raises(Killed):
            Process(dump, DyingDisk(n, when)).run()
        assert_goes_on_to_the_same_end(dump)
        shutil.rmtree(dump)


def test_a_kill_at_some_file_operations_changes_nothing(tmp_path: Path, sampled: Sampler[Any]) -> None:
    kills(tmp_path, sampled, 16)


@pytest.mark.soak
def test_a_kill_at_any_file_operation_changes_nothing(tmp_path: Path, sampled: Sampler[Any]) -> None:
    kills(tmp_path, sampled, 0)


def many_kills(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    cases = range(20, 200)
    for step in choose("a run, killed again and again", cases, limit):
        dump, came = tmp_path / str(step), None
        for life in range(1000):
            try:
                came = Process(dump, DyingDisk(step + life)).run()
                break
            except Killed:
                continue
        assert came == expected()
        shutil.rmtree(dump)


def test_killed_again_and_again_it_comes_to_the_same_end(tmp_path: Path, sampled: Sampler[Any]) -> None:
    many_kills(tmp_path, sampled, 3)


@pytest.mark.soak
def test_killed_again_and_again_at_any_pace_it_comes_to_the_same_end(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    many_kills(tmp_path, sampled, 0)


def refusals(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    count = operations(tmp_path / "counted")
    cases = [(n, number, good) for n in range(1, count + 1) for number in REFUSALS for good in (False, True)]
    for n, number, for_good in choose("a run, refused by the disk at a file operation", cases, limit):
        dump = tmp_path / f"{n}-{number}-{for_good}"
        with pytest.raises(DumpError):
            Process(dump, RefusingDisk(n, number, for_good)).run()
        assert_goes_on_to_the_same_end(dump)
        shutil.rmtree(dump)


def test_a_run_that_the_disk_refuses_at_some_operations_goes_on_later(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    refusals(tmp_path, sampled, 16)


@pytest.mark.soak
def test_a_run_that_the_disk_refuses_at_any_operation_goes_on_later(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    refusals(tmp_path, sampled, 0)


def assert_adds_up(came: Came) -> None:
    """Every signal is opened and ended once at most, and the money is what the trades say."""
    for kind in (ScheduledEvent, OpenedEvent):
        ids = [event.id for event in came.events if isinstance(event, kind)]
        assert len(ids) == len(set(ids))
    begun = {event.id for event in came.events if isinstance(event, ScheduledEvent | OpenedEvent)}
    ended = [event.id for event in came.events if isinstance(event, ClosedEvent | CancelledEvent)]
    assert sorted(ended) == sorted(begun)
    earned = sum(event.pnl_cost for event in came.events if isinstance(event, ClosedEvent))
    assert came.figures[3].final == pytest.approx(WILD.wallet + earned)


def stubborn(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    count = operations(tmp_path / "counted")
    cases = [(n, number, good) for n in range(1, count + 1) for number in REFUSALS for good in (False, True)]
    for n, number, for_good in choose("a live run, refused by the disk at a file operation", cases, limit):
        dump = tmp_path / f"{n}-{number}-{for_good}"
        try:
            came = Process(dump, RefusingDisk(n, number, for_good), STUBBORN).run()
        except DumpError:
            came = Process(dump, QuickDisk()).run()
        assert_adds_up(came)
        assert numbers(dump) == [list(range(1, len(told) + 1)) for told in numbers(dump)]
        shutil.rmtree(dump)


def test_a_live_run_outlives_a_disk_that_refuses(tmp_path: Path, sampled: Sampler[Any]) -> None:
    stubborn(tmp_path, sampled, 16)


@pytest.mark.soak
def test_a_live_run_outlives_a_disk_that_refuses_anything(tmp_path: Path, sampled: Sampler[Any]) -> None:
    stubborn(tmp_path, sampled, 0)


def power_cuts(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    dump = tmp_path / "dump"
    disk = RememberingDisk(tmp_path)
    Process(dump, disk).run()
    shutil.rmtree(dump)
    # Of equal states the last one, at which most was committed.
    cases = {
        hash(frozenset(state.items())): (moment, at)
        for moment in disk.moments
        for at, state in enumerate(moment.states())
    }
    for moment, at in choose("a run, a disk state after a power cut", list(cases.values()), limit):
        for path, content in list(moment.states())[at].items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        has_ended = any(dump.glob("runs/*/result.json"))
        process = Process(dump, QuickDisk())
        assert process.run().events == expected().events
        assert process.began_ms >= moment.committed or has_ended
        assert process.notes == ()
        shutil.rmtree(dump)


def test_a_power_cut_at_some_moments_changes_no_event(tmp_path: Path, sampled: Sampler[Any]) -> None:
    power_cuts(tmp_path, sampled, 16)


@pytest.mark.soak
def test_a_power_cut_at_any_moment_changes_no_event(tmp_path: Path, sampled: Sampler[Any]) -> None:
    power_cuts(tmp_path, sampled, 0)


def damages(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    whole = tmp_path / "whole"
    with pytest.raises(Killed):
        Process(whole, DyingDisk(500)).run()
    paths = sorted(path.relative_to(whole) for path in whole.rglob("*.*") if path.suffix in KINDS)
    cases = [(path, harm) for path in paths for harm in harms(whole / path)]
    for path, (_, harm) in choose("a run left in the middle, one damaged file", cases, limit):
        dump = tmp_path / "dump"
        shutil.copytree(whole, dump)
        (dump / path).write_bytes(harm((whole / path).read_bytes()))
        assert_true_or_told(dump, path)
        shutil.rmtree(dump)


KINDS = (".json", ".jsonl", ".f64")


def assert_true_or_told(dump: Path, damaged: Path) -> None:
    """The run refuses to go on, or says what it doubts, or comes to the same end."""
    process = Process(dump, QuickDisk())
    try:
        came = process.run()
    except DamagedState:
        return
    if not process.notes and damaged.suffix == ".json":
        assert came == expected()
    if damaged.suffix == ".f64":
        assert came.events == expected().events


def test_some_damage_to_some_file_of_a_run_is_told_or_does_no_harm(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    damages(tmp_path, sampled, 40)


@pytest.mark.soak
def test_any_damage_to_any_file_of_a_run_is_told_or_does_no_harm(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    damages(tmp_path, sampled, 0)


def takeovers(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    counter = YieldingDisk(0, lambda: None)
    Process(tmp_path / "counted", counter).run()
    for n in choose("a run that sleeps while another process takes over", range(1, counter.done + 1), limit):
        dump, others = tmp_path / str(n), []

        def take_over(dump: Path = dump, others: list[Came] = others) -> None:
            try:
                others.append(Process(dump, QuickDisk()).run())
            except Transient:  # the sleeper holds the folder it was writing to
                return

        sleeper = Process(dump, YieldingDisk(n, take_over))
        try:
            came = sleeper.run()
        except Overtaken:
            assert others == [expected()] or not others
        else:
            assert came == expected()
        if others:
            assert [told[-1] for told in numbers(dump)] == [len(told) for told in numbers(dump)]
        else:
            assert_goes_on_to_the_same_end(dump)
        shutil.rmtree(dump)


def test_a_run_that_slept_while_another_took_over_ends_without_acting(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    takeovers(tmp_path, sampled, 16)


@pytest.mark.soak
def test_a_run_that_slept_at_any_operation_ends_without_acting(tmp_path: Path, sampled: Sampler[Any]) -> None:
    takeovers(tmp_path, sampled, 0)
