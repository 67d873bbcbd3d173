"""Types in words, and why values do not fit them."""

from typing import Annotated, Literal

import msgspec
import pytest

from btk.model.plain_words import HIDDEN, Misfit, did_you_mean, excerpt, expectation, misfits, one_line


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "a whole number"),
        (bool | None, "true or false or null"),
        (Literal["candle", "vwap"], "candle or vwap"),
        (tuple[str, ...], "a list, each item text"),
        (Annotated[tuple[str, ...], msgspec.Meta(min_length=1)], "a list of at least one, each item text"),
        (dict[str, int], "a map (key: value)"),
        (Annotated[float, msgspec.Meta(ge=0, description="a share")] | None, "a share or null"),
    ],
)
def test_a_type_is_told_in_words(annotation: object, words: str) -> None:
    assert expectation(annotation) == words


@pytest.mark.parametrize(
    ("value", "annotation"),
    [(True, int), ("5", int), (5.5, int), (float("nan"), float), (float("inf"), float)],
)
def test_what_looks_like_a_number_but_is_none_does_not_fit(value: object, annotation: type) -> None:
    assert list(misfits(value, annotation))


def test_a_misfit_in_a_list_or_map_says_which_item() -> None:
    assert list(misfits(["a", 1], tuple[str, ...])) == [Misfit("[1]", "expected text, got 1")]
    assert list(misfits({"a": [True]}, dict[str, tuple[str, ...]])) == [
        Misfit(".a[0]", "expected text, got true")
    ]


def test_a_hidden_value_is_not_repeated_even_behind_an_optional_type() -> None:
    key = Annotated[str, msgspec.Meta(pattern="^x", description="a key", extra=HIDDEN)]
    assert list(misfits("hunter2", key | None)) == [Misfit("", "expected a key or null")]


def test_a_long_value_is_cut_short() -> None:
    (misfit,) = misfits("x" * 1000, int)
    assert len(misfit.message) < 120


def test_a_near_miss_is_suggested_and_a_far_one_is_not() -> None:
    assert did_you_mean("exchang", ["exchange", "wallet"]) == "; did you mean exchange?"
    assert did_you_mean("zzz", ["exchange", "wallet"]) == ""


def test_an_empty_list_is_told_from_a_list() -> None:
    several = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    (misfit,) = misfits([], several)
    assert misfit.message == "expected a list of at least one, each item text, got an empty list"


def test_what_a_terminal_would_obey_is_left_out_of_a_line() -> None:
    assert one_line("red:\n \x1b[31mred\x07 ü") == "red: [31mred ü"


def test_an_excerpt_is_short_enough_to_be_read() -> None:
    assert excerpt("a\nb") == "a b"
    assert len(excerpt("x" * 100_000)) < 500
