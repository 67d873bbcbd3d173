"""`btk cache schedule`: the times of a cron expression, ready lines for cron and systemd, one run at a time."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from btk.adapters.cron_times import due_times
from btk.cli.app import run
from btk.model.errors import SettingsError
from tests.cli.btk_process import start_btk

Captured = pytest.CaptureFixture[str]
NOON = datetime(2024, 2, 28, 12, 30, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text(
        "exchange: {name: binance}\nsymbols: [BTCUSDT]\ncache: {schedule: '7 */6 * * *'}\n"
    )
    return tmp_path


def test_times_are_those_of_the_expression_in_utc() -> None:
    found = list(islice(due_times("0 0 29 2 *", NOON), 2))
    assert found == [datetime(2024, 2, 29, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)]
    assert next(due_times("@hourly", NOON)) == NOON + timedelta(minutes=30)


def test_an_expression_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"cache\.schedule: '61 \* \* \* \*' is no cron expression"):
        due_times("61 * * * *", NOON)


def test_the_next_times_are_printed(root: Path, capsys: Captured) -> None:
    assert run(["cache", "schedule", "--next", "5", "--root", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(line[11:] in {"00:07Z", "06:07Z", "12:07Z", "18:07Z"} for line in lines)


def test_the_line_for_cron_runs_this_btk_on_this_project_and_is_quiet(root: Path, capsys: Captured) -> None:
    assert run(["cache", "schedule", "--print-crontab", "--days", "2", "--root", str(root)]) == 0
    why, line = capsys.readouterr().out.splitlines()
    assert why == "# 7 */6 * * * in UTC, whatever the time zone of this machine"
    assert line.endswith(f"cache warm --root {root} --days 2 --quiet;; esac")


def test_the_systemd_service_runs_the_schedule_in_the_foreground(root: Path, capsys: Captured) -> None:
    assert run(["cache", "schedule", "--print-systemd", "--root", str(root)]) == 0
    unit = capsys.readouterr().out
    assert f"cache schedule --root {root}\n" in unit
    assert "Restart=on-failure" in unit
    assert "SuccessExitStatus=130 143" in unit


@pytest.mark.parametrize("wish", ["--print-crontab", "--print-systemd"])
def test_what_is_printed_runs_with_the_same_settings(root: Path, wish: str, capsys: Captured) -> None:
    (root / "more.yaml").write_text("symbols: [ETHUSDT]\n")
    chosen = ["--config", "more.yaml", "--set", "cache.retries=9"]
    assert run(["cache", "schedule", wish, "--days", "2", *chosen, "--root", str(root)]) == 0
    assert " --days 2 --config more.yaml --set cache.retries=9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wish", "key"),
    [(["--next", "2"], "next"), (["--print-crontab"], "crontab"), (["--print-systemd"], "systemd")],
)
def test_json_is_one_document_of_the_same_lines(
    root: Path, wish: list[str], key: str, capsys: Captured
) -> None:
    assert run(["cache", "schedule", *wish, "--root", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert run(["cache", "schedule", *wish, "--json", "--root", str(root)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"schema": "btk.cache-schedule/1", key: lines}


def test_only_one_thing_can_be_printed(root: Path, capsys: Captured) -> None:
    assert run(["cache", "schedule", "--next", "1", "--print-crontab", "--root", str(root)]) == 2
    assert "choose one of" in capsys.readouterr().err


def test_an_expression_that_is_never_due_is_exit_3(root: Path, capsys: Captured) -> None:
    wish = ("--set", "cache.schedule=0 0 30 2 *")
    assert run(["cache", "schedule", "--next", "1", *wish, "--root", str(root)]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_nothing_waits_for_an_exchange_of_which_nothing_is_stored(root: Path, capsys: Captured) -> None:
    assert run(["cache", "schedule", "--set", "exchange.name=demo", "--root", str(root)]) == 3
    assert "the demo exchange is computed and stores nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, b"interrupted"), (signal.SIGTERM, 143, b"terminated")]
)
def test_a_signal_ends_the_waiting_in_one_line(root: Path, number: int, code: int, word: bytes) -> None:
    process = start_btk("cache", "schedule", "--root", str(root))
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"btk: next at ")
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (code, b"", b"btk: " + word + b"\n")
