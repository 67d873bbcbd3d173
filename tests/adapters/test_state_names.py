"""Names of state as file names: always one plain name inside the folder, never the same for two, and back again."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from btk.adapters.state_names import file_name, name_of
from btk.model.errors import InvalidInput

HOSTILE = [
    "../../etc/passwd",
    "a\0b",
    "%2e%2e",
    "\u202e",
    "é",
    "e\u0301",
    "x" * 400,
    ".",
    "..",
    "CON",
    "aux.txt",
    "a.",
]
names = st.text(st.characters(codec="utf-8"), min_size=1) | st.sampled_from(HOSTILE)


@given(name=names)
@example(name="~")
@example(name="a" * 200)
def test_a_file_name_is_plain_short_and_decodes_to_the_name(name: str) -> None:
    found = file_name(name)
    assert set(found) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%~")
    assert 0 < len(found) <= 180
    assert found[0] != "."
    assert found[-1] != "."
    assert name_of(found) in (name, None)
    assert (name_of(found) is None) == (len(found) > 120 and found[120] == "~")


@given(one=names, other=names)
@example(one="x" * 300, other="x" * 299 + "y")
@example(one="a/b", other="a%2Fb")
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)


def test_ordinary_names_are_left_as_they_are() -> None:
    for name in ("BTCUSDT_my-strategy_binance", "BTCUSDT.USDT", "positions", "levels"):
        assert file_name(name) == name


@pytest.mark.parametrize("name", ["", "\ud800"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        file_name(name)
