"""What to fetch of a series, cut into requests: only rows that nobody knows, each asked for once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Span


def pages_of(spans: tuple[Span, ...], page_ms: int) -> Iterator[Span]:
    """Stretches of at most `page_ms` that hold all the spans; near ones share a page."""
    start_ms = end_ms = None
    for span in spans:
        for from_ms, to_ms in _cut(span, page_ms):
            if start_ms is None or end_ms is None:
                start_ms, end_ms = from_ms, to_ms
            elif to_ms - start_ms <= page_ms:
                end_ms = to_ms
            else:
                yield Span(start_ms, end_ms)
                start_ms, end_ms = from_ms, to_ms
    if start_ms is not None and end_ms is not None:
        yield Span(start_ms, end_ms)


def _cut(span: Span, page_ms: int) -> Iterator[Span]:
    for from_ms in range(span.from_ms, span.to_ms, page_ms):
        yield Span(from_ms, min(from_ms + page_ms, span.to_ms))


def inside(open_ms: NDArray[np.int64], spans: tuple[Span, ...]) -> NDArray[np.bool_]:
    """Which of the ascending times lie in one of the ascending spans."""
    if not spans:
        return np.zeros(len(open_ms), np.bool_)
    starts, ends = np.array(spans, np.int64).T
    place = np.searchsorted(starts, open_ms, side="right") - 1
    within: NDArray[np.bool_] = (place >= 0) & (open_ms < ends[place])
    return within
