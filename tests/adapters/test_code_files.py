"""Which files a strategy is made of: what it imports from beside it, read from the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.adapters.code_files import code_files


def _written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _found(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in code_files([folder / "entry.py"])]


@pytest.mark.parametrize(
    "text",
    [
        "import tools",
        "import tools as t, os",
        "from tools import average",
        "def late():\n    import tools\n",
        "if True:\n    from tools import *\n",
    ],
)
def test_a_module_beside_the_strategy_belongs_to_it(tmp_path: Path, text: str) -> None:
    _written(tmp_path, entry=text, tools="", other="")
    assert _found(tmp_path) == ["entry.py", "tools.py"]


def test_modules_of_packages_and_what_they_import_themselves_belong_to_it(tmp_path: Path) -> None:
    _written(
        tmp_path,
        entry="from pack import one\nimport numpy\n",
        pack__one="from . import two\nfrom .two import x\nimport tools",
        pack__two="import entry",
        tools="",
    )
    (tmp_path / "pack" / "__init__.py").write_text("")
    assert _found(tmp_path) == ["entry.py", "pack/__init__.py", "pack/one.py", "pack/two.py", "tools.py"]


def test_a_module_that_cannot_be_read_as_python_is_a_file_like_any_other(tmp_path: Path) -> None:
    _written(tmp_path, entry="import broken", broken="def (")
    assert _found(tmp_path) == ["broken.py", "entry.py"]
