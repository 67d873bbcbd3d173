"""Fail-if conditions: read with kind errors, judged without surprises."""

from __future__ import annotations

import pytest

from btk.model.errors import UsageError
from btk.report.fail_if import Condition, failures, parse_condition


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("max_drawdown_pct > 25", Condition("max_drawdown_pct", ">", 25.0)),
        ("  total_trades<10 ", Condition("total_trades", "<", 10.0)),
        ("sharpe_ratio <= -0.5", Condition("sharpe_ratio", "<=", -0.5)),
        ("gap_minutes!=0", Condition("gap_minutes", "!=", 0.0)),
        ("wins == 1e3", Condition("wins", "==", 1000.0)),
        ("return_pct >=+1", Condition("return_pct", ">=", 1.0)),
    ],
)
def test_a_condition_is_a_statistic_an_operator_and_a_number(text, condition):
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    "text", ["", "max_drawdown_pct", "> 25", "max_drawdown_pct = 25", "max_drawdown_pct > 25 %"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="statistic operator number"):
        parse_condition(text)


def test_a_misspelt_statistic_is_named_with_the_one_that_was_meant():
    with pytest.raises(UsageError, match="no statistic 'max_drawdon_pct'; did you mean max_drawdown_pct"):
        parse_condition("max_drawdon_pct > 25")


@pytest.mark.parametrize("name", ["trend", "by_side", "qqq"])
def test_what_is_no_number_is_no_statistic(name):
    with pytest.raises(UsageError, match=f"no statistic '{name}'"):
        parse_condition(f"{name} > 1")


@pytest.mark.parametrize("number", ["many", "nan", "inf", "1,5", "--5"])
def test_a_threshold_that_is_no_finite_number_is_named(number):
    with pytest.raises(UsageError, match=f"'{number}' is not a number"):
        parse_condition(f"return_pct > {number}")


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("return_pct > 5", False),
        ("return_pct >= 5", True),
        ("return_pct < 5", False),
        ("return_pct <= 5", True),
        ("return_pct == 5", True),
        ("return_pct != 5", False),
        ("return_pct < 6", True),
        ("return_pct > 4", True),
    ],
)
def test_the_run_fails_when_the_condition_holds(text, fails):
    assert bool(failures([parse_condition(text)], {"return_pct": 5})) is fails


def test_each_failure_says_what_was_asked_and_what_was_found():
    conditions = [parse_condition(text) for text in ("return_pct < 0", "wins > 1", "max_drawdown_pct > 25")]
    lines = failures(conditions, {"return_pct": -3.14159265, "wins": 1, "max_drawdown_pct": 31})
    assert lines == (
        "return_pct < 0: return_pct is -3.14159",
        "max_drawdown_pct > 25: max_drawdown_pct is 31",
    )


def test_a_statistic_that_is_missing_fails_whatever_was_asked():
    for text in ("sharpe_ratio < 0", "sharpe_ratio > 0", "sharpe_ratio != 0"):
        [line] = failures([parse_condition(text)], {"sharpe_ratio": None})
        assert "sharpe_ratio is N/A" in line
