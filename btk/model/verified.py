"""What a verification has found: whether the live path tells what a backtest tells."""

from __future__ import annotations

import msgspec

SCHEMA = "btk.verify/1"


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """`backtest` and `replay` are the first events that differ, as lines; None where one of the two tells no more."""

    schema: str = SCHEMA
    same: bool
    events: int
    backtest: str | None = None
    replay: str | None = None
