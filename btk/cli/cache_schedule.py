"""`btk cache schedule`: warms the cache whenever the cron expression of the settings is due, or tells others to."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.candle_series import SeriesKey
from btk.adapters.cron_times import crontab_line, due_times, local_offsets
from btk.adapters.settings import Loaded
from btk.cli.date_flags import LastDays
from btk.cli.options import Assignments, ConfigFiles, chosen_settings
from btk.library.candle_schedule import SystemClock, keep_warm
from btk.model.bars import Span
from btk.model.errors import UsageError
from btk.model.intervals import DAY_MS, MINUTE_MS, floor_to

PrintCrontab = Annotated[
    bool, typer.Option("--print-crontab", help="Print the line for crontab -e, and end.")
]
PrintSystemd = Annotated[bool, typer.Option("--print-systemd", help="Print a systemd service, and end.")]
Next = Annotated[
    int | None, typer.Option("--next", metavar="N", min=1, help="Print the next N times, and end.")
]


def schedule(
    context: typer.Context,
    *,
    days: LastDays = None,
    print_crontab: PrintCrontab = False,
    print_systemd: PrintSystemd = False,
    next_: Next = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
) -> None:
    """Warm the cache at the times of cache.schedule (UTC), in the foreground, until it is stopped.

    What an exchange refuses is said, and the next time waited for. Exit 130 after Ctrl-C, 143 after SIGTERM.
    """
    if print_crontab + print_systemd + (next_ is not None) > 1:
        raise UsageError("choose one of --print-crontab, --print-systemd and --next")
    loaded = chosen_settings(context, config, assignments)
    now, expression = datetime.now(UTC), loaded.settings.cache.schedule
    times = due_times(expression, now)
    if next_ is not None:
        for moment in islice(times, next_):
            typer.echo(moment.strftime("%Y-%m-%dT%H:%MZ"))
    elif print_crontab:
        command = f"{_command(loaded, 'warm', days)} --quiet"
        typer.echo(f"# {expression} in UTC, whatever the time zone of this machine")
        typer.echo(crontab_line(expression, local_offsets(now), command))
    elif print_systemd:
        typer.echo(_unit(loaded, days))
    else:
        keep_warm(loaded, lambda now: _spans(loaded, days, now), SystemClock(), _say)


def _say(words: str) -> None:
    print(f"btk: {words}", file=sys.stderr, flush=True)


def _spans(loaded: Loaded, days: int | None, now: datetime) -> Mapping[SeriesKey, Span]:
    if days is None:
        return wiring.needed_spans(loaded.settings, loaded.root)
    now_ms = floor_to(int(now.timestamp() * 1000), MINUTE_MS)
    return wiring.minutes_of(loaded.settings, Span(now_ms - days * DAY_MS, now_ms))


def _command(loaded: Loaded, name: str, days: int | None) -> str:
    program = Path(sys.executable).with_name("btk")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "btk"]
    wish = ["--days", str(days)] if days else []
    return shlex.join([*start, "cache", name, "--root", str(loaded.root), *wish])


def _unit(loaded: Loaded, days: int | None) -> str:
    # systemd has a meaning of its own for both signs.
    command = _command(loaded, "schedule", days).replace("%", "%%").replace("$", "$$")
    return "\n".join(
        (
            "# ~/.config/systemd/user/btk-cache.service, then: systemctl --user enable --now btk-cache",
            "[Unit]",
            "Description=btk: candles of " + ", ".join(loaded.settings.symbols),
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            f"ExecStart={command}",
            "# How btk says that it was stopped.",
            "SuccessExitStatus=130 143",
            "Restart=on-failure",
            "RestartSec=60",
            "",
            "[Install]",
            "WantedBy=default.target",
        )
    )
