"""Settings as a document that reads back as the same settings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from btk.model.dates import DateMs, format_date
from btk.model.section import Section, fields_of


def settings_document(section: Section) -> dict[str, Any]:
    """YAML keys and values that JSON can hold: dates as text, no limit as `inf`."""
    return {
        field.encode_name: _written(getattr(section, field.name), field.type)
        for field in fields_of(type(section))
    }


def document_leaves(document: dict[str, Any], key: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values; lists and empty maps are values."""
    for name, value in document.items():
        dotted = f"{key}.{name}" if key else name
        if isinstance(value, dict) and value:
            yield from document_leaves(value, dotted)
        else:
            yield dotted, value


def leaf_text(value: object) -> str:
    """A value of `document_leaves` as one would write it in YAML."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _written(value: Any, annotation: Any) -> Any:
    if isinstance(value, Section):
        return settings_document(value)
    if isinstance(value, dict):
        return {name: _written(item, None) for name, item in value.items()}
    if isinstance(value, tuple):
        return list(value)
    if annotation == DateMs:
        return format_date(value)
    return "inf" if value == math.inf else value
