"""Where the project is."""

from pathlib import Path

import pytest

from btk.adapters.project import find_root
from btk.model.errors import SettingsError


def project(folder: Path) -> Path:
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "btk.yaml").touch()
    return folder


def test_the_nearest_folder_upwards_is_the_root(tmp_path: Path) -> None:
    outer, inner = project(tmp_path), project(tmp_path / "a" / "inner")
    (inner / "strategies").mkdir()
    assert find_root(None, {}, inner / "strategies") == inner
    assert find_root(None, {}, tmp_path / "a") == outer


def test_the_flag_wins_over_the_variable_and_the_variable_over_the_folder(tmp_path: Path) -> None:
    here, named, given = (project(tmp_path / name) for name in ("here", "named", "given"))
    assert find_root(None, {"BTK_ROOT": str(named)}, here) == named
    assert find_root(given, {"BTK_ROOT": str(named)}, here) == given


def test_without_a_project_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"btk new DIR.*--root DIR"):
        find_root(None, {}, tmp_path)


@pytest.mark.parametrize("source", ["--root", "BTK_ROOT"])
def test_a_named_folder_without_settings_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(SettingsError, match=source):
        find_root(tmp_path if source == "--root" else None, {source: str(tmp_path)}, tmp_path)
