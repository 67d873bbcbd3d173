"""`btk verify`: the same events twice, or the first that differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from btk.cli.app import run
from btk.library.verifying import compare
from btk.model.verified import Verified
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


def test_events_that_one_of_the_two_does_not_tell_are_a_difference() -> None:
    assert compare(["a", "b"], ["a", "b"]) == Verified(same=True, events=2)
    assert compare(["a", "b"], ["a"]) == Verified(same=False, events=2, backtest="b", replay=None)
    assert compare([], ["a"]) == Verified(same=False, events=0, backtest=None, replay="a")
