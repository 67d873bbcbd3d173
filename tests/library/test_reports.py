"""Reports of real runs, from Python."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from btk.adapters.settings import load_settings
from btk.library.backtest_run import BacktestRun
from btk.library.parameter_grid import parse_axes
from btk.library.reports import Choice, Reports
from btk.library.walk_forward import Lengths
from btk.library.walk_run import Walk, WalkRun
from btk.model.errors import InvalidInput, UsageError
from tests.library.walk_project import SETTINGS, make_project


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("project"))
    two = SETTINGS.replace("[BTCUSDT]", "[BTCUSDT, ETHUSDT]")
    (root / "config" / "btk.yaml").write_text(two)
    return root


@pytest.fixture(scope="module")
def run_id(root: Path) -> str:
    run = BacktestRun(load_settings(root, [], {}, []).settings, root)
    run.run()
    return run.run_id


@pytest.fixture(scope="module")
def walk_id(root: Path) -> str:
    settings = load_settings(root, [], {}, []).settings
    walk = WalkRun(settings, root, Walk(axes=parse_axes(["every=0,5,6"]), jobs=1))
    walk.run()
    return walk.run_id


@pytest.fixture
def reports(root: Path, run_id: str, walk_id: str) -> Reports:
    return Reports(root / "dump")


def beat(symbol: str) -> Choice:
    return Choice(symbol=symbol, strategy="beat")


def test_a_trade_report_has_every_trade_and_the_figures_of_exactly_these(
    reports: Reports, run_id: str
) -> None:
    report = reports["backtest"].get_data(run_id, beat("BTCUSDT"))
    document: Any = reports.archive.document(run_id)
    trades = document["symbols"]["BTCUSDT"]["trades"]
    assert len(trades) > 50
    assert [row["id"] for row in report.rows] == [trade["id"] for trade in reversed(trades)]
    facts = {fact.column.key: fact.value for fact in report.facts}
    assert facts["total_trades"] == len(trades)
    assert facts["avg_pnl_pct"] == pytest.approx(np.mean([trade["pnl_pct"] for trade in trades]))
    assert facts["bootstrap_mean_pnl_low_pct"] < facts["avg_pnl_pct"] < facts["bootstrap_mean_pnl_high_pct"]


def test_only_the_table_is_cut(reports: Reports, run_id: str) -> None:
    text = reports["backtest"].get_report(run_id, beat("BTCUSDT"), most_rows=3)
    total = len(reports["backtest"].get_data(run_id, beat("BTCUSDT")).rows)
    assert text.startswith("# Backtest Report: BTCUSDT:beat\n")
    assert f"*3 of {total} rows" in text
    assert f"- **Total trades:** {total}\n" in text


def test_every_table_of_every_report_is_well_formed_markdown(reports: Reports, run_id: str) -> None:
    for kind in reports.kinds(run_id):
        lines = reports[kind].get_report(run_id).splitlines()
        pipes = [line for line in lines if line.startswith("|")]
        for above, line in pairwise(lines):
            if above.startswith("|") and line.startswith("|"):
                assert above.count(" | ") == line.count(" | ")
        assert kind in ("schedule", "risk") or pipes


def test_files_go_to_the_folder_of_their_kind_one_for_each_slot(
    reports: Reports, root: Path, run_id: str
) -> None:
    names = {path.relative_to(root).as_posix() for path in reports["backtest"].dump(run_id)}
    slots = [f"{symbol}_{name}" for symbol in ("BTCUSDT", "ETHUSDT") for name in ("beat", "silent")]
    assert names == {f"dump/backtest/{slot}_demo-{run_id}.md" for slot in slots}
    [heatmap] = reports["heatmap"].dump(run_id)
    assert heatmap.relative_to(root).as_posix() == f"dump/heatmap/beat+silent_demo-{run_id}.md"


def test_reports_are_for_everybody_and_what_they_are_made_of_is_not(
    reports: Reports, root: Path, run_id: str, tmp_path: Path
) -> None:
    # As open as the umask lets any new file be.
    (tmp_path / "ordinary").touch()
    [path, *_] = reports["backtest"].dump(run_id, tmp_path / "site")
    assert path.stat().st_mode == (tmp_path / "ordinary").stat().st_mode
    assert (root / "dump" / "runs" / run_id / "result.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("file_format", ["json", "jsonl", "csv", "parquet"])
def test_data_files_hold_every_row_with_its_numbers_uncut(
    reports: Reports, tmp_path: Path, run_id: str, file_format: str
) -> None:
    if file_format == "parquet":
        pytest.importorskip("pyarrow", reason="the extra btk[parquet] is not installed")
    path = next(
        path
        for path in reports["backtest"].dump(run_id, tmp_path, file_format)
        if path.name.startswith("BTCUSDT_beat")
    )
    expected = [row["pnl_pct"] for row in reports["backtest"].get_data(run_id, beat("BTCUSDT")).rows]
    assert [float(row["pnl_pct"]) for row in rows_of(path)] == expected


def rows_of(path: Path) -> list[dict[str, Any]]:
    match path.suffix:
        case ".json":
            rows: list[dict[str, Any]] = json.loads(path.read_bytes())["rows"]
            return rows
        case ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines()]
        case ".csv":
            with path.open(newline="") as lines:
                return list(csv.DictReader(lines))
        case _:
            import pyarrow.parquet

            table: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
            return table


def test_the_heatmap_has_a_row_a_symbol_the_best_sharpe_first(reports: Reports, run_id: str) -> None:
    rows = reports["heatmap"].get_data(run_id).rows
    sharpes = [row["sharpe_ratio"] for row in rows]
    assert sorted(str(row["symbol"]) for row in rows) == ["BTCUSDT", "ETHUSDT"]
    assert sharpes == sorted(sharpes, key=lambda sharpe: -float(sharpe or 0))


def test_a_walk_has_its_own_reports(reports: Reports, walk_id: str, tmp_path: Path) -> None:
    report = reports["walker"].get_data(walk_id)
    assert [row["rank"] for row in report.rows] == [1, 2, 3]
    tables = {table.name: table for table in report.tables}
    assert [row["error"] for row in tables["failed"].rows] == [
        "beat: indicators raised ValueError: every is 0"
    ]
    assert Counter(row["number"] for row in tables["trades"].rows) == {
        row["number"]: row["total_trades"] for row in report.rows if row["total_trades"]
    }
    best, trades = report.rows[0], tables["trades"].rows
    own = [row for row in trades if row["number"] == best["number"]]
    assert own[0]["closed_at_ms"] == best["last_closed_ms"]
    assert min(int(row["opened_at_ms"]) for row in own) == best["first_opened_ms"]
    assert report.figures["best"] == f"{best['strategy']} {best['params']}"
    timings = reports["performance"].get_data(walk_id)
    assert timings.rows[0]["count"] == 4
    [path] = reports["walker"].dump(walk_id, tmp_path)
    assert path.read_text().startswith("# Walker Comparison Report: beat, silent\n")
    with pytest.raises(UsageError, match="is a walk"):
        reports["schedule"].get_data(walk_id)


def test_a_walk_forward_reports_its_windows_and_what_they_came_to(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    settings, reports = load_settings(root, [], {}, []).settings, Reports(root / "dump")
    plan = Walk(axes=parse_axes(["every=4,5"]), lengths=Lengths(10, 10), metric="avg_pnl_pct", jobs=1)
    walk = WalkRun(settings, root, plan)
    forward: Any = walk.run().document["walk_forward"]
    report = reports["walker"].get_data(walk.run_id)
    windows = next(table for table in report.tables if table.name == "walk_forward")
    assert [row["out_of_sample"] for row in windows.rows] == [
        window["out_of_sample"] for window in forward["windows"]
    ]
    facts = {fact.column.key: fact.value for fact in report.facts}
    assert facts["out_of_sample_trades"] == forward["statistics"]["total_trades"]
    assert facts["ranked_from_ms"] == forward["windows"][-1]["train"]["from_ms"]
    assert "| Chosen From | Tested From |" in reports["walker"].get_report(walk.run_id)


def test_a_run_is_found_by_its_beginning_and_the_newest_without_a_name(
    reports: Reports, run_id: str, walk_id: str
) -> None:
    assert reports.archive.find(run_id[:-1]) == run_id
    assert reports.archive.find(None) == max(run_id, walk_id)
    with pytest.raises(UsageError, match="there is no run 'x'"):
        reports.archive.find("x")


def test_a_paper_run_has_the_same_reports_and_how_late_its_events_were(
    reports: Reports, root: Path, run_id: str
) -> None:
    paper = root / "dump" / "runs" / "20990101T000000-aaaaaa"
    shutil.copytree(reports.archive.runs / run_id, paper)
    result = paper / "result.json"
    result.write_text(
        result.read_text().replace('"mode":"backtest"', '"mode":"paper"').replace(run_id, paper.name)
    )
    # As if it had been started before its minutes: a live run, not a replay.
    (paper / "run.json").write_text('{"mode": "paper", "started_at_ms": 0}')
    try:
        assert reports.kinds(paper.name)[0] == "paper"
        report = reports["paper"].get_data(paper.name)
        assert len(report.rows) == len(reports["backtest"].get_data(run_id).rows)
        metrics = {row["metric"] for row in reports["performance"].get_data(paper.name).rows}
        assert {"engine", "late opened", "late closed"} <= metrics
        [path, *_] = reports["paper"].dump(paper.name)
        assert path.parent == root / "dump" / "paper"
    finally:
        shutil.rmtree(paper)


def test_what_is_not_there_is_said_with_what_is(reports: Reports, run_id: str) -> None:
    with pytest.raises(UsageError, match="did you mean schedule"):
        reports["schedul"]
    with pytest.raises(UsageError, match="is a backtest run"):
        reports["live"].get_data(run_id)
    with pytest.raises(UsageError, match="name one symbol and one strategy"):
        reports["risk"].get_data(run_id, Choice(symbol="BTCUSDT"))


@pytest.fixture
def running(reports: Reports, run_id: str) -> Iterator[str]:
    """A paper run that is still running: it has told events, timed ticks, and has no result."""
    paper = reports.archive.runs / "20990101T000000-bbbbbb"
    finished = reports.archive.runs / run_id
    paper.mkdir()
    (paper / "run.json").write_text((finished / "run.json").read_text().replace('"backtest"', '"paper"', 1))
    told = (finished / "events.jsonl").read_text()
    (paper / "events.jsonl").write_text(told + '{"type":"opened","at')
    line = '{"tick_ms":%d,"seconds":{"fetch":0.002,"decide":0.001}}\n'
    (paper / "performance.jsonl").write_text(line % 60_000 + line % 120_000 + '{"tick_ms":18')
    yield paper.name
    shutil.rmtree(paper)


def test_a_run_that_is_still_running_is_told_by_its_events(
    reports: Reports, running: str, run_id: str
) -> None:
    finished: Any = reports.archive.document(run_id)
    document = reports.archive.document(running)
    assert document["status"] == "unfinished"
    for symbol, part in finished["symbols"].items():
        told = document["symbols"][symbol]
        assert [trade["id"] for trade in told["trades"]] == [trade["id"] for trade in part["trades"]]
        assert told["rejected"] == part["rejected"]
        assert told["statistics"]["sharpe_ratio"] == part["statistics"]["sharpe_ratio"]
    facts = reports.archive.facts(running)
    assert (facts.mode, facts.status, facts.return_pct) == ("paper", "unfinished", None)
    assert facts.total_trades == finished["portfolio"]["statistics"]["total_trades"]


def test_every_report_of_a_running_run_can_be_written(reports: Reports, running: str, tmp_path: Path) -> None:
    kinds = reports.kinds(running)
    assert kinds[0] == "paper"
    for kind in kinds:
        assert all(path.is_file() for path in reports[kind].dump(running, tmp_path / kind))
    timings = {row["metric"]: row for row in reports["performance"].get_data(running).rows}
    assert (timings["tick"]["count"], timings["tick fetch"]["median_ms"]) == (2, 2.0)


def test_the_newest_run_is_one_with_a_result(reports: Reports, running: str) -> None:
    assert reports.archive.find(None) < running


def test_a_run_without_a_result_is_listed_and_a_broken_one_is_named(tmp_path: Path) -> None:
    archive = Reports(tmp_path).archive
    (tmp_path / "runs" / "20240101T000000-aaaaaa").mkdir(parents=True)
    assert archive.facts("20240101T000000-aaaaaa").status == "unfinished"
    with pytest.raises(UsageError, match="has no result"):
        archive.record("20240101T000000-aaaaaa")
    with pytest.raises(UsageError, match="no run has a result yet"):
        archive.find(None)
    (tmp_path / "runs" / "20240101T000000-aaaaaa" / "result.json").write_text('{"mode": "backtest"')
    with pytest.raises(InvalidInput, match=r"result\.json is no file of a run"):
        archive.facts("20240101T000000-aaaaaa")


def test_a_damaged_run_does_not_hide_the_others(reports: Reports, root: Path, run_id: str) -> None:
    damaged = reports.archive.runs / "20980101T000000-cccccc"
    damaged.mkdir()
    (damaged / "result.json").write_text("[]")
    try:
        runs, complaints = reports.archive.listing()
    finally:
        shutil.rmtree(damaged)
    assert run_id in [run.run_id for run in runs]
    assert [str(damaged / "result.json") in str(complaint) for complaint in complaints] == [True]


def test_events_that_are_gone_are_not_told_as_nothing_happened(reports: Reports, run_id: str) -> None:
    path = reports.archive.runs / run_id / "events.jsonl"
    aside = path.rename(path.with_suffix(".aside"))
    try:
        for kind in ("events", "schedule", "partial", "risk"):
            with pytest.raises(InvalidInput, match=r"events\.jsonl is gone"):
                Reports(reports.archive.runs.parent)[kind].get_data(run_id)
        assert Reports(reports.archive.runs.parent)["backtest"].get_data(run_id).rows
    finally:
        aside.rename(path)


def test_a_walk_that_was_killed_says_how_to_go_on_with_it(reports: Reports, walk_id: str) -> None:
    killed = reports.archive.runs / "20970101T000000-dddddd"
    shutil.copytree(reports.archive.runs / walk_id, killed)
    (killed / "result.json").unlink()
    try:
        assert reports.archive.facts(killed.name).status == "unfinished"
        with pytest.raises(UsageError, match="--resume 20970101T000000-dddddd goes on with it"):
            reports["walker"].get_data(killed.name)
    finally:
        shutil.rmtree(killed)


def test_a_run_that_went_on_after_its_result_is_told_by_its_events(
    reports: Reports, running: str, run_id: str
) -> None:
    folder = reports.archive.runs / running
    text = (reports.archive.runs / run_id / "result.json").read_text()
    (folder / "result.json").write_text(text.replace('"status":"complete"', '"status":"partial"', 1))
    assert reports.archive.facts(running).status == "partial"
    os.utime(folder / "result.json", ns=(1, 1))
    assert reports.archive.facts(running).status == "unfinished"
    (folder / "result.json").write_text(text)
    os.utime(folder / "result.json", ns=(1, 1))
    assert reports.archive.facts(running).status == "complete"
