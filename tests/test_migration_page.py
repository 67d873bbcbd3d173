"""People who come from backtest-kit find every name of theirs in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT.parent / "shared" / "design"
NAME = re.compile(r"CC_[A-Z][A-Z_]*[A-Z]")
FAMILY = re.compile(r"(CC_[A-Z_]*)\{([A-Z_, ]+)\}([A-Z_]+)")


@pytest.mark.parametrize("page", ["origin-core.md", "origin-inventory.md"])
def test_every_setting_of_the_origin_is_on_the_migration_page(page: str) -> None:
    if not (FACTS / page).is_file():
        pytest.skip(f"../shared/design/{page} is not there: the names are read from it")
    readme = (ROOT / "README.md").read_text()
    missing = sorted(name for name in set(_names((FACTS / page).read_text())) if name not in readme)
    assert not missing


def _names(text: str) -> Iterator[str]:
    yield from NAME.findall(text)
    # Kin are written as one: CC_MAX_{LIVE,RISK}_MARKDOWN_ROWS.
    for before, members, after in FAMILY.findall(text):
        yield from (f"{before}{member.strip()}{after}" for member in members.split(","))
