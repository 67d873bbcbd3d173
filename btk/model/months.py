"""Calendar months (UTC): how candles are filed, and how long a replay looks ahead."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from btk.model.bars import Span


def month_of(at_ms: int) -> str:
    """The calendar month of a moment, such as `2023-03`."""
    return str(np.datetime64(at_ms, "ms").astype("datetime64[M]"))


def month_around(at_ms: int) -> Span:
    """The calendar month that holds a moment."""
    month = np.datetime64(at_ms, "ms").astype("datetime64[M]")
    return Span(_start_ms(month), _start_ms(month + 1))


def months_of(span: Span) -> Iterator[Span]:
    """The span, cut at the first of each month."""
    from_ms = span.from_ms
    while from_ms < span.to_ms:
        to_ms = min(span.to_ms, month_around(from_ms).to_ms)
        yield Span(from_ms, to_ms)
        from_ms = to_ms


def _start_ms(month: np.datetime64) -> int:
    return int(month.astype("datetime64[ms]").astype(np.int64))
