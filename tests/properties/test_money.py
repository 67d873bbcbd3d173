"""Money and places are accounted for at every moment: in the books, in the trades, in the curve."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from btk.core.books import Books
from btk.core.states import Add, Closing, Idle, Open, State
from btk.core.strategy import HOOKS, Strategy
from btk.engines.backtest import Backtest
from btk.engines.drivers import StopSwitch
from btk.model.events import AveragedEvent, ClosedEvent, OpenedEvent, PartialClosedEvent
from btk.model.trade import Trade
from tests.properties.wild_run import job_of, run, wild_worlds

WATCHED = frozenset(HOOKS)


def held_by(state: State) -> float:
    """What a state holds of the wallet."""
    if isinstance(state, Idle):
        return 0.0
    if not isinstance(state, Open | Closing):
        return state.plan.cost
    return state.holding.remaining + sum(order.cost for order in state.orders if isinstance(order, Add))


def assert_books_fit(engine: Backtest, books: Books) -> None:
    """What the ledger and the profiles say is what the states of the slots say."""
    ledger = books.ledger
    for slot in engine.slots:
        held = held_by(slot.state)
        assert ledger.committed_by(slot.key) == pytest.approx(held, rel=1e-9, abs=1e-6)
        for book in books.profiles.values():
            place = book.places.get(slot.key)
            assert (place is None) == isinstance(slot.state, Idle)
            assert place is None or place.cost == pytest.approx(held, rel=1e-9, abs=1e-6)
    assert ledger.free == pytest.approx(ledger.start + ledger.realised - ledger.committed)
    assert ledger.free >= -1e-6
    for book in books.profiles.values():
        assert_limits_hold(book)


def assert_limits_hold(book: Any) -> None:
    """No profile holds more than it allows."""
    profile, places = book.profile, list(book.places.values())
    symbols = [place.symbol for place in places]
    counted = (
        (profile.max_positions, len(places)),
        (profile.max_long, sum(place.position == "long" for place in places)),
        (profile.max_short, sum(place.position == "short" for place in places)),
        (profile.max_per_symbol, max((symbols.count(symbol) for symbol in symbols), default=0)),
        (profile.max_exposure, sum(place.cost for place in places) * (1 - 1e-9)),
    )
    for limit, taken in counted:
        assert limit is None or taken <= limit


def watch_every_hook(engine: Backtest) -> None:
    """Check the books from inside every call of every strategy."""
    for slot in engine.slots:
        for name in ("get_signal", *HOOKS):
            _watch(engine, type(slot.strategy), name)


def _watch(engine: Backtest, cls: type[Strategy], name: str) -> None:
    inner = getattr(cls, name)

    def watched(self: Strategy, market: Any, *args: Any) -> Any:
        assert_books_fit(engine, engine._world.books)
        return inner(self, market, *args)

    setattr(cls, name, watched)


@given(wild=wild_worlds(hooks=WATCHED, symbols=3, limited=True))
@settings(max_examples=25, deadline=None)
def test_the_books_say_what_the_slots_hold_and_no_limit_is_exceeded_at_any_moment(wild):
    job = msgspec.structs.replace(job_of(wild, []), wallet_start=3_000.0)
    engine = Backtest(job, lambda key, event: None, time.perf_counter)
    watch_every_hook(engine)
    outcome = engine.run(StopSwitch())
    broken = [
        error for record in outcome.records.values() for error in record.errors if "assert" in error.message
    ]
    assert broken == []
    assert_books_fit(engine, engine._world.books)
    assert engine._world.books.ledger.committed == 0


@given(wild=wild_worlds(hooks=WATCHED, loose=True))
@settings(max_examples=25, deadline=None)
def test_the_cost_basis_of_every_trade_adds_up(wild):
    ran = run(wild)
    for key, event in ran.events:
        if isinstance(event, ClosedEvent):
            told = [e for k, e in ran.events if k == key and getattr(e, "id", "") == event.id]
            assert_basis(event.trade, told)


def assert_basis(trade: Trade, told: list[Any]) -> None:
    """Entries and partial closes of a trade are those that were told, and none closes more than there was."""
    bought = [e.cost for e in told if isinstance(e, OpenedEvent | AveragedEvent)]
    assert [entry.cost for entry in trade.entries] == bought
    assert trade.cost == pytest.approx(sum(bought))
    sold = [e for e in told if isinstance(e, PartialClosedEvent)]
    assert [(p.pct, p.price, p.cost_basis) for p in trade.partials] == [
        (e.pct, e.price, e.cost_basis) for e in sold
    ]
    closed = 0.0
    for partial in trade.partials:
        until_then = sum(entry.cost for entry in trade.entries[: partial.entry_count])
        assert partial.cost_basis == pytest.approx(until_then - closed, abs=1e-9)
        closed += partial.cost_basis * partial.pct / 100
    assert closed <= trade.cost * (1 + 1e-9)


@given(wild=wild_worlds(loose=True))
@settings(max_examples=40, deadline=None)
def test_the_final_equity_is_the_start_and_every_profit(wild):
    ran = run(wild)
    trades = [trade for record in ran.outcome.records.values() for trade in record.trades]
    assert ran.outcome.equity.final == pytest.approx(wild.wallet + sum(trade.pnl_cost for trade in trades))
    for symbol, facts in ran.outcome.symbols.items():
        own = sum(trade.pnl_cost for trade in trades if trade.symbol == symbol)
        assert facts.equity.final == pytest.approx(wild.wallet + own)


@given(wild=wild_worlds(loose=True))
@settings(max_examples=25, deadline=None)
def test_net_is_gross_without_fees_and_slippage(wild):
    for record in run(wild).outcome.records.values():
        for trade in record.trades:
            gross = trade.pnl_cost + trade.fee_cost + trade.slippage_cost
            assert gross == pytest.approx(gross_of(trade), abs=1e-9)


def gross_of(trade: Trade) -> float:
    """The profit of a trade before costs, share by share: coins bought and sold at the plain prices."""
    side = 1 if trade.position == "long" else -1
    entries, basis, coins, gross = list(trade.entries), 0.0, 0.0, 0.0
    bought = 0
    for partial in (*trade.partials, None):
        until = len(entries) if partial is None else partial.entry_count
        for entry in entries[bought:until]:
            basis, coins = basis + entry.cost, coins + entry.cost / entry.price
        bought = until
        share = 1.0 if partial is None else partial.pct / 100
        price = trade.price_close if partial is None else partial.price
        gross += side * share * (coins * price - basis)
        basis, coins = basis * (1 - share), coins * (1 - share)
    return gross
