"""Campaigns: how many cases a run of the crash tests tried, of how many there are, told at its end."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
SEED = 20_240_101
Sampler = Callable[[str, Sequence[T], int], Sequence[T]]

_told: list[str] = []


@pytest.fixture
def sampled(request: pytest.FixtureRequest) -> Sampler[Any]:
    """Chooses `limit` cases of a campaign, the same ones each time; all of them under the marker `soak`."""

    def choose(campaign: str, cases: Sequence[T], limit: int) -> Sequence[T]:
        whole = request.node.get_closest_marker("soak") is not None
        chosen = cases if whole or limit >= len(cases) else random.Random(SEED).sample(cases, limit)
        _told.append(f"{campaign}: {len(chosen)} of {len(cases)} cases")
        return chosen

    return choose


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was tried."""
    for line in _told:
        terminalreporter.write_line(line)
