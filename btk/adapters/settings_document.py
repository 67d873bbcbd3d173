"""Settings as a document that reads back as the same settings, and as JSON schema for editors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from btk.model.dates import DateMs, format_date
from btk.model.section import Section, fields_of
from btk.model.settings import Settings

_NULL = {"type": "null"}


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


def settings_schema() -> dict[str, Any]:
    """JSON schema of `config/btk.yaml`."""
    schema = msgspec.json.schema(Settings)
    definitions = schema["$defs"]
    properties = definitions["Settings"]["properties"]
    for name, told in properties.items():
        if "$ref" in told or "additionalProperties" in told:
            # A section whose keys are all commented out is null in YAML, and means its defaults.
            properties[name] = {"anyOf": [told, _NULL]}
    partial = {key: value for key, value in definitions["Frame"].items() if key != "required"}
    definitions["PartialFrame"] = {**partial, "title": "PartialFrame"}
    by_name = {"type": "string", "description": "the name of a frame under frames:"}
    properties["frame"] = {"anyOf": [{"$ref": "#/$defs/PartialFrame"}, by_name, _NULL]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "config/btk.yaml", **schema}


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
