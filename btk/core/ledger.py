"""The ledger: one wallet for all slots of a run, in one quote currency. Money is reserved before anything is ordered."""

from __future__ import annotations

from collections.abc import Mapping

from btk.model.events import CancelledEvent, ClosedEvent, Event, PartialClosedEvent
from btk.model.names import SlotKey

DUST = 1e-9


class Ledger:
    """start + realised - committed = free, after every event; amounts in quote currency."""

    __slots__ = ("_committed", "_realised_parts", "realised", "start")

    def __init__(self, start: float) -> None:
        self.start = start
        self.realised = 0.0
        self._committed: dict[SlotKey, float] = {}
        self._realised_parts: dict[SlotKey, float] = {}

    @property
    def committed(self) -> float:
        """What open, ordered and scheduled entries hold; summed in the order of the slots."""
        held, total = self._committed, 0.0
        for key in sorted(held) if len(held) > 1 else held:
            total += held[key]
        return total

    @property
    def free(self) -> float:
        """What a new entry may cost."""
        return self.start + self.realised - self.committed

    def committed_by(self, key: SlotKey) -> float:
        """What one slot holds."""
        return self._committed.get(key, 0.0)

    def realised_part_by(self, key: SlotKey) -> float:
        """What partial closes of a slot's open position have realised."""
        return self._realised_parts.get(key, 0.0)

    def restore(self, realised: float, held: Mapping[SlotKey, tuple[float, float]]) -> None:
        """Become what the ledger was before a restart; `held` has (committed, realised part) by slot."""
        self.realised = realised
        self._committed = {key: committed for key, (committed, _) in held.items()}
        self._realised_parts = {key: part for key, (_, part) in held.items()}

    def refusal(self, cost: float) -> str | None:
        """Why `cost` cannot be reserved, or None."""
        free = self.free
        if cost > free + DUST * self.start:
            return f"cost {cost:.2f} is above the free cash {free:.2f}"
        return None

    def reserve(self, key: SlotKey, cost: float) -> None:
        """Set `cost` aside for a slot, on top of what it holds."""
        self._committed[key] = self._committed.get(key, 0.0) + cost

    def release(self, key: SlotKey) -> None:
        """Give back all that a slot holds."""
        self._committed.pop(key, None)
        self._realised_parts.pop(key, None)

    def apply(self, key: SlotKey, event: Event) -> None:
        """Book what an event did to the money of its slot."""
        if type(event) is PartialClosedEvent:
            self.realised += event.realised_cost
            self._realised_parts[key] = self._realised_parts.get(key, 0.0) + event.realised_cost
            self._committed[key] = self._committed.get(key, 0.0) - event.cost_basis * event.pct / 100
        elif type(event) is ClosedEvent:
            self.realised += event.pnl_cost - self._realised_parts.get(key, 0.0)
            self.release(key)
        elif type(event) is CancelledEvent:
            self.release(key)
