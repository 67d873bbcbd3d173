"""Candle intervals: their names, their lengths, and alignment on the epoch."""

from btk.model.errors import InvalidInput

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 86_400_000

INTERVAL_MS: dict[str, int] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "2h": 120 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "6h": 360 * MINUTE_MS,
    "8h": 480 * MINUTE_MS,
    "12h": 720 * MINUTE_MS,
    "1d": DAY_MS,
}


def interval_ms(name: str) -> int:
    """Length of a candle interval in milliseconds; `InvalidInput` for a name that is not in `INTERVAL_MS`."""
    try:
        return INTERVAL_MS[name]
    except KeyError:
        raise InvalidInput(f"unknown interval {name!r}; choose one of {', '.join(INTERVAL_MS)}") from None


def floor_to(at_ms: int, step_ms: int) -> int:
    """The start of the aligned interval that holds `at_ms`."""
    return at_ms - at_ms % step_ms
