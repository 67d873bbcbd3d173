"""Documents on stdout."""

from __future__ import annotations

import msgspec


def print_document(document: object) -> None:
    """One JSON document, indented."""
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
