"""Order ids are derived, differ where orders differ, and are recognised."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from btk.core.order_ids import LEGS, half_id, is_ours, order_id
from btk.model.names import SlotKey
from tests.core.order_samples import KEY


def test_an_id_is_32_hexadecimal_characters_and_the_same_every_time() -> None:
    one = order_id(KEY, "s1", "entry")
    assert re.fullmatch("b7c0[0-9a-f]{28}", one)
    assert one == order_id(SlotKey("BTCUSDT", "probe", "test"), "s1", "entry")


def test_every_leg_part_signal_and_slot_has_an_id_of_its_own() -> None:
    other = SlotKey("ETHUSDT", "probe", "test")
    ids = [
        order_id(key, signal, leg, part)
        for key in (KEY, other)
        for signal in ("s1", "s2")
        for leg in LEGS
        for part in (0, 1, 255, 256, 257, 70_000)
    ]
    assert len(set(ids)) == len(ids)
    assert all(map(is_ours, ids))


def test_names_that_would_join_to_the_same_text_have_different_ids() -> None:
    assert order_id(SlotKey("A", "b", "c"), "s", "entry") != order_id(SlotKey("A", "s", "c"), "b", "entry")


def test_the_halves_of_a_pair_have_ids_of_their_own_that_follow_from_it() -> None:
    pair = order_id(KEY, "s1", "pair", 3)
    halves = {half_id(pair, "stop"), half_id(pair, "target")}
    assert len({pair, *halves}) == 3
    assert all(map(is_ours, halves))
    assert half_id(pair, "stop") != half_id(order_id(KEY, "s1", "pair", 4), "stop")


def test_an_id_with_one_character_changed_is_not_ours() -> None:
    one = order_id(KEY, "s1", "stop")
    for index in range(32):
        other = "0" if one[index] != "0" else "1"
        assert not is_ours(one[:index] + other + one[index + 1 :])


@given(st.text(max_size=40))
def test_an_id_of_somebody_else_is_not_ours(text: str) -> None:
    assert not is_ours(text)
