"""A ping: a minute passed and a slot was as it was; told only to who asked, and never written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from btk.core.states import Closing, Idle, Open, Scheduled, State

PingKind = Literal["idle", "waiting", "active"]
PING_KINDS: Mapping[type[State], PingKind] = {
    Idle: "idle",
    Scheduled: "waiting",
    Open: "active",
    Closing: "active",
}


class Ping(msgspec.Struct, frozen=True):
    """The state of a slot at a tick, and the execution model's price there.

    How far a position has been and which milestones it has reached is counted later, when it is needed.
    """

    tick_ms: int
    price: float
    state: State

    @property
    def kind(self) -> PingKind:
        """What passed."""
        return PING_KINDS[type(self.state)]
