"""Whatever goes wrong at an order, and wherever the process dies: nothing twice, naked or lost, and all of it counted."""

from __future__ import annotations

import pytest

from tests.venue.campaign import Case, cases, judged, part_of

SEED, SHARE = 8, 0.015
KILLS_OF_ENTRIES = [case for case in cases() if case.kill and case.nth == 1]


@pytest.mark.parametrize("case", part_of(SEED, SHARE), ids=str)
def test_a_part_of_the_campaign_loses_nothing(case: Case) -> None:
    assert judged(case).problems == []


@pytest.mark.parametrize("case", KILLS_OF_ENTRIES, ids=str)
def test_an_entry_that_the_process_died_with_is_found_and_protected(case: Case) -> None:
    assert judged(case).problems == []


@pytest.mark.soak
@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_the_whole_campaign_loses_nothing(case: Case) -> None:
    assert judged(case).problems == []
