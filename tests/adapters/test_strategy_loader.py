"""Loading a user's file, and kind words when it cannot be loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from btk.adapters.strategy_loader import (
    check_parameters,
    load_function,
    load_strategies,
    make_strategy,
    parameter_values,
    parameters,
    strategies_in,
)
from btk.core.strategy import Strategy
from btk.model.errors import SettingsError, StrategyError

TWO = """
from btk import Strategy


class First(Strategy):
    interval = "1h"

    def get_signal(self, market):
        return None


class SecondOne(First):
    pass
"""

ONE = """
from btk import Strategy


class One(Strategy):
    {line}

    def get_signal(self, market):
        return None
"""


class Tuned(Strategy):
    """Has a parameter of each kind, and attributes that are none."""

    interval: str = "1h"
    shared: ClassVar[int] = 1
    fast: int = 10
    weight: float = 0.5
    word: str = "close"
    switch: bool = False
    levels: tuple[float, ...] = (1.0, 2.0)
    limit: int | None = None
    plain = 7


def written(folder: Path, text: str) -> Path:
    (folder / "s.py").write_text(text)
    return folder


def test_a_file_gives_its_classes_in_the_order_in_which_they_are_written(tmp_path: Path) -> None:
    classes = load_strategies("s.py", written(tmp_path, TWO))
    assert [(cls.__name__, cls.name) for cls in classes] == [("First", "first"), ("SecondOne", "second_one")]


def test_one_class_can_be_named(tmp_path: Path) -> None:
    (cls,) = load_strategies("s.py:SecondOne", written(tmp_path, TWO))
    assert cls.__name__ == "SecondOne"


def test_a_word_of_another_runner_is_a_word_like_any_other_where_ours_is_there_too(tmp_path: Path) -> None:
    lines = "interval = '5m'; timeframe = '1h'; risk_pct: float = 1.0; warmups: int = 3"
    (cls,) = load_strategies("s.py", written(tmp_path, ONE.format(line=lines)))
    assert (cls.interval, sorted(parameters(cls))) == ("5m", ["risk_pct", "warmups"])


def test_a_strategy_that_is_only_imported_is_not_one_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("from s import First\nclass Mine(First):\n    pass\n")
    assert [cls.__name__ for cls in load_strategies("other.py", written(tmp_path, TWO))] == ["Mine"]


def test_a_file_is_loaded_anew_each_time_and_the_search_path_is_left_as_it_was(tmp_path: Path) -> None:
    path = list(sys.path)
    load_strategies("s.py", written(tmp_path, TWO))
    (renamed,) = load_strategies("s.py", written(tmp_path, ONE.format(line="name = 'again'")))
    assert renamed.name == "again"
    assert sys.path == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Half(:\n", "s.py:1: invalid syntax"),
        ("x = '\0'\n", "s.py: source code string cannot contain null bytes"),
        ("import broken\n", "s.py: imports broken.py:2: invalid syntax"),
        ("import nothing_there\n", "s.py:1: raised ModuleNotFoundError: No module named 'nothing_there'"),
        ("\nraise ValueError('one\\ntwo')\n", "s.py:2: raised ValueError: one two at import"),
        ("raise SystemExit(3)\n", "s.py:1: raised SystemExit: 3 at import"),
        ("x = 1\n", "there is no subclass of btk.Strategy in it"),
        ("from btk import Strategy\nclass None_(Strategy):\n    pass\n", "it has no get_signal"),
        (ONE.format(line="name = '../evil'"), "name '../evil' cannot be used"),
        (ONE.format(line="interval = '7m'"), "unknown interval '7m'"),
        (ONE.format(line="warmup = -1"), "warmup -1 must be a whole number of bars"),
        (ONE.format(line="warmup = 10**9"), "warmup 1000000000 of 1m is more than 7305 days; lower it"),
        ("raise MemoryError\n", "s.py:1: raised MemoryError at import"),
        (ONE.format(line="warmup = True"), "warmup True must be a whole number of bars"),
        (ONE.format(line="risk = 'conservative'"), "must be a tuple of profile names"),
        (ONE.format(line="fast: Missing = 1"), "raised NameError: name 'Missing' is not defined at import"),
        (ONE.format(line="fast: 'Missing' = 1"), "an annotation raised NameError: name 'Missing'"),
        (ONE.format(line="tool: object = object()"), "the parameter tool is a object"),
        (ONE.format(line="def on_open(self, market): ..."), "no hook on_open; did you mean on_opened?"),
        (
            ONE.format(line="timeframe = '5m'"),
            "what timeframe seems to be is called interval here; set that, too",
        ),
        (ONE.format(line="intervall = '5m'"), "what intervall seems to be is called interval here"),
        (
            ONE.format(line="startup_candle_count = 30"),
            "what startup_candle_count seems to be is called warmup",
        ),
        (ONE.format(line="risks = ('conservative',)"), "what risks seems to be is called risk here"),
        (ONE.format(line="async def indicators(self, candles): ..."), "indicators cannot be async"),
        (ONE.format(line="async def candidates(self, columns): ..."), "candidates cannot be async"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_that_names_it(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "broken.py").write_text("x = 1\ndef (:\n")
    with pytest.raises(StrategyError) as caught:
        load_strategies("s.py", written(tmp_path, text))
    assert words in str(caught.value)
    assert str(caught.value).startswith("s.py:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("none.py", "none.py: there is no such file"),
        ("notes.txt", "a strategy file ends in .py"),
        ("s.py:SecondTwo", "did you mean SecondOne?"),
        ("s.py:Zzz", "there are First, SecondOne"),
        ("s.py:", "there is no strategy ''"),
    ],
)
def test_an_entry_that_names_nothing_is_refused_with_what_there_is(
    tmp_path: Path, entry: str, words: str
) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(StrategyError, match=r"^[^\n]*$") as caught:
        load_strategies(entry, written(tmp_path, TWO))
    assert words in str(caught.value)


def test_a_file_without_strategies_is_none_where_none_are_needed(tmp_path: Path) -> None:
    assert strategies_in("s.py", written(tmp_path, "x = 1\n")) == []


def test_a_strategy_may_read_files_beside_its_own(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("beside")
    line = "note = __import__('pathlib').Path(__file__).with_name('note.txt').read_text()"
    (cls,) = load_strategies("s.py", written(tmp_path, ONE.format(line=line)))
    assert vars(cls)["note"] == "beside"


def test_two_edits_in_one_second_are_two_edits_and_nothing_is_written_beside_the_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (cls,) = load_strategies("s.py", written(tmp_path, ONE.format(line=f"name = '{name}'")))
        os.utime(tmp_path / "s.py", (0, 0))
        assert cls.name == name
    assert [path.name for path in tmp_path.iterdir()] == ["s.py"]


def test_annotations_that_are_text_and_dataclasses_find_their_module(tmp_path: Path) -> None:
    head = "from __future__ import annotations\nfrom collections.abc import Sequence\n"
    point = "from dataclasses import dataclass\n\n\n@dataclass\nclass Point:\n    at: Sequence[int]\n"
    text = head + point + ONE.format(line="levels: Sequence[float] = (1.0,)")
    (cls,) = load_strategies("s.py", written(tmp_path, text))
    assert list(parameters(cls)) == ["levels"]


def test_two_files_of_one_name_in_two_folders_are_two_modules(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = load_strategies("s.py", written(tmp_path, ONE.format(line="fast: int = 1")))
    second = load_strategies("a/s.py", written(tmp_path / "a", ONE.format(line="slow: int = 1")).parent)
    assert first[0].__module__ != second[0].__module__


def test_annotated_attributes_are_the_parameters() -> None:
    assert list(parameters(Tuned)) == ["fast", "weight", "word", "switch", "levels", "limit"]


def test_values_become_the_types_of_their_annotations() -> None:
    made = make_strategy(Tuned, {"weight": 2, "levels": [3, 4.5], "limit": 5, "unknown": 1})
    values = parameter_values(made)
    assert values == {
        "fast": 10,
        "weight": 2.0,
        "word": "close",
        "switch": False,
        "levels": (3.0, 4.5),
        "limit": 5,
    }
    assert type(values["weight"]) is float


def test_the_parameters_of_one_object_are_no_other_s() -> None:
    make_strategy(Tuned, {"fast": 3})
    assert make_strategy(Tuned, {}).fast == 10  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fast", "many", "expected a whole number, got 'many'"),
        ("fast", 1.5, "expected a whole number, got 1.5"),
        ("switch", "yes", "expected true or false, got 'yes'"),
        ("levels", [1, "two"], "expected a number, got 'two'"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(name: str, value: object, words: str) -> None:
    with pytest.raises(SettingsError, match=f"strategy.params.{name} of tuned: ") as caught:
        make_strategy(Tuned, {name: value})
    assert words in str(caught.value)


def test_a_parameter_that_no_strategy_has_is_refused() -> None:
    check_parameters([Tuned], {"fast": 1})
    with pytest.raises(SettingsError, match=r"did you mean fast\?"):
        check_parameters([Tuned], {"fsat": 1})


@pytest.mark.parametrize("line", ["raise ValueError('no')", "raise SystemExit"])
def test_a_constructor_that_raises_is_told(tmp_path: Path, line: str) -> None:
    text = ONE.format(line=f"def __init__(self):\n        {line}")
    (cls,) = load_strategies("s.py", written(tmp_path, text))
    with pytest.raises(StrategyError, match=r"s.py:7:One: raised \w+.* when made"):
        make_strategy(cls, {})


def test_a_rule_is_the_function_of_its_file(tmp_path: Path) -> None:
    root = written(tmp_path, "def rule(signal, book):\n    return 'no'\nnumber = 1\n")
    assert load_function("s.py:rule", root)(None, None) == "no"
    with pytest.raises(StrategyError, match="there is no function number"):
        load_function("s.py:number", root)
    with pytest.raises(StrategyError, match="there is no function nothing"):
        load_function("s.py:nothing", root)
