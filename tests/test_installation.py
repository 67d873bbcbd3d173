"""What `make` installs, as far as the project file decides it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_script_beside_the_checkout_finds_btk_and_not_the_folder_of_that_name() -> None:
    """Without it setuptools installs an import hook, and `from btk import Strategy` in the folder above fails."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["package-dir"] == {"": "."}
