"""The order in which variants come out."""

import pytest

from btk.model.errors import UsageError
from btk.report.ranking import Ranking, check_metric


def ranking_of(*values: float | None, minimize: bool = False) -> Ranking:
    ranking = Ranking("sharpe_ratio", minimize)
    for number, value in enumerate(values, 1):
        ranking.add(number, "sma", {"fast": number}, {"sharpe_ratio": value, "total_trades": number})
    return ranking


def numbers(ranking: Ranking) -> list[int]:
    return [row.number for row in ranking.rows()]


def test_the_highest_value_wins() -> None:
    ranking = ranking_of(0.1, 0.3, -0.2)
    assert numbers(ranking) == [2, 1, 3]
    assert ranking.best is not None
    assert ranking.best.number == 2
    assert ranking.best_statistics["total_trades"] == 2


def test_the_lowest_wins_where_that_was_asked() -> None:
    assert numbers(ranking_of(0.1, 0.3, -0.2, minimize=True)) == [3, 1, 2]


def test_of_equal_values_the_earlier_variant_wins_in_whatever_order_they_end() -> None:
    ranking = Ranking("sharpe_ratio")
    for number in (3, 1, 2):
        ranking.add(number, "sma", {}, {"sharpe_ratio": 0.5})
    assert numbers(ranking) == [1, 2, 3]
    assert ranking.best is not None
    assert ranking.best.number == 1


@pytest.mark.parametrize("minimize", [False, True])
def test_a_missing_value_never_wins(minimize: bool) -> None:
    ranking = ranking_of(None, -5.0, None, minimize=minimize)
    assert numbers(ranking) == [2, 1, 3]
    assert ranking_of(None, None, minimize=minimize).best is None


def test_a_metric_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    assert check_metric("calmar_ratio") == "calmar_ratio"
    with pytest.raises(UsageError, match="did you mean sharpe_ratio"):
        check_metric("sharpe_rato")
