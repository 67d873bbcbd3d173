"""`btk verify`: the same events twice, or the first that differs."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from btk.cli.app import run
from btk.library.verifying import compare
from btk.model.verified import Verified
from tests.cli.btk_process import start_btk
from tests.cli.strategy_project import make_project

FRAME = ("--from", "2024-01-01", "--to", "2024-01-03")
MOODY = """
from random import Random
from btk import Signal, Strategy

DICE = Random()


class Moody(Strategy):
    interval = "1h"

    def get_signal(self, market):
        return Signal.bracket("long", market.price, take_profit_pct=1 + DICE.random(), stop_loss_pct=1)
"""
FAILING = """
from btk import Strategy


class Failing(Strategy):
    interval = "1h"

    def get_signal(self, market):
        raise ValueError("no idea")
"""

ENDING = """
import os
from btk import Strategy


class Ending(Strategy):
    interval = "1h"
    asked: str = ""
    at: int = 0
    number: int = 0

    def get_signal(self, market):
        with open(self.asked, "a") as asked:
            asked.write("x")
        if os.path.getsize(self.asked) == self.at:
            os.kill(os.getpid(), self.number)
"""
ASKED_IN_ONE_RUN = 2 * 7 * 24


def test_a_strategy_that_lives_by_its_candles_alone_tells_the_same_twice_and_nothing_is_left(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path)
    assert run(["verify", *FRAME, "--root", str(root)]) == 0
    assert capfd.readouterr().out.startswith("backtest and live path tell the same ")
    assert not (root / "dump").exists()


def test_one_that_throws_dice_is_found_out_at_the_first_event(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path, moody=MOODY)
    code = run(["verify", *FRAME, "--entry", "strategies/moody.py", "--json", "--root", str(root)])
    told = capfd.readouterr()
    found = json.loads(told.out)
    assert (code, found["schema"], found["same"]) == (7, "btk.verify/1", False)
    assert found["backtest"] != found["replay"]
    assert "btk: live path: 2024-01-01 #1 opened" in told.err


def test_a_strategy_that_fails_ends_as_in_a_backtest(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path, failing=FAILING)
    assert run(["verify", *FRAME, "--entry", "strategies/failing.py", "--root", str(root)]) == 3
    assert "no idea" in capfd.readouterr().err


@pytest.mark.parametrize("at", [20, ASKED_IN_ONE_RUN + 20], ids=["backtest", "live path"])
@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_what_a_signal_cut_short_is_no_difference(
    tmp_path: Path, at: int, number: signal.Signals, exit_code: int
) -> None:
    root = make_project(tmp_path, ending=ENDING)
    given = {"asked": tmp_path / "asked", "at": at, "number": int(number)}
    flags = [word for name, value in given.items() for word in ("--param", f"{name}={value}")]
    process = start_btk("--root", str(root), "verify", "--entry", "strategies/ending.py", *flags)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (exit_code, b"")
    assert err.decode().endswith("; the frame was not compared to its end\n")
    assert err.count(b"\n") == 1


def test_events_that_one_of_the_two_does_not_tell_are_a_difference() -> None:
    assert compare(["a", "b"], ["a", "b"]) == Verified(same=True, events=2)
    assert compare(["a", "b"], ["a"]) == Verified(same=False, events=2, backtest="b", replay=None)
    assert compare([], ["a"]) == Verified(same=False, events=0, backtest=None, replay="a")
