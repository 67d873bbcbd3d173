"""Which scenarios are expected to differ, and which end the origin's process."""

from __future__ import annotations

from tests.oracle.scenarios import all_scenarios

EXCEPTIONS = (
    "cost_zero",
    "infinity_user_close_last_candle_of_chunk",
    "user_create_signal_stale",
    "fill_drops_queued_commits",
)


def fatal_names() -> tuple[str, ...]:
    """The scenarios in which the origin's process ends."""
    return tuple(name for name, scenario in all_scenarios().items() if scenario.expected.fatal is not None)
