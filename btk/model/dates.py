"""Dates as people write them, to and from UTC milliseconds."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from btk.model.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# Smaller numbers are years, days or seconds written by mistake; nothing was traded before 1973.
EARLIEST_MS = 10**11
LATEST_MS = 253_402_300_799_999

DATE_FORMS = "a UTC date such as 2024-01-01, 2024-01-01T10:00, 2024-01-01T10:00:00Z or 1704067200000"

DateMs = Annotated[
    int,
    msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS, description=DATE_FORMS),
]


def parse_date_ms(text: str) -> int:
    """UTC milliseconds of `DATE_FORMS` (also ISO with an offset); `InvalidInput` for anything else."""
    try:
        at_ms = int(text) if text.isdecimal() else _iso_ms(text)
    except ValueError:
        raise _not_a_date(text) from None
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        raise _not_a_date(text)
    return at_ms


def format_date(at_ms: int) -> str:
    """The shortest of the forms that `parse_date_ms` reads back."""
    moment = _EPOCH + at_ms * _MILLISECOND
    if at_ms % 60_000:
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{moment:%Y-%m-%d}" if at_ms % 86_400_000 == 0 else f"{moment:%Y-%m-%dT%H:%M}"


def _iso_ms(text: str) -> int:
    moment = datetime.fromisoformat(text.strip())
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MILLISECOND


def _not_a_date(text: str) -> InvalidInput:
    return InvalidInput(f"expected {DATE_FORMS}, got {text!r}")
