"""Dates as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btk.model.dates import EARLIEST_MS, LATEST_MS, format_date, parse_date_ms
from btk.model.errors import InvalidInput

NEW_YEAR_2024 = 1_704_067_200_000


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2024-01-01", NEW_YEAR_2024),
        ("2024-01-01T10:00", NEW_YEAR_2024 + 36_000_000),
        ("2024-01-01 10:00", NEW_YEAR_2024 + 36_000_000),
        ("2024-01-01T10:00:00Z", NEW_YEAR_2024 + 36_000_000),
        ("2024-01-01T10:00+02:00", NEW_YEAR_2024 + 28_800_000),
        ("2024-01-01T00:00:00.500Z", NEW_YEAR_2024 + 500),
        ("1704067200000", NEW_YEAR_2024),
    ],
)
def test_every_documented_form_is_read_as_utc(text: str, at_ms: int) -> None:
    assert parse_date_ms(text) == at_ms


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "01.02.2024", "1.5e12", "-1704067200000"])
def test_what_is_no_date_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"expected a UTC date such as 2024-01-01.*got"):
        parse_date_ms(text)


@pytest.mark.parametrize("text", ["2024", "1704067200", "20240101"])
def test_years_and_seconds_are_not_taken_for_milliseconds(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_date_ms(text)


@given(st.integers(EARLIEST_MS, LATEST_MS))
def test_a_written_date_reads_back(at_ms: int) -> None:
    assert parse_date_ms(format_date(at_ms)) == at_ms


def test_dates_are_written_as_short_as_they_can_be() -> None:
    assert format_date(NEW_YEAR_2024) == "2024-01-01"
    assert format_date(NEW_YEAR_2024 + 36_000_000) == "2024-01-01T10:00"
    assert format_date(NEW_YEAR_2024 + 1_500) == "2024-01-01T00:00:01.500Z"
