"""Risk profiles: limits and rules shared by every slot that names them; checking and reserving are one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from btk.core.holding import Plan
from btk.core.rules import RELATIVE_TOLERANCE, Terms
from btk.model.events import CancelledEvent, ClosedEvent, Event
from btk.model.intervals import DAY_MS, MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import BookRecord
from btk.model.settings import RiskProfile
from btk.model.signal import PositionSide, Signal


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """The signal a risk rule judges: validated, with its cost and the market's price; prices in quote currency."""

    id: str
    symbol: str
    strategy: str
    position: PositionSide
    price: float
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    cost: float
    lifetime_minutes: float
    now_ms: int
    note: str = ""


class BookPosition(msgspec.Struct, frozen=True):
    """One place taken in a profile's book: an open position, an ordered or a scheduled entry."""

    symbol: str
    strategy: str
    position: PositionSide
    cost: float


class Standing(msgspec.Struct, frozen=True):
    """The money at a moment: equity now, at the start of the UTC day, and at its highest so far."""

    equity: float
    day_start: float
    peak: float
    worst_drawdown_pct: float


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What a risk rule may look at: the profile's places (without the candidate's own) and the money."""

    positions: tuple[BookPosition, ...]
    standing: Standing
    losing_streak: int

    @property
    def exposure(self) -> float:
        """The cost of all places, in quote currency."""
        return sum(place.cost for place in self.positions)


RiskRule = Callable[[Candidate, Book], str | None]


class Refusal(msgspec.Struct, frozen=True):
    """What refused (`risk`, `cash`, `sizing`), by which rule, and its words."""

    kind: str
    rule: str
    detail: str

    @property
    def words(self) -> str:
        """The rule and its words in one line."""
        return f"{self.rule}: {self.detail}" if self.rule else self.detail


class RiskBook:
    """One profile's places, streak, cool-downs and halt."""

    def __init__(self, name: str, profile: RiskProfile, rules: Sequence[tuple[str, RiskRule]]) -> None:
        self.name = name
        self.profile = profile
        self.halted = False
        self._rules = tuple(rules)
        self._places: dict[SlotKey, BookPosition] = {}
        self._losing_streak = 0
        self._rest_until_ms = 0
        self._cool_until_ms: dict[str, int] = {}

    @property
    def places(self) -> dict[SlotKey, BookPosition]:
        """Who holds a place, by slot."""
        return dict(self._places)

    @property
    def watches_equity(self) -> bool:
        """Whether any limit depends on the course of the equity."""
        return self.profile.max_daily_loss_pct is not None or self.profile.max_drawdown_pct is not None

    def refusal(
        self, key: SlotKey, candidate: Candidate, standing: Standing, own_counts: bool
    ) -> Refusal | None:
        """The first limit or rule that speaks against the candidate, or None."""
        others = self._others(key, own_counts)
        detail = self._limit(candidate, others) or self._mood(candidate, standing)
        if detail is not None:
            rule, _, words = detail.partition(": ")
            return Refusal("risk", f"{self.name}.{rule}", words)
        return self._ask_rules(candidate, others, standing)

    def rule_refusal(self, key: SlotKey, candidate: Candidate, standing: Standing) -> Refusal | None:
        """The first of the Python rules alone that speaks against the candidate, or None."""
        return self._ask_rules(candidate, self._others(key, own_counts=False), standing)

    def take(self, key: SlotKey, place: BookPosition) -> None:
        """Give a slot its place."""
        self._places[key] = place

    def release(self, key: SlotKey) -> None:
        """Take a slot's place back."""
        self._places.pop(key, None)

    def room_for(self, key: SlotKey, cost: float) -> str | None:
        """Why a slot's place may not grow by `cost`, or None."""
        limit = self.profile.max_exposure
        # In the order of the slots: a restart takes the places in another one, and must say the same.
        exposure = sum(place.cost for _, place in sorted(self._places.items()))
        if limit is not None and exposure + cost > limit * (1 + RELATIVE_TOLERANCE):
            return f"max_exposure {limit:g}: {exposure:g} is taken, {cost:g} more would exceed it"
        return None

    def grow(self, key: SlotKey, cost: float) -> None:
        """Let a slot's place grow by `cost` (or shrink)."""
        place = self._places.get(key)
        if place is not None:
            self._places[key] = msgspec.structs.replace(place, cost=place.cost + cost)

    def apply(self, key: SlotKey, event: Event) -> None:
        """Book what an event did to the profile."""
        if isinstance(event, CancelledEvent):
            self.release(key)
        elif isinstance(event, ClosedEvent):
            self.release(key)
            self._count(event)

    def watch(self, standing: Standing) -> None:
        """Halt for good once the equity has ever fallen too far from its peak."""
        limit = self.profile.max_drawdown_pct
        if limit is not None and standing.worst_drawdown_pct >= limit:
            self.halted = True

    def record(self) -> BookRecord:
        """What the profile remembers beside its places, for a restart."""
        return BookRecord(
            profile=self.name,
            halted=self.halted,
            losing_streak=self._losing_streak,
            rest_until_ms=self._rest_until_ms,
            cool_until_ms=dict(self._cool_until_ms),
        )

    def restore(self, record: BookRecord, places: Mapping[SlotKey, BookPosition]) -> None:
        """Become what the profile was before a restart."""
        self.halted = record.halted
        self._losing_streak = record.losing_streak
        self._rest_until_ms = record.rest_until_ms
        self._cool_until_ms = dict(record.cool_until_ms)
        self._places = dict(places)

    def _count(self, event: ClosedEvent) -> None:
        if event.pnl_cost >= 0:
            self._losing_streak = 0
            return
        self._losing_streak += 1
        if self.profile.cooldown_minutes:
            self._cool_until_ms[event.symbol] = event.at_ms + self.profile.cooldown_minutes * MINUTE_MS
        limit = self.profile.max_losing_streak
        if limit is not None and self._losing_streak >= limit:
            self._rest_until_ms = (event.at_ms // DAY_MS + 1) * DAY_MS
            self._losing_streak = 0

    def _limit(self, candidate: Candidate, others: Sequence[BookPosition]) -> str | None:
        profile, side = self.profile, candidate.position
        of_side = sum(place.position == side for place in others)
        of_symbol = sum(place.symbol == candidate.symbol for place in others)
        side_limit = profile.max_long if side == "long" else profile.max_short
        counts = (
            ("max_positions", profile.max_positions, len(others)),
            ("max_per_symbol", profile.max_per_symbol, of_symbol),
            (f"max_{side}", side_limit, of_side),
        )
        for name, limit, taken in counts:
            if limit is not None and taken >= limit:
                return f"{name} {limit}: {taken} taken"
        exposure = sum(place.cost for place in others)
        limit_cost = profile.max_exposure
        if limit_cost is not None and exposure + candidate.cost > limit_cost * (1 + RELATIVE_TOLERANCE):
            return f"max_exposure {limit_cost:g}: {exposure:g} taken, the entry costs {candidate.cost:g}"
        return _reward_problem(candidate, profile.min_reward_risk)

    def _mood(self, candidate: Candidate, standing: Standing) -> str | None:
        profile, now_ms = self.profile, candidate.now_ms
        if self.halted:
            return f"max_drawdown_pct {profile.max_drawdown_pct:g}: halted until it is resumed"
        if now_ms < self._rest_until_ms:
            return f"max_losing_streak {profile.max_losing_streak}: rests until the next UTC day"
        if now_ms < self._cool_until_ms.get(candidate.symbol, 0):
            return f"cooldown_minutes {profile.cooldown_minutes}: after a loss on {candidate.symbol}"
        limit = profile.max_daily_loss_pct
        if limit is not None and standing.day_start > 0:
            loss_pct = (standing.day_start - standing.equity) / standing.day_start * 100
            if loss_pct >= limit:
                return f"max_daily_loss_pct {limit:g}: the day stands at {-loss_pct:.2f} %"
        return None

    def _others(self, key: SlotKey, own_counts: bool) -> tuple[BookPosition, ...]:
        return tuple(place for other, place in sorted(self._places.items()) if own_counts or other != key)

    def _ask_rules(
        self, candidate: Candidate, others: tuple[BookPosition, ...], standing: Standing
    ) -> Refusal | None:
        book = Book(positions=others, standing=standing, losing_streak=self._losing_streak)
        for name, rule in self._rules:
            try:
                answer = rule(candidate, book)
            except Exception as error:  # noqa: BLE001 - a rule that fails refuses: money is not risked on a broken rule
                return Refusal("risk", name, f"raised {type(error).__name__}: {error}")
            if answer is not None and not isinstance(answer, str):
                return Refusal(
                    "risk", name, f"answered {answer!r}: a rule answers None or the reason of its refusal"
                )
            if answer:
                return Refusal("risk", name, answer)
        return None


def _reward_problem(candidate: Candidate, minimum: float | None) -> str | None:
    if minimum is None:
        return None
    risk = abs(candidate.price_open - candidate.price_stop_loss)
    ratio = abs(candidate.price_take_profit - candidate.price_open) / risk
    if ratio < minimum * (1 - RELATIVE_TOLERANCE):
        return f"min_reward_risk {minimum:g}: reward over risk is {ratio:.4g}"
    return None


def candidate(plan: Plan, symbol: str, strategy: str, price: float, now_ms: int) -> Candidate:
    """The candidate a plan is at the market's `price`."""
    return Candidate(
        id=plan.id,
        symbol=symbol,
        strategy=strategy,
        position=plan.position,
        price=price,
        price_open=plan.price_open,
        price_take_profit=plan.price_take_profit,
        price_stop_loss=plan.price_stop_loss,
        cost=plan.cost,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        now_ms=now_ms,
        note=plan.note,
    )


def unread_candidate(signal: Signal, terms: Terms, price: float, now_ms: int) -> Candidate:
    """The candidate of a signal nobody has validated, with the defaults filled in (only by the origin's rules)."""
    rules = terms.rules
    lifetime = (
        rules.max_lifetime_ms / MINUTE_MS if signal.lifetime_minutes is None else signal.lifetime_minutes
    )
    return Candidate(
        id=signal.id or "",
        symbol=terms.symbol,
        strategy=terms.strategy,
        position=signal.position,
        price=price,
        price_open=price if signal.price_open is None else signal.price_open,
        price_take_profit=signal.price_take_profit,
        price_stop_loss=signal.price_stop_loss,
        cost=rules.position_cost if signal.cost is None else signal.cost,
        lifetime_minutes=lifetime,
        now_ms=now_ms,
        note=signal.note,
    )
