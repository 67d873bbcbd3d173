"""When a cron expression is due, in UTC; and the same as a line for cron, whose clock is another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from btk.model.errors import SettingsError

_HOUR = timedelta(hours=1)
# How `date -u` says the fields after the minute: two digits, but the day of the week is one.
_FORMATS = ("%H", "%d", "%m", "%w")


def due_times(expression: str, after: datetime) -> Iterator[datetime]:
    """Every moment after `after`; `SettingsError` for an expression that is none, or never due."""
    from croniter import CroniterBadCronError, CroniterBadDateError, croniter

    start = after.astimezone(UTC)
    try:
        croniter(expression, start).get_next()
        return croniter(expression, start).all_next(datetime)
    except (CroniterBadCronError, CroniterBadDateError) as error:
        raise SettingsError(
            f"cache.schedule: {expression!r} is no cron expression ({error}); write one such as 7 * * * *"
        ) from error


def crontab_line(expression: str, offsets: Sequence[timedelta], command: str) -> str:
    """A line that runs `command` when the expression is due in UTC, on a machine with these offsets from UTC.

    cron goes by local time, and Debian's does not know CRON_TZ. So cron comes by at the right minutes of every hour,
    and the line asks `date -u` about the rest. `SettingsError` for what no such line can say.
    """
    minutes, *rest = _fields(expression)
    parts = {offset % _HOUR for offset in offsets}
    if len(parts) > 1 and minutes != ["*"]:
        raise _unsayable(expression, "this machine's clock is set by parts of an hour")
    local = (
        minutes if minutes == ["*"] else sorted((int(minute) + _minutes(parts)) % 60 for minute in minutes)
    )
    asked = [(name, values) for name, values in zip(_FORMATS, rest, strict=True) if values != ["*"]]
    line = f"{','.join(map(str, local))} * * * * {_guarded(asked, command)}"
    # cron takes a bare percent sign for the end of the line.
    return line.replace("%", r"\%")


def local_offsets(now: datetime) -> list[timedelta]:
    """This machine's offsets from UTC in the year that begins now."""
    days = (now + timedelta(days=count) for count in range(366))
    return sorted({day.astimezone().utcoffset() or timedelta() for day in days})


def _fields(expression: str) -> list[list[int | str]]:
    from croniter import croniter

    fields, weeks = croniter.expand(expression)
    if len(fields) != 5 or weeks or any(value == "l" for field in fields for value in field):
        raise _unsayable(expression, "cron itself has no such words")
    if fields[2] != ["*"] and fields[4] != ["*"]:
        raise _unsayable(expression, "it names days of the month and of the week")
    return [list(field) for field in fields]


def _guarded(asked: Sequence[tuple[str, Sequence[int | str]]], command: str) -> str:
    for name, values in asked:
        digits = 1 if name == "%w" else 2
        wanted = "|".join(str(value).zfill(digits) for value in values)
        command = f"case $(date -u +{name}) in {wanted}) {command};; esac"
    return command


def _minutes(parts: set[timedelta]) -> int:
    return sum(int(part.total_seconds()) // 60 for part in parts)


def _unsayable(expression: str, why: str) -> SettingsError:
    return SettingsError(
        f"cache.schedule: no line of a crontab can say {expression!r} in UTC ({why}); use --print-systemd"
    )
