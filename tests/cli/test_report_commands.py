"""`btk report` as users meet it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from btk.cli.app import run
from btk.library.reports import Reports
from tests.library.walk_project import make_project

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("project"))
    for every in (5, 6):
        flags = ["--entry", "strategies/beat.py:Beat", "--param", f"every={every}"]
        run(["--root", str(root), "backtest", *flags])
    return root


def report(root: Path, *arguments: str) -> int:
    return run(["--root", str(root), "report", *arguments])


def runs(root: Path, capsys: Captured) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert report(root, "list", "--json") == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["runs"]
    return found


def test_the_list_has_every_run_the_newest_first(root: Path, capsys: Captured) -> None:
    listed = runs(root, capsys)
    assert [one["mode"] for one in listed] == ["backtest", "backtest"]
    assert [one["run_id"] for one in listed] == sorted((one["run_id"] for one in listed), reverse=True)
    assert report(root, "list") == 0
    assert all(one["run_id"] in capsys.readouterr().out for one in listed[:1])


def test_a_run_is_shown_as_it_was_when_it_ended(root: Path, capsys: Captured) -> None:
    assert report(root, "show") == 0
    assert "beat on demo, 2024-01-01 to 2024-02-01, backtest" in capsys.readouterr().out
    assert report(root, "show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "btk.backtest/1"


def test_one_report_of_a_run_is_markdown_with_chosen_columns(root: Path, capsys: Captured) -> None:
    assert report(root, "show", "--kind", "partial", "--columns", "id,level", "--rows", "2") == 0
    out = capsys.readouterr().out
    assert out.startswith("# Partial Profit/Loss Report: beat\n\n| Signal ID | Level % |\n")
    assert "*2 of " in out
    assert report(root, "show", "--kind", "partial", "--json") == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "partial"


def test_dump_writes_every_kind_and_says_where(root: Path, tmp_path: Path, capsys: Captured) -> None:
    assert report(root, "dump", "--out", str(tmp_path)) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {path.parent.name for path in written} == {
        *("backtest", "schedule", "partial", "risk", "heatmap", "performance")
    }
    assert all(path.is_file() for path in written)


def test_dump_all_takes_every_run(root: Path, tmp_path: Path, capsys: Captured) -> None:
    listed = runs(root, capsys)
    assert report(root, "dump", "--all", "--kind", "backtest", "--format", "csv", "--out", str(tmp_path)) == 0
    names = {path.name for path in (tmp_path / "backtest").iterdir()}
    assert names == {f"BTCUSDT_beat_demo-{one['run_id']}.csv" for one in listed}


def test_two_runs_are_compared_with_what_differs_in_their_settings(root: Path, capsys: Captured) -> None:
    first, second = (one["run_id"] for one in runs(root, capsys))
    assert report(root, "compare", first, second, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    differing = document["settings"].pop("strategy.params.every")
    assert sorted(differing.values()) == [5, 6]
    assert document["settings"] == {}
    assert set(document["statistics"]) == {first, second}
    assert report(root, "compare", first, second) == 0
    shown = f"| strategy.params.every | {differing[first]} | {differing[second]} |"
    assert shown in capsys.readouterr().out


def test_a_parameter_that_one_run_left_at_its_default_is_compared_by_its_value(
    tmp_path: Path, capsys: Captured
) -> None:
    root = make_project(tmp_path)
    for flags in ([], ["--param", "every=5"]):
        entry = ["--entry", "strategies/beat.py:Beat", *flags, "--to", "2024-01-02"]
        assert run(["--root", str(root), "backtest", *entry]) == 0
    newest, before = (one["run_id"] for one in runs(root, capsys))
    assert report(root, "compare", before, newest) == 0
    assert "| strategy.params.every | 6 | 5 |" in capsys.readouterr().out


def test_figures_that_no_run_has_are_no_rows_of_a_comparison(root: Path, capsys: Captured) -> None:
    first, second = (one["run_id"] for one in runs(root, capsys))
    assert report(root, "compare", first, second) == 0
    assert "| N/A | N/A |" not in capsys.readouterr().out


def test_the_list_tells_runs_of_a_strategy_apart_by_their_parameters(
    root: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert report(root, "list") == 0
    newest, before = capsys.readouterr().out.splitlines()[2:4]
    assert "beat every=6, demo BTCUSDT, " in newest
    assert "beat every=5, demo BTCUSDT, " in before
    monkeypatch.setenv("COLUMNS", "60")
    assert report(root, "list") == 0
    assert "beat every=6" in capsys.readouterr().out


def test_a_run_that_earned_nothing_is_listed_without_a_sign(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path)
    entry = ["--entry", "strategies/beat.py:Silent", "--to", "2024-01-02"]
    assert run(["--root", str(root), "backtest", *entry]) == 0
    capsys.readouterr()
    assert report(root, "list") == 0
    assert capsys.readouterr().out.splitlines()[2].endswith(" 0  0.00 %")


def test_a_run_says_where_its_files_are_as_it_did_when_it_ended(root: Path, capsys: Captured) -> None:
    newest = runs(root, capsys)[0]["run_id"]
    assert report(root, "show") == 0
    assert f"Files     dump/runs/{newest}\n" in capsys.readouterr().out


def test_a_page_replaces_files_and_nothing_else(root: Path, tmp_path: Path, capsys: Captured) -> None:
    os.mkfifo(tmp_path / "pipe")
    for out in (tmp_path, tmp_path / "pipe"):
        assert report(root, "html", "--out", str(out)) == 2
        assert "is there and no file: name one" in capsys.readouterr().err
    assert (tmp_path / "pipe").is_fifo()


def test_settings_are_compared_as_one_would_write_them(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path)
    for short in ("true", "null"):
        flags = ["--entry", "strategies/beat.py:Beat", "--set", f"signal.short={short}"]
        assert run(["--root", str(root), "backtest", *flags, "--to", "2024-01-02"]) == 0
    first, second = (one["run_id"] for one in runs(root, capsys))
    assert report(root, "compare", first, second) == 0
    assert "| signal.short | null | true |" in capsys.readouterr().out


@pytest.fixture
def damaged(root: Path) -> Iterator[Path]:
    folder = root / "dump" / "runs" / "20990101T000000-damage"
    folder.mkdir()
    (folder / "result.json").write_text('{"mode": "backtest"')
    yield folder
    shutil.rmtree(folder)


def test_a_damaged_run_is_named_and_the_others_are_listed(
    root: Path, damaged: Path, capsys: Captured
) -> None:
    capsys.readouterr()
    assert report(root, "list", "--json") == 0
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["runs"]) == 2
    assert printed.err.startswith(f"btk: {damaged}/result.json is no file of a run: ")
    assert printed.err.count("\n") == 1
    assert report(root, "show", damaged.name) == 3


def test_dump_all_writes_the_others_of_a_damaged_run_and_fails(
    root: Path, damaged: Path, tmp_path: Path, capsys: Captured
) -> None:
    flags = ["--all", "--kind", "heatmap", "--out", str(tmp_path)]
    assert report(root, "dump", *flags) == 3
    assert len(list((tmp_path / "heatmap").iterdir())) == 2
    assert str(damaged) in capsys.readouterr().err


def test_dump_writes_the_other_reports_of_a_run_whose_events_are_gone(
    root: Path, tmp_path: Path, capsys: Captured
) -> None:
    run_id = next(run.run_id for run in Reports(root / "dump").archive.listing()[0] if run.mode == "backtest")
    path = root / "dump" / "runs" / run_id / "events.jsonl"
    aside = path.rename(tmp_path / "aside")
    capsys.readouterr()
    try:
        assert report(root, "dump", run_id, "--out", str(tmp_path / "out")) == 3
    finally:
        aside.rename(path)
    captured = capsys.readouterr()
    assert (
        captured.err
        == f"btk: {path} is gone: what happened in the run cannot be told without it; restore it\n"
    )
    assert {folder.name for folder in (tmp_path / "out").iterdir()} == {"backtest", "heatmap", "performance"}
    assert len(captured.out.splitlines()) == sum(1 for _ in (tmp_path / "out").rglob("*.md"))


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Two backtests and two walks, the newest first of each."""
    root = make_project(tmp_path)
    for _ in range(2):
        for command in ("backtest", "walker"):
            assert (
                run(
                    ["--root", str(root), command, "--entry", "strategies/beat.py:Beat", "--to", "2024-01-05"]
                )
                == 0
            )
    return root


