"""Walks over a small project, from Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from btk.adapters.settings import load_settings
from btk.adapters.settings_inline import Override
from btk.library.backtest_run import BacktestRun
from btk.library.parameter_grid import parse_axes
from btk.library.walk_run import Progress, Walk, WalkRun
from btk.model.errors import SettingsError, UsageError
from btk.model.settings import Settings
from tests.library.walk_project import make_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def settings_of(root: Path, entry: str = "strategies/beat.py:Beat", **params: object) -> Settings:
    flags = [Override("strategy.entry", json.dumps([entry]), "--entry")]
    flags += [
        Override(f"strategy.params.{name}", json.dumps(value), "--param") for name, value in params.items()
    ]
    return load_settings(root, [], {}, flags).settings


def walk(root: Path, *params: str, entry: str = "strategies/beat.py:Beat", **choices: Any) -> dict[str, Any]:
    jobs = choices.pop("jobs", 2)
    plan = Walk(axes=parse_axes(params), jobs=jobs, **choices)
    return WalkRun(settings_of(root, entry), root, plan).run().document


def test_a_variant_has_the_figures_of_the_same_backtest(root: Path) -> None:
    document = walk(root, "every=4,6,11", "side=long", metric="total_pnl_pct")
    best = document["best"]
    alone = BacktestRun(settings_of(root, best["entry"], **best["params"]), root).run().document
    figures: Any = alone["portfolio"]
    expected = {name: value for name, value in figures["statistics"].items() if not isinstance(value, dict)}
    assert best["statistics"] == expected
    assert best["value"] == expected["total_pnl_pct"]


def test_an_error_that_a_terminal_would_obey_is_told_without_that(root: Path) -> None:
    file = root / "strategies" / "beat.py"
    file.write_text(file.read_text().replace('RuntimeError("seven")', 'RuntimeError("se\\x1b[2Jven")'))
    [failed] = walk(root, "every=7")["failed"]
    assert failed["error"] == "BTCUSDT: get_signal: RuntimeError: se[2Jven"


def test_the_same_walk_on_one_or_two_processes_gives_the_same_ranking(root: Path) -> None:
    one, two = (walk(root, "every=3:12", jobs=jobs)["ranking"] for jobs in (1, 2))
    assert one == two
    assert [row["rank"] for row in one] == list(range(1, 10))


def test_variants_that_fail_are_reported_counted_and_left_out(root: Path) -> None:
    document = walk(root, "every=0,5,7,-9")
    assert document["counts"] == {
        "variants": 4,
        "done": 1,
        "without_value": 0,
        "failed": 3,
        "reused": 0,
    }
    errors = {failure["params"]["every"]: failure["error"] for failure in document["failed"]}
    assert errors[0] == "beat: indicators raised ValueError: every is 0"
    assert "get_signal" in errors[7]
    assert "seven" in errors[7]
    assert "SIGKILL" in errors[-9]
    assert document["status"] == "complete"


def test_a_strategy_that_never_trades_has_no_value_and_never_wins(root: Path) -> None:
    document = walk(root, entry="strategies/beat.py")
    assert [row["strategy"] for row in document["ranking"]] == ["beat", "silent"]
    assert document["ranking"][1]["value"] is None
    assert document["best"]["strategy"] == "beat"
    silent = walk(root, entry="strategies/beat.py:Silent")
    assert silent["best"] is None
    assert "no variant has a sharpe_ratio" in silent["warnings"][0]


def test_a_parameter_goes_to_the_strategies_that_have_it(root: Path) -> None:
    document = walk(root, "every=5,6", entry="strategies/beat.py")
    assert [(row["strategy"], row["params"].get("every")) for row in document["ranking"]] == [
        ("beat", document["best"]["params"]["every"]),
        ("beat", 11 - document["best"]["params"]["every"]),
        ("silent", None),
    ]


def test_what_cannot_run_is_refused_before_anything_runs(root: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean every"):
        walk(root, "evry=1")
    with pytest.raises(SettingsError, match="every"):
        walk(root, "every=1,two")
    with pytest.raises(UsageError, match="metric"):
        walk(root, metric="sharp")
    with pytest.raises(UsageError, match="needs a step"):
        walk(root, "every=0.5:1")
    with pytest.raises(UsageError, match="no walk of that name"):
        walk(root, "every=1", resume="nothing")
    assert not list((root / "dump").glob("runs/*/result.json"))


def stopped_after(ended: int, walker: WalkRun) -> Callable[[Progress], None]:
    def watch(progress: Progress) -> None:
        if progress.ended >= ended:
            walker.switch.press()

    return watch


def test_what_was_done_before_a_stop_is_kept_and_taken_over(root: Path) -> None:
    plan = Walk(axes=parse_axes(["every=3:12"]), jobs=1)
    walker = WalkRun(settings_of(root), root, plan)
    result = walker.run(stopped_after(4, walker))
    assert not result.complete
    assert result.document["status"] == "partial"
    assert len(result.document["ranking"]) == 4  # type: ignore[arg-type]
    warnings: Any = result.document["warnings"]
    assert warnings[0].startswith("interrupted: 4 of 10 variants were tried")
    again = WalkRun(settings_of(root), root, msgspec.structs.replace(plan, resume=walker.run_id)).run()
    counts: Any = again.document["counts"]
    assert counts["reused"] == 4
    assert again.document["ranking"] == walk(root, "every=3:12")["ranking"]


def test_nothing_is_taken_over_when_the_strategy_has_changed(root: Path) -> None:
    first = walk(root, "every=3,4")
    file = root / "strategies" / "beat.py"
    file.write_text(file.read_text().replace("take_profit_pct=2", "take_profit_pct=3"))
    assert walk(root, "every=3,4", resume=first["run_id"])["counts"]["reused"] == 0


def test_a_small_walk_is_the_beginning_of_a_larger_one(root: Path) -> None:
    # Of few variants the trades are kept, of many they are not.
    small = walk(root, "every=3,4,5")
    large = walk(root, f"every=3,4,5,{','.join(map(str, range(8, 20)))}", resume=small["run_id"])
    assert large["counts"]["reused"] == 3
    lines = (root / "dump" / "runs" / large["run_id"] / "variants.jsonl").read_text()
    assert '"trades"' not in lines
    assert walk(root, "every=3,4,5", resume=large["run_id"])["counts"]["reused"] == 0


def test_a_line_cut_short_by_a_kill_is_run_again(root: Path) -> None:
    first = walk(root, "every=3,4,5", jobs=1)
    lines = root / "dump" / "runs" / first["run_id"] / "variants.jsonl"
    lines.write_bytes(lines.read_bytes()[:-20])
    again = walk(root, "every=3,4,5", resume=first["run_id"])
    assert again["counts"]["reused"] == 2
    assert again["ranking"] == first["ranking"]


def test_the_run_folder_holds_what_was_asked_every_variant_and_the_result(root: Path) -> None:
    document = walk(root, "every=3,4")
    folder = root / "dump" / "runs" / document["run_id"]
    assert json.loads((folder / "run.json").read_bytes())["mode"] == "walker"
    assert json.loads((folder / "result.json").read_bytes()) == document
    variants = [json.loads(line) for line in (folder / "variants.jsonl").read_bytes().splitlines()]
    assert sorted(variant["params"]["every"] for variant in variants) == [3, 4]
    assert all(variant["statistics"]["total_trades"] > 0 for variant in variants)


def test_progress_tells_how_far_it_is_and_the_best_so_far(root: Path) -> None:
    told: list[Progress] = []
    WalkRun(settings_of(root), root, Walk(axes=parse_axes(["every=3:8"]), jobs=1)).run(told.append)
    assert [progress.ended for progress in told if progress.ended] == sorted(
        progress.ended for progress in told if progress.ended
    )
    assert told[-1].ended == told[-1].total == 6
    assert told[-1].best is not None


@pytest.mark.parametrize(("values", "kept"), [("every=3:12", True), ("every=3:13", False)])
def test_trades_are_kept_of_a_few_variants_and_of_more_only_figures(
    root: Path, values: str, kept: bool
) -> None:
    document = walk(root, values)
    variants = root / "dump" / "runs" / document["run_id"] / "variants.jsonl"
    scores = [json.loads(line) for line in variants.read_bytes().splitlines()]
    traded = [score for score in scores if score.get("statistics", {}).get("total_trades")]
    assert traded
    assert ["trades" in score for score in traded] == [kept] * len(traded)


def test_two_contenders_of_one_name_are_refused(root: Path) -> None:
    twice = [Override("strategy.entry", '["strategies/beat.py:Beat", "strategies/beat.py"]', "--entry")]
    settings = load_settings(root, [], {}, twice).settings
    with pytest.raises(SettingsError, match="two contenders are named beat"):
        WalkRun(settings, root, Walk(jobs=1))
