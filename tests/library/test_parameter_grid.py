"""The parameters of a walk as they are written."""

import pytest

from btk.library.parameter_grid import Range, combinations, count, parse_axes, parse_axis
from btk.model.errors import UsageError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=5,10,20", (5, 10, 20)),
        ("fast=5", (5,)),
        ("fast=5:20:5", (5, 10, 15, 20)),
        ("fast=5:19:5", (5, 10, 15)),
        ("fast=3:5", (3, 4, 5)),
        ("fast=-2:2:2", (-2, 0, 2)),
        ("share=0.1:0.3:0.1", (0.1, 0.2, 0.3)),
        ("share=1:2:0.5", (1, 1.5, 2.0)),
        ("side=long,short", ("long", "short")),
        ("on=true,false", (True, False)),
        ("fast=5,10,5", (5, 10)),
        ("levels=[1,2]", ((1, 2),)),
        ("levels=[1,2],[3,4]", ((1, 2), (3, 4))),
        ('word="a,b",c', ("a,b", "c")),
        ("word=it's,b", ("it's", "b")),
        ("at=12:30:x", ("12:30:x",)),
    ],
)
def test_values_are_read(text: str, values: tuple[object, ...]) -> None:
    assert parse_axis(text).values == values


def test_true_is_another_value_than_one() -> None:
    assert [type(value) for value in parse_axis("on=true,1").values] == [bool, int]


def test_a_range_without_a_step_keeps_its_ends_for_a_search() -> None:
    axis = parse_axis("share=0.1:0.5")
    assert axis.values == ()
    assert axis.range == Range(0.1, 0.5, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fast", "fast=5,10,20"),
        ("=5", "NAME=VALUES"),
        ("fast=", "NAME=VALUES"),
        ("fast=9:5:1", "LOW <= HIGH"),
        ("fast=5:9:0", "STEP above 0"),
        ("fast=0:1:0.0000001", "too many"),
        ("fast=[1", "fast=[1"),
    ],
)
def test_what_cannot_be_used_is_said(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_axis(text)
    assert words in str(caught.value)


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        parse_axes(["fast=5", "fast=10"])


def test_every_combination_comes_once_with_the_last_parameter_moving_fastest() -> None:
    axes = parse_axes(["a=1,2", "b=x,y"])
    assert count(axes) == 4
    assert [tuple(found.values()) for found in combinations(axes)] == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]


def test_without_parameters_there_is_one_empty_combination() -> None:
    assert list(combinations(())) == [{}]
