"""No flag is ignored in silence: what cannot mean anything together is refused, or somebody is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.cli.app import run
from tests.cli.btk_process import start_btk
from tests.cli.strategy_project import make_project

Captured = pytest.CaptureFixture[str]

UNHEEDED = [
    ("doctor --yes", "--yes is about repairing; it needs --repair"),
    ("paper --no-cache", "--no-cache is about what is replayed; it needs --replay"),
    ("paper --from 2024-01-01", "they need --replay"),
    ("walker --executor dask --scheduler tcp://127.0.0.1:1 --jobs 3", "--jobs is about this machine"),
    ("cache warm --exchange binance --frame jan --days 3", "choose either --frame NAME or --days N"),
    ("cache warm --exchange binance --frame jan --from 2024-01-01", "choose either --frame NAME or --days N"),
    ("cache schedule --json", "--json needs --next, --print-crontab or --print-systemd"),
    ("report show --rows 2 --json", "--json has all of it"),
    ("new elsewhere", "--root is for the commands of a project"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    with (tmp_path / "config/btk.yaml").open("a") as file:
        file.write("frames: {jan: {from: 2024-01-01, to: 2024-02-01}}\n")
    return tmp_path


@pytest.mark.parametrize(("line", "words"), UNHEEDED, ids=[line for line, _ in UNHEEDED])
def test_flags_that_mean_nothing_together_are_usage_errors(
    root: Path, line: str, words: str, capsys: Captured
) -> None:
    assert run([*line.split(), "--root", str(root)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_without_a_broker_flags_about_an_account_are_said_to_change_nothing(root: Path) -> None:
    flags = ["--sandbox", "--on-mismatch", "adopt", "--unproven-venue", "--on-stop", "leave"]
    process = start_btk("live", *flags, "--root", str(root), cwd=root)
    assert process.stderr is not None
    said = [process.stderr.readline().decode() for _ in range(4)]
    process.terminate()
    process.communicate(timeout=60)
    assert [line.split()[1] for line in said[:3]] == ["--on-mismatch", "--sandbox", "--unproven-venue"]
    assert all("changes nothing: broker.kind is none" in line for line in said[:3])
    assert said[3].startswith("btk live: broker none")


def test_rows_alone_shorten_the_table_of_a_run(root: Path, capsys: Captured) -> None:
    assert run(["backtest", "--root", str(root), "--symbols", "BTCUSDT", "--json"]) == 0
    capsys.readouterr()
    assert run(["report", "show", "--rows", "2", "--root", str(root)]) == 0
    assert "*2 of " in capsys.readouterr().out
