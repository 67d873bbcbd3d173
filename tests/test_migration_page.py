"""People who come from backtest-kit find every name of theirs in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT.parent / "shared" / "design"
NAME = re.compile(r"CC_[A-Z][A-Z_]*[A-Z]")


@pytest.mark.parametrize("page", ["origin-core.md", "origin-inventory.md"])
def test_every_setting_of_the_origin_is_on_the_migration_page(page: str) -> None:
    if not (FACTS / page).is_file():
        pytest.skip(f"../shared/design/{page} is not there: the names are read from it")
    readme = (ROOT / "README.md").read_text()
    missing = sorted(name for name in set(NAME.findall((FACTS / page).read_text())) if name not in readme)
    assert not missing
