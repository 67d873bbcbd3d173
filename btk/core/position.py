"""Position: what a strategy's hooks see of an open position, and what they can ask of it."""

from __future__ import annotations

from collections.abc import Callable

from btk.core.desk import NO_POSITION, Desk
from btk.core.holding import Holding, pnl_pct
from btk.core.market import Market
from btk.core.rules import Terms
from btk.core.states import Closing, Open
from btk.model.intervals import MINUTE_MS
from btk.model.signal import PositionSide
from btk.model.trade import Entry, Partial
from btk.model.verdict import Verdict


class Position:
    """Prices in quote currency, percentages net of costs. Commands answer accepted, or refused with the reason.

    It shows what is so now; once the position is over, what it was when the hook was given it.
    """

    __slots__ = ("_holding", "_market", "_terms")

    def __init__(self, holding: Holding, market: Market, terms: Terms) -> None:
        self._holding = holding
        self._market = market
        self._terms = terms

    @property
    def id(self) -> str:
        """The signal's id."""
        return self._holding.plan.id

    @property
    def side(self) -> PositionSide:
        """long or short."""
        return self._holding.plan.position

    @property
    def note(self) -> str:
        """The signal's note."""
        return self._holding.plan.note

    @property
    def price_open(self) -> float:
        """The effective entry: the cost-weighted mean of what is held."""
        return self._now().price_open

    @property
    def price_take_profit(self) -> float:
        """The target in force."""
        return self._now().take

    @property
    def price_stop_loss(self) -> float:
        """The stop in force."""
        return self._now().stop

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every buy-in so far."""
        return self._now().entries

    @property
    def partials(self) -> tuple[Partial, ...]:
        """Every partial close so far."""
        return self._now().partials

    @property
    def cost(self) -> float:
        """The cost of all entries, in quote currency."""
        return self._now().invested

    @property
    def pnl_pct(self) -> float:
        """Net profit in percent of the cost, at the market's price."""
        return pnl_pct(self._now(), self._market.price, self._terms.rules)

    @property
    def pnl_cost(self) -> float:
        """Net profit in quote currency, at the market's price."""
        holding = self._now()
        return pnl_pct(holding, self._market.price, self._terms.rules) / 100 * holding.invested

    @property
    def peak_profit_pct(self) -> float:
        """The best net profit so far."""
        return self._seen().best_pct

    @property
    def max_drawdown_pct(self) -> float:
        """The worst net profit so far."""
        return self._seen().worst_pct

    @property
    def opened_at_ms(self) -> int:
        """When it was opened, UTC milliseconds."""
        return self._holding.opened_ms

    @property
    def minutes_left(self) -> float:
        """Minutes until the lifetime is over; infinite where it has no end."""
        return max(0.0, (self._holding.expires_ms - self._market.now_ms) / MINUTE_MS)

    def close(self, note: str = "") -> Verdict:
        """Close it, at market."""
        return self._ask(lambda desk: desk.close(note))

    def partial_profit(self, pct: float | None = None, *, cost: float | None = None) -> Verdict:
        """Close a share of what is left (percent, or quote currency) while it is in profit."""
        return self._ask(lambda desk: desk.partial("profit", pct, cost))

    def partial_loss(self, pct: float | None = None, *, cost: float | None = None) -> Verdict:
        """Close a share of what is left (percent, or quote currency) while it is in loss."""
        return self._ask(lambda desk: desk.partial("loss", pct, cost))

    def trail_stop(self, shift_pct: float | None = None, *, price: float | None = None) -> Verdict:
        """Tighten the stop: by percentage points of the original distance (negative: closer), or to a price."""
        return self._ask(lambda desk: desk.trail_stop(shift_pct, price))

    def trail_take(self, shift_pct: float | None = None, *, price: float | None = None) -> Verdict:
        """Pull the target closer: by percentage points of the original distance (negative: closer), or to a price."""
        return self._ask(lambda desk: desk.trail_take(shift_pct, price))

    def breakeven(self) -> Verdict:
        """Move the stop to the effective entry."""
        return self._ask(lambda desk: desk.breakeven())

    def average_buy(self, cost: float | None = None) -> Verdict:
        """Buy in again at a new extreme against the position, for `cost` (default: signal.position_cost)."""
        return self._ask(lambda desk: desk.average(cost))

    def _now(self) -> Holding:
        return self._alive() or self._holding

    def _seen(self) -> Holding:
        market = self._market
        return self._holding if self._alive() is None else market._bench.holding_at(market.now_ms)

    def _alive(self) -> Holding | None:
        market = self._market
        state = market._bench.state if market._desk is None else market._desk.state
        if not isinstance(state, Open | Closing) or state.holding.plan.id != self.id:
            return None
        return state.holding

    def _ask(self, command: Callable[[Desk], Verdict]) -> Verdict:
        desk = self._market._now_desk()
        return NO_POSITION if self._alive() is None else command(desk)

    def __repr__(self) -> str:
        return f"Position({self.side} {self._terms.symbol} at {self.price_open:g})"
