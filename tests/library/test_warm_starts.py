"""Left and started again, a strategy is asked as if nothing had been, however soon that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.model.errors import Transient
from tests.cli.strategy_project import events
from tests.library.trading_project import ON_THE_HOUR, START_MS, leave, traded, trading_project

MINUTE_MS = 60_000
THE_HOUR_MS = START_MS + 30 * MINUTE_MS


@pytest.mark.parametrize("bars", ['interval, warmup = "1m", 60', 'interval, warmup = "15m", 4'])
@pytest.mark.parametrize(("left_after", "seconds_later"), [(20, 0), (29, 0), (20, 95)])
def test_a_run_that_goes_on_needs_no_second_warm_up(
    tmp_path: Path, bars: str, left_after: int, seconds_later: int
) -> None:
    root = trading_project(tmp_path, ON_THE_HOUR.replace('interval = "1m"', bars))
    traded(root, {left_after: leave})
    again_ms = START_MS + left_after * MINUTE_MS + (30 + seconds_later) * 1000
    traded(root, {12: leave}, start_ms=again_ms)
    assert [event["at_ms"] for event in events(root) if event["type"] == "opened"] == [THE_HOUR_MS] * 2


@pytest.mark.parametrize("minutes_behind", [3, 60, 1440])
def test_a_clock_behind_what_the_run_has_seen_starts_nothing(tmp_path: Path, minutes_behind: int) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    behind_ms = START_MS + (5 - minutes_behind) * MINUTE_MS
    with pytest.raises(
        Transient, match=r"but the run has come to 2024-01-03T00:35: one of the two clocks was wrong"
    ):
        traded(root, {7: leave}, start_ms=behind_ms)
    traded(root, {7: leave}, start_ms=START_MS + 4 * MINUTE_MS)
