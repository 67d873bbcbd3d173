"""The books: the ledger and the risk profiles of a run, asked together; reserve all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from btk.core.ledger import Ledger
from btk.core.risk import BookPosition, Candidate, Refusal, RiskBook, Standing
from btk.model.events import CancelledEvent, ClosedEvent, Event, PartialClosedEvent
from btk.model.names import SlotKey

MONEY_EVENTS = frozenset({PartialClosedEvent, ClosedEvent, CancelledEvent})
"""The events that move money or free places; entries reserved theirs before they were told."""


class Books:
    """One wallet, any number of profiles, and which slots are bound by which."""

    def __init__(
        self, ledger: Ledger, profiles: Mapping[str, RiskBook], bound: Mapping[SlotKey, Sequence[str]]
    ) -> None:
        self.ledger = ledger
        self.profiles = dict(profiles)
        self._bound = {key: tuple(self.profiles[name] for name in names) for key, names in bound.items()}

    @property
    def watch_equity(self) -> bool:
        """Whether any profile's limits depend on the course of the equity."""
        return any(book.watches_equity for book in self.profiles.values())

    def risk_refusal(
        self, key: SlotKey, candidate: Candidate, standing: Standing, own_counts: bool = False
    ) -> Refusal | None:
        """What the slot's profiles say against a candidate, reserving nothing."""
        for book in self._bound.get(key, ()):
            refusal = book.refusal(key, candidate, standing, own_counts)
            if refusal is not None:
                return refusal
        return None

    def rule_refusal(self, key: SlotKey, candidate: Candidate, standing: Standing) -> Refusal | None:
        """What the Python rules alone of the slot's profiles say against a candidate, reserving nothing."""
        for book in self._bound.get(key, ()):
            refusal = book.rule_refusal(key, candidate, standing)
            if refusal is not None:
                return refusal
        return None

    def reserve(
        self, key: SlotKey, cost: float, application: Callable[[], tuple[Candidate, Standing]]
    ) -> Refusal | None:
        """Reserve money and a place in every profile of the slot, or nothing; only a slot that is bound has to apply."""
        books = self._bound.get(key)
        if books:
            candidate, standing = application()
            self._watch(standing)
            refusal = self.risk_refusal(key, candidate, standing)
            if refusal is not None:
                return refusal
        short_of_cash = self.ledger.refusal(cost)
        if short_of_cash is not None:
            return Refusal("cash", "", short_of_cash)
        self.ledger.reserve(key, cost)
        if books:
            place = BookPosition(candidate.symbol, candidate.strategy, candidate.position, cost)
            for book in books:
                book.take(key, place)
        return None

    def reserve_more(self, key: SlotKey, cost: float) -> str | None:
        """Reserve money for another entry of an open position, or say why not."""
        for book in self._bound.get(key, ()):
            detail = book.room_for(key, cost)
            if detail is not None:
                return f"{book.name}: {detail}"
        detail = self.ledger.refusal(cost)
        if detail is not None:
            return detail
        self.ledger.reserve(key, cost)
        for book in self._bound.get(key, ()):
            book.grow(key, cost)
        return None

    def correct(self, key: SlotKey, cost: float) -> None:
        """What a slot holds has turned out to cost this, more or less than was reserved for it."""
        more = cost - self.ledger.committed_by(key)
        self.ledger.reserve(key, more)
        for book in self._bound.get(key, ()):
            book.grow(key, more)

    def take_over(self, key: SlotKey, place: BookPosition) -> None:
        """Book money and a place that are taken already, whatever the limits say."""
        self.ledger.reserve(key, place.cost)
        for book in self._bound.get(key, ()):
            if key in book.places:
                book.grow(key, place.cost)
            else:
                book.take(key, place)

    def apply(self, key: SlotKey, event: Event) -> None:
        """Book one of `MONEY_EVENTS`; the order of events is the order of calls."""
        self.ledger.apply(key, event)
        for book in self._bound.get(key, ()):
            if isinstance(event, PartialClosedEvent):
                book.grow(key, -event.cost_basis * event.pct / 100)
            else:
                book.apply(key, event)

    def resume(self, key: SlotKey) -> bool:
        """Lift the halts of a slot's profiles; whether there was one."""
        halted = [book for book in self._bound.get(key, ()) if book.halted]
        for book in halted:
            book.halted = False
        return bool(halted)

    def _watch(self, standing: Standing) -> None:
        for book in self.profiles.values():
            book.watch(standing)
