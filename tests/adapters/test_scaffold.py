"""New projects."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from btk.adapters.scaffold import DEMO_ENTRY, OWN_ENTRY, make_project, write_settings
from btk.adapters.settings import load_settings
from btk.model.errors import DumpError, UsageError
from btk.model.settings import Settings, StrategyChoice

REPOSITORY = Path(__file__).parents[2]


def test_a_new_project_loads_and_differs_from_the_demo_in_its_strategy_only(tmp_path: Path) -> None:
    files = make_project(tmp_path / "a" / "mine")
    loaded = load_settings(tmp_path / "a" / "mine", [], {}, [])
    assert loaded.settings == Settings(strategy=StrategyChoice(entry=(OWN_ENTRY,)))
    assert sorted(files) == [".gitignore", "README.md", "config/btk.yaml", "strategies/my_strategy.py"]


def test_the_template_and_the_settings_of_the_repository_are_one_text(tmp_path: Path) -> None:
    own = write_settings(tmp_path, overwrite=False).read_text()
    assert own.replace(OWN_ENTRY, DEMO_ENTRY) == (REPOSITORY / "config" / "btk.yaml").read_text()


@pytest.mark.parametrize("name", [".hidden", "file"])
def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="not empty"):
        make_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@contextmanager
def a_full_disk() -> Iterator[None]:
    """No file may be longer than what the settings are."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_project_that_cannot_be_written_whole_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    with a_full_disk(), pytest.raises(DumpError, match="cannot be written"):
        make_project(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert make_project(tmp_path)


def test_settings_that_cannot_be_overwritten_stay_as_they_were(tmp_path: Path) -> None:
    path = write_settings(tmp_path, overwrite=False)
    path.write_text("mine")
    with a_full_disk(), pytest.raises(DumpError, match="cannot be written"):
        write_settings(tmp_path, overwrite=True)
    assert path.read_text() == "mine"


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    make_project(tmp_path)
    assert (tmp_path / "config" / "btk.yaml").is_file()


def test_settings_that_are_there_are_overwritten_only_when_asked(tmp_path: Path) -> None:
    path = write_settings(tmp_path, overwrite=False)
    path.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        write_settings(tmp_path, overwrite=False)
    assert path.read_text() == "mine"
    assert write_settings(tmp_path, overwrite=True).read_text() != "mine"
