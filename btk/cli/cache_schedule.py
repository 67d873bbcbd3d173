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
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.library.candle_schedule import SystemClock, keep_warm
from btk.model.bars import Span
from btk.model.errors import SettingsError, UsageError
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
    as_json: AsJson = False,
) -> None:
    """Warm the cache at the times of cache.schedule (UTC). In the foreground, until it is stopped.

    What an exchange refuses is said, and the next time waited for. Exit 130 after Ctrl-C, 143 after SIGTERM.
    """
    if print_crontab + print_systemd + (next_ is not None) > 1:
        raise UsageError("choose one of --print-crontab, --print-systemd and --next")
    loaded = chosen_settings(context, config, assignments)
    now, expression = datetime.now(UTC), loaded.settings.cache.schedule
    wish = [*(["--days", str(days)] if days else []), *_flags(loaded, assignments)]
    if next_ is not None:
        times = [f"{moment:%Y-%m-%dT%H:%MZ}" for moment in islice(due_times(expression, now), next_)]
        _show(as_json, next=times)
    elif print_crontab:
        line = crontab_line(expression, local_offsets(now), f"{_command(loaded, 'warm', wish)} --quiet")
        _show(as_json, crontab=[f"# {expression} in UTC, whatever the time zone of this machine", line])
    elif print_systemd:
        _show(as_json, systemd=_unit(loaded, wish))
    elif as_json:
        raise UsageError(
            "--json needs --next, --print-crontab or --print-systemd: the waiting has no document"
        )
    elif loaded.settings.exchange.name == wiring.DEMO:
        raise SettingsError("the demo exchange is computed and stores nothing; set exchange.name")
    else:
        keep_warm(loaded, lambda now: _spans(loaded, days, now), SystemClock(), _say)


def _show(as_json: bool, **lines: list[str]) -> None:
    if as_json:
        print_document({"schema": "btk.cache-schedule/1", **lines})
    else:
        typer.echo("\n".join(line for shown in lines.values() for line in shown))


def _flags(loaded: Loaded, assignments: list[str] | None) -> list[str]:
    # Whoever calls the printed command does so from another folder.
    flags = [word for file in loaded.files[1:] for word in ("--config", file)]
    return flags + [word for text in assignments or () for word in ("--set", text)]


def _say(words: str) -> None:
    print(f"btk: {words}", file=sys.stderr, flush=True)


def _spans(loaded: Loaded, days: int | None, now: datetime) -> Mapping[SeriesKey, Span]:
    if days is None:
        return wiring.needed_spans(loaded.settings, loaded.root)
    now_ms = floor_to(int(now.timestamp() * 1000), MINUTE_MS)
    return wiring.minutes_of(loaded.settings, Span(now_ms - days * DAY_MS, now_ms))


def _command(loaded: Loaded, name: str, wish: list[str]) -> str:
    program = Path(sys.executable).with_name("btk")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "btk"]
    return shlex.join([*start, "cache", name, "--root", str(loaded.root), *wish])


def _unit(loaded: Loaded, wish: list[str]) -> list[str]:
    # systemd has a meaning of its own for both signs.
    command = _command(loaded, "schedule", wish).replace("%", "%%").replace("$", "$$")
    return [
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
    ]
