"""YAML with line numbers and without surprises."""

from contextlib import suppress
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btk.adapters.settings_tree import Origin, places, plain
from btk.adapters.settings_yaml import YamlProblem, read_yaml, scalar


def read(text: str) -> object:
    return plain(read_yaml(text, lambda line: Origin(1, "f", line)))


def test_every_key_knows_its_line() -> None:
    tree = read_yaml("a:\n  b: 1\n  c:\n    - 2\nd: 3\n", lambda line: Origin(1, "f", line))
    lines = {key: origin.line for key, origin in places(tree)}
    assert (lines["a.b"], lines["a.c"], lines["d"]) == (2, 4, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("true", True),
        ("~", None),
        ("", None),
        ("007", 7),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("1_000", 1000),
        ("1_000_", "1_000_"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("0x10", "0x10"),
        ("1.2.3", "1.2.3"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_an_unquoted_scalar_means_what_it_looks_like(text: str, value: object) -> None:
    assert scalar(text) == value


def test_what_is_quoted_is_text() -> None:
    assert read("{a: '1', b: \"true\", c: 'null'}") == {"a": "1", "b": "true", "c": "null"}
    assert read("a: |\n  1\n") == {"a": "1\n"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\tb: 1\n", "line 2: not YAML: a tab cannot indent; use spaces"),
        ("a: @b\n", "line 1: not YAML: a text that begins with @ needs quotes"),
        ("a: [1\n", "line 2: not YAML: while parsing a flow sequence"),
    ],
)
def test_what_is_no_yaml_is_told_with_the_remedy(text: str, words: str) -> None:
    with pytest.raises(YamlProblem) as caught:
        read(text)
    assert str(caught.value).startswith(words)


def test_a_choice_of_the_command_line_is_text() -> None:
    class Model(StrEnum):
        vwap = "vwap"

    assert read(Model.vwap) == "vwap"


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("{on: 1, 2: 3, null: 4}") == {"on": 1, "2": 3, "null": 4}


def test_anchors_and_merged_maps_are_followed_and_own_keys_win() -> None:
    assert read("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n") == {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a is given twice"),
        ("a:\n  b: 1\n  b: 1\n", 3, "b is given twice"),
        ("l:\n  - {x: 1,\n     x: 2}\n", 3, "x is given twice"),
        ("a: {b: 1\nc: 2\n", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: *nowhere\n", 1, "not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tag"),
        ("a: 1\n[1, 2]: 3\n", 2, "not YAML|name"),
        ("a: &a [*a]\n", 1, "loop of anchors"),
        ("a: 1\nb: " + "[" * 300_000, 2, "nested more than"),
        ("b: 1\na: {<<: 5}\n", 2, "<< takes one map"),
    ],
)
def test_a_text_that_cannot_be_read_names_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(YamlProblem, match=words) as refused:
        read(text)
    assert refused.value.line == line


def test_a_text_that_grows_without_end_is_refused() -> None:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for name, before in zip("bcdefgh", "abcdefg", strict=True):
        laughs += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    with pytest.raises(YamlProblem, match="too much"):
        read(laughs)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(YamlProblem):
        read(text)
