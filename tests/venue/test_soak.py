"""Hours and weeks of trading with faults and kills: nothing that may never happen, and a state that grows no larger."""

from __future__ import annotations

import pytest

from tests.venue.broker_seat import Kind
from tests.venue.soak import soaked

KINDS: tuple[Kind, ...] = ("spot", "swap")


@pytest.mark.parametrize("kind", KINDS)
def test_hours_of_faults_and_kills_lose_nothing(kind: Kind) -> None:
    soak = soaked(kind, seed=8, days=0.25)
    assert soak.problems == []
    assert soak.trades > 0


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_a_month_of_faults_and_kills_loses_nothing_and_keeps_no_more_than_a_day(kind: Kind) -> None:
    soak = soaked(kind, seed=8, days=30)
    assert soak.problems == []
    assert soak.trades > 30 * 24
    early, late = soak.most(6, 16), soak.most(-10, None)
    assert late.state_bytes < early.state_bytes * 1.5
    assert late.files <= early.files
    assert late.memory_mb < early.memory_mb * 1.1
