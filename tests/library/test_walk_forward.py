"""Walk-forward: windows, choosing on one and being measured on the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from btk.adapters.settings import load_settings
from btk.adapters.settings_inline import Override
from btk.library.backtest_run import BacktestRun
from btk.library.parameter_grid import parse_axes
from btk.library.walk_forward import Lengths, parse_lengths, windows_of
from btk.library.walk_run import Walk, WalkRun
from btk.model.dates import format_date
from btk.model.errors import UsageError
from btk.model.intervals import DAY_MS
from btk.model.settings import Frame, Settings
from tests.library.walk_project import make_project
from tests.report.trade_samples import MIDNIGHT


def frame(days: int) -> Frame:
    return Frame(from_ms=MIDNIGHT, to_ms=MIDNIGHT + days * DAY_MS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def settings_of(root: Path, *overrides: Override) -> Settings:
    chosen = Override("strategy.entry", "[strategies/beat.py:Beat]", "--entry")
    return load_settings(root, [], {}, [chosen, *overrides]).settings


def walk(root: Path, *params: str, **choices: Any) -> dict[str, Any]:
    plan = Walk(axes=parse_axes(params), jobs=2, metric="avg_pnl_pct", lengths=Lengths(10, 5), **choices)
    return WalkRun(settings_of(root), root, plan).run().document


def test_windows_follow_each_other_by_the_length_of_a_test() -> None:
    windows = windows_of(frame(31), Lengths(10, 7))
    assert [(window.train.from_ms - MIDNIGHT) // DAY_MS for window in windows] == [0, 7, 14]
    for window in windows:
        assert window.train.to_ms - window.train.from_ms == 10 * DAY_MS
        assert window.test.from_ms == window.train.to_ms
        assert window.test.to_ms - window.test.from_ms == 7 * DAY_MS


def test_a_window_that_just_fits_is_used_and_one_that_does_not_is_not() -> None:
    assert len(windows_of(frame(17), Lengths(10, 7))) == 1
    with pytest.raises(UsageError, match="17 days at least, this one has 16"):
        windows_of(frame(16), Lengths(10, 7))


@pytest.mark.parametrize("text", ["90/30", "90d", "0d/30d", "90d/0d", "x", "90d/30d/1d", "-5d/3d"])
def test_lengths_that_cannot_be_used_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as 90d/30d"):
        parse_lengths(text)


def test_lengths_are_days() -> None:
    assert parse_lengths("90d/30d") == Lengths(90, 30)


def test_each_test_is_the_backtest_of_the_winner_on_the_days_after(root: Path) -> None:
    forward = walk(root, "every=4,5,6")["walk_forward"]
    assert len(forward["windows"]) == 4
    total = 0
    for row in forward["windows"]:
        flags = [
            Override("strategy.params.every", str(row["params"]["every"]), "--param"),
            Override("frame.from", format_date(row["test"]["from_ms"]), "--from"),
            Override("frame.to", format_date(row["test"]["to_ms"]), "--to"),
        ]
        alone: Any = BacktestRun(settings_of(root, *flags), root).run().document["portfolio"]
        assert row["out_of_sample"] == alone["statistics"]["avg_pnl_pct"]
        total += alone["statistics"]["total_trades"]
    assert forward["statistics"]["total_trades"] == total


def test_the_winner_of_a_window_is_the_best_of_a_walk_over_just_that_window(root: Path) -> None:
    first = walk(root, "every=4,5,6")["walk_forward"]["windows"][0]
    to = Override("frame.to", format_date(first["train"]["to_ms"]), "--to")
    plan = Walk(axes=parse_axes(["every=4,5,6"]), jobs=1, metric="avg_pnl_pct")
    alone: Any = WalkRun(settings_of(root, to), root, plan).run().document
    assert (alone["best"]["params"], alone["best"]["value"]) == (first["params"], first["in_sample"])


def test_the_efficiency_compares_returns_a_day(root: Path) -> None:
    forward = walk(root, "every=4,5,6")["walk_forward"]
    inside = sum(row["in_sample_return_pct"] for row in forward["windows"]) / 10
    outside = sum(row["out_of_sample_return_pct"] for row in forward["windows"]) / 5
    expected = None if inside <= 0 else pytest.approx(outside / inside * 100)
    assert forward["efficiency_pct"] == expected


def test_the_ranking_is_that_of_the_newest_window_and_everything_is_counted(root: Path) -> None:
    document = walk(root, "every=4,5,6")
    newest = document["walk_forward"]["windows"][-1]
    assert document["best"]["params"] == newest["params"]
    assert len(document["ranking"]) == 3
    assert document["counts"]["variants"] == document["counts"]["done"] == 4 * (3 + 1)


def test_a_walk_can_go_on_where_one_was_left(root: Path) -> None:
    first = walk(root, "every=4,5,6")
    again = walk(root, "every=4,5,6", resume=first["run_id"])
    assert again["counts"]["reused"] == 16
    assert again["walk_forward"] == first["walk_forward"]


def test_a_window_in_which_nothing_can_be_chosen_has_no_test(root: Path) -> None:
    forward = walk(root, "every=0,7")["walk_forward"]
    assert [row["params"] for row in forward["windows"]] == [None] * 4
    assert forward["statistics"]["total_trades"] == 0
    assert forward["efficiency_pct"] is None