@pytest.mark.parametrize(
    ("mode", "file", "damage"),
    [
        ("backtest", "result.json", (b'"trades":[{"id":"', b'"trades":[{"id":1,"x":"')),
        ("backtest", "events.jsonl", (b"{", b"[")),
        ("walker", "variants.jsonl", (b"{", b"[")),
        ("walker", "result.json", (b'"params"', b'"parameters"')),
    ],
)
def test_dump_all_goes_on_after_a_run_of_which_any_file_is_damaged(
    several: Path, capsys: Captured, mode: str, file: str, damage: tuple[bytes, bytes]
) -> None:
    newest = next(one["run_id"] for one in runs(several, capsys) if one["mode"] == mode)
    path = several / "dump" / "runs" / newest / file
    sound = path.read_bytes()
    path.write_bytes(sound.replace(*damage, 1))
    assert path.read_bytes() != sound
    assert report(several, "dump", "--all") == 3
    told = capsys.readouterr()
    assert told.err.startswith(f"btk: {path}")
    assert told.err.count("\n") == 1
    assert {line.rpartition("-")[2] for line in told.out.splitlines()} >= {
        f"{one['run_id'].rpartition('-')[2]}.md" for one in runs(several, capsys) if one["run_id"] != newest
    }


def test_a_result_of_which_only_the_frame_is_left_can_be_compared(
    root: Path, damaged: Path, capsys: Captured
) -> None:
    newest = next(path for path in sorted(damaged.parent.iterdir()) if path != damaged)
    document = json.loads((newest / "result.json").read_bytes())
    del document["portfolio"]
    (damaged / "result.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert report(root, "compare", damaged.name, newest.name, "--json") == 0
    assert json.loads(capsys.readouterr().out)["statistics"][damaged.name] == {}


@pytest.mark.parametrize("text", ['{"mode": 1}', "[]", "\x00", '"x"', "{}", "[" * 100_000])
def test_whatever_a_result_holds_it_is_one_line(
    root: Path, damaged: Path, text: str, capsys: Captured
) -> None:
    (damaged / "result.json").write_text(text)
    for command in ("show", "dump", "html"):
        capsys.readouterr()
        assert report(root, command, damaged.name) == 3
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)


def test_a_figure_that_is_no_number_is_one_line(root: Path, damaged: Path, capsys: Captured) -> None:
    newest = next(path for path in sorted(damaged.parent.iterdir()) if path != damaged)
    document = json.loads((newest / "result.json").read_bytes())
    document["portfolio"]["statistics"]["return_pct"] = "much"
    (damaged / "result.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert report(root, "show", damaged.name) == 3
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "nothing"], "there is no run 'nothing'"),
        (["show", "--kind", "scedule"], "did you mean schedule?"),
        (["dump", "--format", "xls"], "there are md, json, jsonl, csv, parquet"),
        (["dump", "x", "--all"], "leave out either"),
        (["compare", "last", "last"], "two different runs at least"),
    ],
)
def test_mistakes_are_one_line(root: Path, arguments: list[str], words: str, capsys: Captured) -> None:
    capsys.readouterr()
    assert report(root, *arguments) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
