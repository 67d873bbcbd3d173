"""JSON schema of `config/btk.yaml` for editors; what each key is for comes from the comments of the template."""

from __future__ import annotations

from typing import Any

import msgspec

from btk.adapters.scaffold import settings_text
from btk.adapters.settings_tree import Origin, places
from btk.adapters.settings_yaml import read_yaml
from btk.model.settings import Settings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL = {"type": "null"}
_PROFILE = "risk.conservative"


def settings_schema() -> dict[str, Any]:
    """The schema; it accepts what `load_settings` accepts from a file, contradictions between keys aside."""
    schema = msgspec.json.schema(Settings)
    definitions = schema["$defs"]
    _explain(definitions)
    _accept_written_forms(definitions)
    for definition in definitions.values():
        _accept_empty_sections(definition["properties"])
    return {"$schema": _DIALECT, "title": "config/btk.yaml", **schema}


def _accept_written_forms(definitions: dict[str, Any]) -> None:
    frame = definitions["Frame"]
    for key in ("from", "to"):
        frame["properties"][key]["type"] = ["string", "integer"]
    lifetime = definitions["SignalRules"]["properties"]["max_lifetime_minutes"]
    lifetime["anyOf"] = [{"type": "number", "minimum": 1}, {"const": "inf"}]
    definitions["PartialFrame"] = {**frame, "title": "PartialFrame", "required": []}
    name = {"type": "string", "description": "the name of a frame under frames:"}
    definitions["Settings"]["properties"]["frame"] = {
        "anyOf": [{"$ref": "#/$defs/PartialFrame"}, name, _NULL]
    }


def _accept_empty_sections(properties: dict[str, Any]) -> None:
    for key, told in properties.items():
        # A section whose keys are all commented out is null in YAML, and means its defaults.
        if "$ref" in told or "additionalProperties" in told:
            properties[key] = {"anyOf": [told, _NULL], "description": told.get("description", "")}


def _explain(definitions: dict[str, Any]) -> None:
    sections = {
        name: told["$ref"].rpartition("/")[2]
        for name, told in definitions["Settings"]["properties"].items()
        if "$ref" in told
    }
    sections[_PROFILE] = "RiskProfile"
    for key, comment in _comments(settings_text()).items():
        section, _, name = key.rpartition(".")
        if section in sections:
            definitions[sections[section]]["properties"][name]["description"] = comment


def _comments(text: str) -> dict[str, str]:
    lines = text.splitlines()
    tree = read_yaml(text, lambda line: Origin(1, "", line))
    found = {key: lines[origin.line - 1].partition("  # ")[2] for key, origin in places(tree)}
    return {key: comment for key, comment in found.items() if comment}
