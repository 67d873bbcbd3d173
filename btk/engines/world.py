"""The world: what all slots of a run share."""

from __future__ import annotations

import msgspec

from btk.core.books import Books
from btk.core.model import ExecutionModel
from btk.engines.equity_tape import EquityTape
from btk.engines.journal import Journal


class World(msgspec.Struct, frozen=True):
    """`tells_milestones` is off where nobody reads events."""

    model: ExecutionModel
    books: Books
    tape: EquityTape
    journal: Journal
    tells_milestones: bool = True
