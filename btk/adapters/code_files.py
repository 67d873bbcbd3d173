"""The files that a user's code is made of: those named in the settings, and what they import from beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def code_files(entries: Iterable[Path]) -> list[Path]:
    """`entries` and all modules that they import from their folders, those of modules too; in the order of their paths.

    Read from the text, so nothing is run: an import that is put together at run time is not found, nor is a file that
    a module opens. What comes from elsewhere (the standard library, packages) is left out.
    """
    found: set[Path] = set()
    waiting = [(entry, entry.parent) for entry in entries]
    while waiting:
        file, folder = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [(imported, folder) for imported in _imported(file, folder)]
    return sorted(found)


def _imported(file: Path, folder: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        # Whoever imports it is told; it has no imports that could be read.
        return
    for node in ast.walk(tree):
        for name, start in _names(node, file, folder):
            yield from _files_of(name, start)


def _names(node: ast.AST, file: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, folder
    elif isinstance(node, ast.ImportFrom):
        start = file.parents[min(node.level, len(file.parents)) - 1] if node.level else folder
        # What is imported from a package may be a module of it.
        for alias in node.names:
            yield ".".join(filter(None, (node.module, alias.name))), start


def _files_of(name: str, start: Path) -> Iterator[Path]:
    place = start
    for part in name.split("."):
        place = place / part
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                yield file
