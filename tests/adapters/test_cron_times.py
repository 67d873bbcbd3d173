"""A line for cron runs when the expression is due in UTC, whatever the local time zone and whichever cron reads it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest

from btk.adapters.cron_times import crontab_line, due_times
from btk.model.errors import SettingsError

NOON = datetime(2024, 2, 28, 12, 30, tzinfo=UTC)
UTC_ONLY = [timedelta()]
BERLIN = [timedelta(hours=1), timedelta(hours=2)]
KOLKATA = [timedelta(hours=5, minutes=30)]
LORD_HOWE = [timedelta(hours=10, minutes=30), timedelta(hours=11)]


def test_an_expression_that_is_never_due_is_refused() -> None:
    with pytest.raises(SettingsError, match="'0 0 30 2"):
        due_times("0 0 30 2 *", NOON)


@pytest.mark.parametrize("offsets", [UTC_ONLY, BERLIN], ids=["UTC", "Berlin"])
def test_minutes_of_every_hour_are_the_same_in_every_zone_of_whole_hours(offsets: list[timedelta]) -> None:
    assert crontab_line("7,37 * * * *", offsets, "work") == "7,37 * * * * work"


def test_hours_are_asked_of_the_clock_itself_and_percent_signs_are_written_as_cron_wants_them() -> None:
    line = crontab_line("7 */6 * * *", BERLIN, "work 100%")
    assert line == r"7 * * * * case $(date -u +\%H) in 00|06|12|18) work 100\%;; esac"


@pytest.mark.parametrize(
    ("expression", "offsets", "words"),
    [
        ("7 * * * *", LORD_HOWE, "parts of an hour"),
        ("0 0 1 * 1", UTC_ONLY, "days of the month and of the week"),
        ("0 0 L * *", UTC_ONLY, "no such words"),
        ("0 0 * * 2#1", UTC_ONLY, "no such words"),
        ("0 0 * * * 30", UTC_ONLY, "no such words"),
    ],
)
def test_what_no_line_can_say_is_refused_with_the_way_out(
    expression: str, offsets: list[timedelta], words: str
) -> None:
    with pytest.raises(SettingsError, match=f"{words}.*use --print-systemd"):
        crontab_line(expression, offsets, "work")


def fires(line: str, at: datetime, offset: timedelta, folder: Path) -> bool:
    """Whether cron, in local time, would run `work` at a moment; the line's shell words are run by a shell."""
    minutes, _, _, _, _, command = line.replace(r"\%", "%").split(" ", 5)
    if minutes != "*" and str((at + offset).minute) not in minutes.split(","):
        return False
    clock = folder / "date"
    clock.write_text(f'#!/bin/sh\nexec /bin/date -u -d @{int(at.timestamp())} "$2"\n')
    clock.chmod(0o755)
    shell = ["sh", "-c", f"work() {{ echo done; }}; {command}"]
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    return subprocess.run(shell, capture_output=True, check=True, env=environment).stdout == b"done\n"


@pytest.mark.parametrize("expression", ["7 */6 * * *", "30 22-2 * * 5-7", "0,45 23 29 2 *", "15 * * 3 *"])
@pytest.mark.parametrize("offset", [timedelta(), timedelta(hours=-8), KOLKATA[0]], ids=str)
def test_the_line_runs_exactly_when_the_expression_is_due(
    expression: str, offset: timedelta, tmp_path: Path
) -> None:
    line = crontab_line(expression, [offset], "work")
    end = NOON + timedelta(days=3)
    due = set(takewhile(lambda moment: moment < end, due_times(expression, NOON)))
    hours = [NOON + timedelta(minutes=15 * count + 7) for count in range(1, 4 * 24 * 3, 7)]
    for moment in {*sorted(due)[:12], *hours[:24]}:
        assert fires(line, moment, offset, tmp_path) == (moment in due), moment
