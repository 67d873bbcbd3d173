"""Semantics, section 7: Python rules, several profiles, and places that come back on every path."""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
from btk.model.commands import ActivateScheduled, CancelScheduled, Stop
from btk.model.intervals import MINUTE_MS
from btk.model.settings import RiskProfile, Sizing
from tests.scenarios.bound import FLAT, FREE, limited, once, openings, refusals, together
from tests.scenarios.harness import Scene, at_ms, both_sides, play, scene
from tests.scenarios.script import Script, long


def rule_that(answer):
    """A rule that answers, or raises, what it is given."""

    def rule(candidate, book):
        if isinstance(answer, Exception):
            raise answer
        return answer(candidate, book) if callable(answer) else answer

    return rule


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("full moon", "rule: full moon"),
        (ValueError("no moon"), "rule: raised ValueError: no moon"),
        (True, "rule: answered True: a rule answers None or the reason of its refusal"),
        (0, "rule: answered 0: a rule answers None or the reason of its refusal"),
    ],
)
def test_a_rule_that_answers_anything_but_none_refuses(answer, words):
    played = together(limited(rule_that(answer)), A=once("09:01"))
    assert refusals(played) == [("09:01", words)]


@pytest.mark.parametrize("answer", [None, ""])
def test_a_rule_that_has_nothing_to_say_lets_pass(answer):
    assert openings(together(limited(rule_that(answer)), A=once("09:01"))) == [("09:01", "A")]


def test_a_rule_sees_the_candidate_and_the_others_places():
    seen = []

    def look(candidate, book):
        seen.append((candidate, book))

    together(
        limited(look),
        A=once("09:01", cost=70),
        B=once("09:03", price_open=98, cost=30, lifetime_minutes=5, note="x"),
    )
    (_, first), (candidate, second) = seen[-2:]
    assert first.positions == ()
    assert [(p.symbol, p.strategy, p.position, p.cost) for p in second.positions] == [
        ("A", "scripted", "long", 70)
    ]
    assert second.exposure == 70
    assert (candidate.symbol, candidate.position, candidate.price, candidate.price_open) == (
        "B",
        "long",
        100,
        98,
    )
    assert (candidate.price_take_profit, candidate.price_stop_loss, candidate.cost) == (110, 95, 30)
    assert (candidate.lifetime_minutes, candidate.now_ms, candidate.note) == (5, at_ms("09:03"), "x")


def test_rules_are_asked_in_order_and_only_until_one_refuses():
    asked = []

    def first(candidate, book):
        asked.append("first")
        return "no"

    def second(candidate, book):
        asked.append("second")

    together(limited(first, second), A=once("09:01"))
    assert asked == ["first"] * 2, "once stepped, once jumped"


@both_sides
def test_several_profiles_reserve_all_or_none(side):
    profiles = {
        "few": (RiskProfile(max_positions=1), ()),
        "none": (RiskProfile(max_long=0, max_short=0), ()),
    }
    both = Script(candles=FLAT, signals={"09:01": long()}, risk=("few", "none"))
    one = Script(candles=FLAT, signals={"09:02": long()}, risk=("few",))
    played = play(Scene(scripts={"A": both, "B": one}, profiles=profiles, until="09:05"), side)
    assert openings(played) == [("09:02", "B")]


@both_sides
@pytest.mark.parametrize(
    ("script", "comes_back"),
    [
        ({"signals": {"09:01": long(lifetime_minutes=1)}}, "09:03"),
        ({"signals": {"09:01": long(price_open=98)}, "commands": [("09:03", CancelScheduled())]}, "09:03"),
        ({"signals": {"09:01": long(price_open=98)}, "commands": [("09:03", Stop())]}, "09:03"),
        ({"signals": {"09:01": long(price_open=98)}, "rules": Rules(await_ms=3 * MINUTE_MS)}, "09:04"),
        ({"signals": {"09:01": long(price_open=98)}, "commands": [("09:02", ActivateScheduled())]}, None),
        ({"signals": {"09:01": long(stop=99.9)}}, "09:01"),
        ({"signals": {"09:01": long(cost=20_000)}}, "09:01"),
    ],
    ids=["closed", "cancelled", "stopped", "timed out", "still open", "invalid", "no cash"],
)
def test_a_place_is_given_back_on_every_path(script, comes_back, side):
    script = dict(script)
    rules = script.pop("rules", FREE)
    waiting = {"otherwise": long()}
    played = together(
        limited(max_positions=1), side, rules=rules, A=script, B=waiting | {"signals": {"09:00": None}}
    )
    opened = [at for at, line in played.lines if line.startswith("B opened")]
    assert opened[:1] == ([comes_back] if comes_back else [])


@both_sides
def test_a_scheduled_signal_holds_its_place_and_is_not_asked_again_when_it_fills(side):
    asked = []

    def count(candidate, book):
        asked.append(candidate.now_ms)
        return "only in the morning" if candidate.now_ms > at_ms("09:01") else None

    resting = Script(candles=FLAT | {"09:04": "97"}, signals={"09:01": long(price_open=98)}, risk=("p",))
    other = Script(candles=FLAT, signals={"09:02": long()}, risk=("p",))
    profiles = {"p": (RiskProfile(max_positions=1), [("count", count)])}
    played = play(Scene(scripts={"A": resting, "B": other}, profiles=profiles, until="09:06"), side)
    assert openings(played) == [("09:04", "A")]
    assert set(asked) == {at_ms("09:01")}


def test_sizing_is_asked_before_risk_so_that_the_limit_sees_the_real_cost():
    played = play(
        scene(
            candles=FLAT,
            signals={"09:01": long()},
            risk=("p",),
            profiles=limited(max_exposure=150),
            sizing=Sizing(method="fixed_percentage", risk_pct=1.0),
            until="09:03",
        )
    )
    assert refusals(played) == [("09:01", "p.max_exposure 150: 0 taken, the entry costs 2000")]


@both_sides
def test_places_that_exits_free_are_there_for_every_slot_of_the_same_tick(side):
    ending = Script(candles=FLAT | {"09:03": "100 111 99 100"}, signals={"09:01": long()}, risk=("p",))
    waiting = Script(candles=FLAT, signals={"09:04": long()}, risk=("p",))
    played = play(
        Scene(scripts={"Z": ending, "A": waiting}, profiles=limited(max_positions=1), until="09:06"), side
    )
    assert openings(played) == [("09:01", "Z"), ("09:04", "A")]


@both_sides
def test_in_one_tick_exits_are_told_before_entries_and_entries_before_decisions(side):
    scripts = {
        "A": Script(candles=FLAT, signals={"09:04": long(price_open=97)}),
        "B": Script(candles=FLAT | {"09:03": "98"}, signals={"09:01": long(price_open=98)}),
        "C": Script(candles=FLAT | {"09:03": "100 111 99 100"}, signals={"09:01": long()}),
    }
    played = play(Scene(scripts=scripts, until="09:06"), side)
    known = [
        line
        for line, event in zip(played.every_line, played.events, strict=True)
        if event.tick_ms == at_ms("09:04")
    ]
    assert known == [
        ("09:03", "C closed take_profit @110"),
        ("09:03", "B opened long @98"),
        ("09:04", "A scheduled long @97"),
    ]
