"""What venues remember: a few keep only their newest candles, of every interval the same number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from btk.model.intervals import MINUTE_MS, interval_ms


class Memory(NamedTuple):
    """How many rows a venue answers with at most, the running one among them, and of which intervals."""

    rows: int
    intervals: tuple[str, ...]


# Such venues answer with their newest candles, whatever was asked for.
_MEMORIES: Mapping[str, Memory] = {"kraken": Memory(720, ("1m", "5m", "15m", "30m", "1h", "4h", "1d"))}


def kept_rows(exchange: str) -> int | None:
    """How many closed candles of any interval a venue keeps; None for all since the listing."""
    memory = _MEMORIES.get(exchange)
    return memory.rows - 1 if memory else None


def kept_since_ms(exchange: str, interval: str, now_ms: int) -> int | None:
    """When the oldest candle opens that can still be had; None when the venue keeps all."""
    rows, step_ms = kept_rows(exchange), interval_ms(interval)
    return None if rows is None else now_ms // step_ms * step_ms - rows * step_ms


def own_interval(exchange: str, interval: str) -> str | None:
    """The longest interval of a forgetful venue, above a minute, that bars of `interval` can be made of."""
    memory, step_ms = _MEMORIES.get(exchange), interval_ms(interval)
    dividing = [name for name in memory.intervals if step_ms % interval_ms(name) == 0] if memory else []
    return max((name for name in dividing if interval_ms(name) > MINUTE_MS), key=interval_ms, default=None)
