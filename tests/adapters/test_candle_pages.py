"""Missing stretches become as few requests as hold them, none longer than a page."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from btk.adapters.candle_pages import inside, pages_of
from btk.model.bars import Span


def _spans(edges: list[int]) -> tuple[Span, ...]:
    ordered = sorted(set(edges))
    return tuple(Span(*pair) for pair in zip(ordered[::2], ordered[1::2], strict=False))


def test_near_holes_share_a_page_and_long_ones_are_cut() -> None:
    spans = (Span(0, 10), Span(50, 60), Span(95, 340))
    assert list(pages_of(spans, 100)) == [Span(0, 60), Span(95, 195), Span(195, 295), Span(295, 340)]


@given(st.lists(st.integers(0, 2000), max_size=30), st.integers(1, 300))
def test_pages_hold_every_hole_once_and_start_and_end_with_one(edges: list[int], page: int) -> None:
    spans = _spans(edges)
    wanted = {minute for span in spans for minute in range(*span)}
    seen: list[int] = []
    for found in pages_of(spans, page):
        assert found.to_ms - found.from_ms <= page
        assert {found.from_ms, found.to_ms - 1} <= wanted
        seen.extend(range(*found))
    assert len(seen) == len(set(seen))
    assert wanted <= set(seen)


@given(st.lists(st.integers(0, 200), max_size=12))
def test_what_lies_inside_is_what_a_loop_would_say(edges: list[int]) -> None:
    spans = _spans(edges)
    times = np.arange(210)
    expected = [any(span.from_ms <= at < span.to_ms for span in spans) for at in times.tolist()]
    assert inside(times, spans).tolist() == expected
