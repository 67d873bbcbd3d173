"""The HTML report: one file with its style, its scripts and its data inside, opened without a network."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import orjson

from btk.adapters.disk import SharedDisk, make_folder, save

_TEMPLATES = files("btk.adapters") / "templates" / "page"


def write_page(path: Path, document: Mapping[str, object]) -> None:
    """Write the page of a `document` made by `btk.report.page`; `DumpError`."""
    disk = SharedDisk()
    make_folder(disk, path.parent)
    save(disk, path, [page_html(document).encode()])


def page_html(document: Mapping[str, object]) -> str:
    """The whole file. Nothing in the document, whatever a user wrote, can end the element that holds it."""
    scripts = sorted(entry.name for entry in _TEMPLATES.iterdir() if entry.name.endswith(".js"))
    parts = {
        "title": html.escape(str(document["title"])),
        "style": _text("page.css"),
        "script": "\n".join(_text(name) for name in scripts),
        "data": orjson.dumps(document).decode().replace("<", "\\u003c"),
    }
    # Split rather than replaced one after the other: the data may hold braces too.
    before, *holes = _text("page.html").split("{{")
    return before + "".join(parts[name] + rest for name, _, rest in (hole.partition("}}") for hole in holes))


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
