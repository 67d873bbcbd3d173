"""An equity strip draws the same minutes however often somebody looks at it in between."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from btk.core.holding import Holding, opened
from btk.core.rules import Rules
from btk.engines.equity_strip import EquityStrip
from btk.model.names import SlotKey
from tests.core.position_samples import a_plan

KEY = SlotKey("BTC", "s", "test")
RULES = Rules()
MINUTES = 60
CLOSE = 100 + np.sin(np.arange(MINUTES))

rows = st.lists(st.integers(0, MINUTES - 1), max_size=8).map(sorted)


def a_holding() -> Holding:
    return opened(a_plan(100.0, stop=90.0, take=120.0), 100.0, 0, RULES)


def drawn(changes: list[int], looks: list[int], unknown: int = 0) -> tuple[list[float], list[float]]:
    """The profit of every minute when a position comes or goes at `changes`, and what was seen up to each of `looks`.

    The first `unknown` minutes have no candle.
    """
    strip, held, seen_until = EquityStrip(1000.0), False, 0
    strip.begin(np.where(np.arange(MINUTES) < unknown, np.nan, CLOSE), 0)
    strip.hold(KEY, None, RULES)
    seen: list[float] = []
    for row in sorted({*changes, *looks}):
        if row in looks:
            seen += np.broadcast_to(strip.profit_over(seen_until, row), row - seen_until).tolist()
            seen_until = row
        if row in changes:
            strip.mark(row)
            held = not held
            strip.hold(KEY, a_holding() if held else None, RULES)
    strip.end(0, MINUTES)
    return strip.profit.tolist(), seen


@given(rows, rows)
def test_a_look_changes_no_minute_and_sees_what_is_drawn_in_the_end(changes, looks):
    undisturbed, _ = drawn(changes, [])
    profit, seen = drawn(changes, looks)
    assert profit == undisturbed
    assert seen == undisturbed[: len(seen)]


@given(rows, rows, st.integers(0, MINUTES))
def test_minutes_without_a_candle_in_which_nothing_is_held_are_worth_what_was_made_before(
    changes, looks, unknown
):
    later = [row for row in changes if row >= unknown]
    profit, _ = drawn(later, looks, unknown)
    assert profit == drawn(later, [])[0]
    assert not np.isnan(profit).any()
