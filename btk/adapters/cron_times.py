"""When a cron expression is due, in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from btk.model.errors import SettingsError


def due_times(expression: str, after: datetime) -> Iterator[datetime]:
    """Every moment after `after`; `SettingsError` for an expression that is none."""
    from croniter import CroniterBadCronError, croniter

    try:
        return croniter(expression, after.astimezone(UTC)).all_next(datetime)
    except CroniterBadCronError as error:
        raise SettingsError(
            f"cache.schedule: {expression!r} is no cron expression ({error}); write one such as 7 * * * *"
        ) from error
