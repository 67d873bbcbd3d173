"""Jumping over minutes and stepping through each of them give the same events, the same hooks, the same money."""

from __future__ import annotations

from hypothesis import given, settings

from tests.properties.wild_run import JUMP, Wild, run, wild_worlds

BLOCKS = (7, JUMP)


def assert_same(wild: Wild) -> None:
    stepped = run(wild, 1)
    for block in BLOCKS:
        jumped = run(wild, block)
        assert jumped.events == stepped.events
        assert jumped.diaries == stepped.diaries
        assert jumped.figures == stepped.figures


@given(wild=wild_worlds())
@settings(max_examples=80, deadline=None)
def test_jump_is_step(wild):
    assert_same(wild)


@given(wild=wild_worlds(model="vwap", origin=True))
@settings(max_examples=30, deadline=None)
def test_jump_is_step_by_the_origins_rules_too(wild):
    assert_same(wild)
