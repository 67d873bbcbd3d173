"""`btk cache schedule`: warms the cache whenever the cron expression of the settings is due, or tells cron to."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.candle_series import SeriesKey
from btk.adapters.cron_times import due_times
from btk.adapters.settings import Loaded
from btk.cli.options import Assignments, ConfigFiles, chosen_settings
from btk.library.candles import warm_spans
from btk.model.bars import Span
from btk.model.errors import AlreadyRunning, Transient, Unknown
from btk.model.intervals import DAY_MS, MINUTE_MS, floor_to

# A laptop that was asleep must not find its next run hours late.
_LONGEST_SLEEP_SECONDS = 30.0

Days = Annotated[
    int | None,
    typer.Option("--days", metavar="N", min=1, help="The last N days; default: what the frame needs."),
]
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
    days: Days = None,
    print_crontab: PrintCrontab = False,
    print_systemd: PrintSystemd = False,
    next_: Next = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
) -> None:
    """Warm the cache at the times of cache.schedule (UTC), in the foreground, until it is stopped."""
    loaded = chosen_settings(context, config, assignments)
    expression = loaded.settings.cache.schedule
    times = due_times(expression, datetime.now(UTC))
    if next_ is not None:
        for moment in islice(times, next_):
            typer.echo(moment.strftime("%Y-%m-%dT%H:%MZ"))
    elif print_crontab:
        # cron has another clock than we do on a machine whose time zone is not UTC.
        typer.echo(f"CRON_TZ=UTC\n{expression} {_command(loaded, 'warm', days)} --quiet")
    elif print_systemd:
        typer.echo(_unit(loaded, days))
    else:
        for moment in times:
            _sleep_until(moment)
            _warm(loaded, days)


def _warm(loaded: Loaded, days: int | None) -> None:
    try:
        outcome = warm_spans(loaded.settings, loaded.root, _spans(loaded, days))
        if outcome.error:
            raise outcome.error
    except (AlreadyRunning, Transient, Unknown) as error:
        # The next time may be better.
        print(f"btk: {error}", file=sys.stderr, flush=True)
        return
    new = sum(series.new for series in outcome.series)
    print(f"btk: {datetime.now(UTC):%Y-%m-%dT%H:%MZ} {new:,} new candles", file=sys.stderr, flush=True)


def _spans(loaded: Loaded, days: int | None) -> dict[SeriesKey, Span]:
    if days is None:
        return wiring.needed_spans(loaded.settings, loaded.root)
    now_ms = floor_to(wiring.now_ms(), MINUTE_MS)
    return wiring.minutes_of(loaded.settings, Span(now_ms - days * DAY_MS, now_ms))


def _sleep_until(moment: datetime) -> None:
    while (left := (moment - datetime.now(UTC)).total_seconds()) > 0:
        time.sleep(min(left, _LONGEST_SLEEP_SECONDS))


def _command(loaded: Loaded, name: str, days: int | None) -> str:
    program = Path(sys.executable).with_name("btk")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "btk"]
    wish = ["--days", str(days)] if days else []
    return shlex.join([*start, "cache", name, "--root", str(loaded.root), *wish])


def _unit(loaded: Loaded, days: int | None) -> str:
    return "\n".join(
        (
            "[Unit]",
            "Description=btk: candles of " + ", ".join(loaded.settings.symbols),
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            f"ExecStart={_command(loaded, 'schedule', days)}",
            "Restart=on-failure",
            "RestartSec=60",
            "",
            "[Install]",
            "WantedBy=default.target",
        )
    )
