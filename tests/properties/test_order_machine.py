"""Random faults against the order core: nothing happens twice, nothing is lost, nothing stays naked."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from btk.core.holding import Plan
from btk.core.order_course import SURE_MS
from btk.core.protection import Situation, next_actions, situation, uncovered
from btk.core.renewal import MINOR_SHARE, RENEW_MS
from btk.core.states import IDLE
from btk.model.accounts import MarketLimits
from btk.model.intents import Intent
from btk.model.orders import RECV_WINDOW_MS, Answer, RefusalCause, UnknownOutcome
from tests.core.order_samples import KEY, NOW_MS, SPOT, SWAP
from tests.fakes.model_exchange import ModelExchange
from tests.properties.order_driver import OnTheWay, OrderDriver

SIZE = 1.0
# What a close and a stop refused at the same moment may leave open, in steps of the driver with no fault any more.
CALM_STEPS = 60
FAULTS = (
    "executed, not told",
    "not executed, not told",
    "executed late",
    "executed, then killed",
    "not executed, killed",
)
REFUSALS: tuple[RefusalCause, ...] = ("other", "filter", "halted", "too_many")


class OrderMachine(RuleBasedStateMachine):
    """One slot, one exchange, and a network between them that delays, doubles and forgets."""

    limits: MarketLimits
    side: int

    @initialize()
    def start(self) -> None:
        self.exchange = ModelExchange(self.limits, 100.0, NOW_MS, fee_rate=0.001)
        self.driver = OrderDriver(self.exchange)
        self.heard: list[tuple[OnTheWay, Answer]] = []

    def signal(self, resting: bool) -> None:
        """The strategy has an idea."""
        self.driver.signal(lambda name: self._plan(name, resting))

    @rule(times=st.integers(1, 4))
    def tick(self, times: int) -> None:
        for _ in range(times):
            self.driver.tick()

    @rule(resting=st.booleans(), rounds=st.integers(0, 6))
    def trade_without_faults(self, resting: bool, rounds: int) -> None:
        self.signal(resting)
        for _ in range(rounds):
            self.driver.tick()
            self._answer_all()

    @rule(resting=st.booleans(), fault=st.sampled_from(FAULTS), nth=st.integers(1, 8))
    def trade_with_a_fault(self, resting: bool, fault: str, nth: int) -> None:
        self.signal(resting)
        for _ in range(6):
            self.driver.tick()
            for way in list(self.driver.network):
                nth -= 1
                self._strike(way, fault) if nth == 0 else self._answer(way)

    @precondition(lambda self: self._undelivered())
    @rule(data=st.data())
    def let_in_but_not_executed_yet(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(self._undelivered()))
        way.taken = self.exchange.now_ms - way.stamped_ms <= RECV_WINDOW_MS

    @precondition(lambda self: self._undelivered())
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._arrive(data.draw(st.sampled_from(self._undelivered())))

    @precondition(lambda self: self.driver.network)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(self.driver.network))
        self._answer(way)

    @precondition(lambda self: self.driver.network)
    @rule(data=st.data())
    def lose_the_answer(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(self.driver.network))
        if way.answer is not None:
            self.driver.network.remove(way)
        self._hear(way, UnknownOutcome("timeout"))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def hear_it_again(self, data: st.DataObject) -> None:
        self.driver.hear(*data.draw(st.sampled_from(self.heard)))

    @rule(cause=st.sampled_from(REFUSALS))
    def refuse_the_next(self, cause: RefusalCause) -> None:
        self.exchange.refuse_next = cause

    @rule(price=st.sampled_from([80.0, 94.0, 95.5, 98.0, 99.0, 100.0, 101.0, 103.0, 105.5, 120.0]))
    def move_the_price(self, price: float) -> None:
        self.exchange.move(price)

    @precondition(lambda self: self._resting())
    @rule(data=st.data(), share=st.sampled_from([0.1, 0.5]))
    def fill_a_part(self, data: st.DataObject, share: float) -> None:
        self.exchange.fill_part(data.draw(st.sampled_from(self._resting())), share)

    @rule(milliseconds=st.sampled_from([1, 500, 2_000, 5_001, 16_000, 600_000]))
    def let_time_pass(self, milliseconds: int) -> None:
        self._pass(milliseconds)

    @rule(blind=st.booleans())
    def answers_to_questions_are_lost(self, blind: bool) -> None:
        self.driver.blind = blind

    @rule()
    def write_it_down(self) -> None:
        self.driver.persist()

    @rule()
    def crash(self) -> None:
        self.driver.crash()

    @rule()
    def close(self) -> None:
        self.driver.close()

    @rule(distance=st.sampled_from([1.0, 3.0]))
    def trail(self, distance: float) -> None:
        self.driver.move_stop(100.0 - self.side * distance)

    @invariant()
    def no_order_is_executed_twice(self) -> None:
        assert not [id_ for id_, count in self.exchange.arrivals.items() if count > 1]

    @invariant()
    def an_id_always_means_the_same_order(self) -> None:
        assert len({request.client_order_id for request in self.driver.sent}) == len(set(self.driver.sent))

    @invariant()
    def the_position_is_never_larger_than_meant_nor_turned(self) -> None:
        held = self.exchange.held * self.side
        assert -1e-6 < held < SIZE + self._dust() + 1e-6

    @invariant()
    def what_is_idle_has_nothing_at_the_exchange(self) -> None:
        if self.driver.record.state == IDLE:
            assert not self.exchange.open_orders
            assert abs(self.exchange.held) <= self._dust() + 1e-6

    @invariant()
    def with_nothing_left_to_do_it_is_protected(self) -> None:
        record = self.driver.record
        now = situation(
            KEY, record.state, self.exchange.price, record.intents, (self.limits, self.exchange.now_ms)
        )
        if now is None or any(self._moves(one) for one in record.intents):
            return
        bare = uncovered(now)
        assert (
            next_actions(now)
            or not bare
            or self._is_minor(bare, now)
            or self._waits_to_try_again(now.intents)
        )

    def _is_minor(self, bare: float, now: Situation) -> bool:
        """What an entry has bought since its stop was placed, moments ago."""
        fresh = (one for one in now.of_leg("stop", "pair") if one.standing and one.accepted_at_ms is not None)
        newest_ms = max((one.accepted_at_ms or 0 for one in fresh), default=0)
        return bare <= now.lot.quantity * MINOR_SHARE + 1e-9 and now.now_ms < newest_ms + RENEW_MS

    def teardown(self) -> None:
        """Faults are over: it becomes true, protected or flat, and then flat when it is told to close."""
        if not hasattr(self, "driver"):
            return
        self.exchange.refuse_next = None
        self.driver.blind = False
        self._calm()
        record = self.driver.record
        held = sum(one.filled_quantity * (1 if one.side == "buy" else -1) for one in record.intents)
        fees = sum(fill.fee_base for one in record.intents for fill in one.fills)
        assert held - fees == pytest.approx(self.exchange.held, abs=1e-6)
        # An entry that waits is given up first, and what it had bought is closed then.
        for _ in range(2):
            self.driver.close()
            self._calm()
        self.what_is_idle_has_nothing_at_the_exchange()
        assert self.driver.record.state == IDLE

    def _calm(self) -> None:
        for _ in range(CALM_STEPS):
            self._pass(2_000)
            self.driver.tick()
            self._answer_all()
            self._check_all()

    def _answer_all(self) -> None:
        for way in list(self.driver.network):
            self._answer(way)

    def _answer(self, way: OnTheWay) -> None:
        answer = self._arrive(way)
        if way in self.driver.network:
            self.driver.network.remove(way)
        self._hear(way, answer)

    def _strike(self, way: OnTheWay, fault: str) -> None:
        if fault in ("executed, not told", "executed, then killed"):
            self._arrive(way)
        if fault in ("executed, not told", "not executed, not told"):
            self.driver.network.remove(way)
        way.taken = fault == "executed late"
        if fault.endswith("killed"):
            self.driver.crash()
        else:
            self._hear(way, UnknownOutcome("timeout"))

    def _check_all(self) -> None:
        self.no_order_is_executed_twice()
        self.an_id_always_means_the_same_order()
        self.the_position_is_never_larger_than_meant_nor_turned()

    def _plan(self, name: str, resting: bool) -> Plan:
        price = self.exchange.price
        entry = price - self.side * 2.0 if resting else price
        return Plan(
            id=name,
            position="long" if self.side > 0 else "short",
            side=self.side,
            price_open=entry,
            price_take_profit=entry + self.side * 5.0,
            price_stop_loss=entry - self.side * 5.0,
            lifetime_ms=math.inf,
            cost=SIZE * entry,
            note="",
            created_ms=self.exchange.now_ms,
            price=price,
            resting=resting,
        )

    def _arrive(self, way: OnTheWay) -> Answer:
        # One request is executed once, also when its answer is still on the way.
        if way.answer is None:
            stamped_ms = self.exchange.now_ms if way.taken else way.stamped_ms
            way.answer = self.exchange.arrive(way.request, stamped_ms)
        return way.answer

    def _hear(self, way: OnTheWay, answer: Answer) -> None:
        self.heard.append((way, answer))
        self.driver.hear(way, answer)

    def _undelivered(self) -> list[OnTheWay]:
        return [way for way in self.driver.network if way.answer is None]

    def _resting(self) -> list[str]:
        return [order.client_order_id for order in self.exchange.open_orders if order.kind == "limit"]

    def _pass(self, milliseconds: int) -> None:
        for way in self._undelivered():
            # What was let in is executed after the engine's longest wait at the latest, whoever has given up on it.
            if way.taken and self.exchange.now_ms + milliseconds > way.stamped_ms + SURE_MS:
                self._arrive(way)
        self.exchange.now_ms += milliseconds

    def _dust(self) -> float:
        signals = self.driver.record.signals
        return 0.0 if self.limits.contract else signals * (self.limits.min_notional / 80.0 + 0.002)

    def _moves(self, one: Intent) -> bool:
        return one.in_flight and not (one.standing and not one.tries and not one.cancel)

    def _waits_to_try_again(self, intents: tuple[Intent, ...]) -> bool:
        protective = [one for one in intents if one.kind in ("protect", "close")]
        last = max((one.settled_at_ms or 0 for one in protective), default=0)
        return self.exchange.now_ms < last + 8_000


MARKETS = [(SWAP, 1), (SWAP, -1), (SPOT, 1)]


@pytest.mark.parametrize(("limits", "side"), MARKETS, ids=["swap long", "swap short", "spot long"])
def test_orders_survive_every_course_of_faults(limits: MarketLimits, side: int) -> None:
    machine = type("Machine", (OrderMachine,), {"limits": limits, "side": side})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=200,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_fault_executes_no_request_that_was_executed_already() -> None:
    machine = type("Machine", (OrderMachine,), {"limits": SWAP, "side": -1})()
    machine.start()
    machine.signal(resting=False)
    machine.driver.tick()
    (way,) = machine.driver.network
    machine._arrive(way)
    machine._strike(way, "executed, not told")
    machine.no_order_is_executed_twice()
