"""`btk doctor`: what it says of a whole project and of a damaged one, and that it changes nothing unasked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.command_files import CommandFiles, Order
from btk.adapters.state_lock import only_writer
from btk.cli.app import run
from btk.model.intervals import MINUTE_MS
from tests.library.trading_project import OPENED, START_MS, leave, traded, trading_project
from tests.venue.live_project import KEYS, make_live_project

LONG_AGO = 1_600_000_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A paper run that was left with two positions."""
    folder = trading_project(tmp_path)
    traded(folder, {OPENED: leave})
    return folder


def examined(folder: Path, capfd: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    code = run(["doctor", "--no-network", "--json", "--root", str(folder), *more])
    return code, json.loads(capfd.readouterr().out)


def said(report: dict[str, Any], level: str) -> list[str]:
    return [one["words"] for one in report["findings"] if one["level"] == level]


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in str(path))
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def a_draft(folder: Path) -> Path:
    (slot,) = (folder / "dump/paper/data/strategy").glob("BTCUSDT*")
    draft = slot / ".strategy.json.0123456789ab.tmp"
    draft.write_bytes(b"half")
    os.utime(draft, (LONG_AGO, LONG_AGO))
    return draft


def test_a_project_that_was_left_in_order_has_no_failure(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, report = examined(project, capfd)
    assert (code, report["schema"], report["healthy"]) == (0, "btk.doctor/1", True)
    (state,) = [words for words in said(report, "ok") if "was left and is gone on with" in words]
    assert state.endswith("2 slots")
    assert report["repairs"] == []


def test_looking_changes_nothing(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a_draft(project)
    before = everything(project)
    examined(project, capfd)
    assert everything(project) == before


def test_a_damaged_state_file_fails_the_examination(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = next((project / "dump/paper/data/signal").glob("BTC*/*.json"))
    path.write_bytes(path.read_bytes().replace(b"long", b"lonG", 1))
    code, report = examined(project, capfd)
    assert code == 7
    assert said(report, "failed") == [f"{path}: checksum"]


def test_a_draft_of_a_dead_writer_is_removed_only_on_request(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    draft = a_draft(project)
    code, report = examined(project, capfd)
    assert (code, report["repairs"], report["repaired"]) == (0, [f"remove {draft}"], False)
    code, report = examined(project, capfd, "--repair", "--yes")
    assert (code, report["repaired"], draft.exists()) == (0, True, False)


def test_repairing_is_asked_for_where_nobody_can_be_asked(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    draft = a_draft(project)
    assert run(["doctor", "--no-network", "--repair", "--root", str(project)]) == 2
    assert f"would remove {draft}" in capfd.readouterr().err
    assert draft.exists()


def test_what_is_computed_from_the_record_is_written_again(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (path,) = (project / "dump/paper/data/signal").glob("BTC*/BTCUSDT.json")
    before = json.loads(path.read_bytes())["data"]
    path.unlink()
    path.with_name("BTCUSDT.json.previous").unlink(missing_ok=True)
    _, report = examined(project, capfd)
    (words,) = [words for words in said(report, "warning") if "is behind" in words]
    assert words == "paper: what is computed from the records is behind: BTCUSDT_on_the_hour_demo"
    examined(project, capfd, "--repair", "--yes")
    assert json.loads(path.read_bytes())["data"] == before
    assert examined(project, capfd)[1]["repairs"] == []


def test_nothing_is_repaired_while_a_run_is_at_work(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    draft = a_draft(project)
    with only_writer(project / "dump/paper/data", "btk paper"):
        assert run(["doctor", "--no-network", "--repair", "--yes", "--root", str(project)]) == 8
    assert draft.exists()
    assert "is at work there" in capfd.readouterr().err


def test_commands_that_no_run_will_take_are_dead(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = CommandFiles(project / "dump/paper/data")
    files.drop(Order(action="pause"))
    _, report = examined(project, capfd)
    assert "paper: 1 commands that nobody has taken in" in said(report, "warning")
    assert report["repairs"] == []
    later_ms = START_MS + (OPENED + 2) * MINUTE_MS
    traded(project, {2: lambda control: control.stop_for_good()}, on_stop="flatten", start_ms=later_ms)
    CommandFiles(project / "dump/paper/data").drop(Order(action="pause"))
    _, report = examined(project, capfd, "--repair", "--yes")
    assert files.waiting() == {}


def test_events_that_are_torn_are_told(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (path,) = project.glob("dump/runs/*/events.jsonl")
    path.write_bytes(path.read_bytes()[:-10])
    _, report = examined(project, capfd)
    assert [words for words in said(report, "warning") if words.endswith("events cannot be read")]


def test_a_dump_that_everybody_can_write_fails(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "dump").chmod(0o777)
    code, report = examined(project, capfd)
    assert code == 7
    assert said(report, "failed") == [f"{project / 'dump'} can be written by everybody"]


def test_who_holds_a_lock_is_named(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with only_writer(project / "dump/paper/data", "btk paper"):
        _, report = examined(project, capfd)
    assert [words for words in said(report, "ok") if words.startswith(f"paper: process {os.getpid()} on ")]


@pytest.mark.parametrize("name", ["BTK_API_KEY", "BTK_SECRET"])
def test_a_key_that_is_not_set_fails_and_one_that_is_is_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for key, text in KEYS.items():
        monkeypatch.setenv(key, text)
    monkeypatch.delenv(name)
    code = run(["doctor", "--no-network", "--root", str(make_live_project(tmp_path))])
    told = capfd.readouterr()
    assert code == 7
    assert f"set ${{{name}}}" in told.out
    assert not [text for text in KEYS.values() if text in told.out + told.err]
