"""Dates and numbers of days that are given as flags."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.model.dates import parse_date_ms
from btk.model.errors import InvalidInput, UsageError
from btk.model.intervals import MINUTE_MS, floor_to

# Half a century: before that there was nothing to fetch.
_MOST_DAYS = 18_000

LastDays = Annotated[
    int | None, typer.Option("--days", metavar="N", min=1, max=_MOST_DAYS, help="The last N days, up to now.")
]


def minute_of(flag: str, text: str) -> int:
    """The minute that a flag names, UTC milliseconds; `UsageError` naming the flag."""
    try:
        return floor_to(parse_date_ms(text), MINUTE_MS)
    except InvalidInput as error:
        raise UsageError(f"{flag}: {error}") from error
