"""The JSON schema of the settings: editors accept what btk accepts, and explain each key."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from btk.adapters.settings_schema import settings_schema
from btk.adapters.settings_tree import Origin, plain
from btk.adapters.settings_yaml import read_yaml

REPOSITORY = Path(__file__).parents[2]


def written(text: str) -> Any:
    return plain(read_yaml(text, lambda line: Origin(1, "f", line)))


@pytest.mark.parametrize("name", ["btk.yaml", "binance.yaml"])
def test_the_schema_accepts_the_settings_of_the_repository(name: str) -> None:
    text = (REPOSITORY / "config" / name).read_text()
    jsonschema.Draft202012Validator(settings_schema()).validate(written(text))


@pytest.mark.parametrize(
    "text",
    [
        "frame: crash",
        "frame: {from: 2024-01-01T10:00}",
        "frame: {from: 1704067200000, interval: 5m}",
        "signal: {max_lifetime_minutes: inf, short: null}",
        "execution:\nrisk:\n",
        "exchange: {api_key: null, options: {defaultType: swap}}",
        "strategy: {risk: {sma_cross: [conservative]}}",
    ],
)
def test_the_schema_accepts_what_can_be_loaded(text: str) -> None:
    jsonschema.Draft202012Validator(settings_schema()).validate(written(text))


@pytest.mark.parametrize(
    "text",
    [
        "exchnge: {}",
        "exchange: {api_key: abc}",
        "execution: {fee_pct: -1}",
        "execution: {model: vwp}",
        "symbols: []",
        "frames: {crash: {from: 2024-01-01}}",
        "signal: {max_lifetime_minutes: forever}",
        "notify: {events: [open]}",
    ],
)
def test_the_schema_refuses_what_cannot_be_loaded(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(settings_schema()).validate(written(text))


def test_every_key_of_a_section_is_explained_as_in_the_file() -> None:
    definitions = settings_schema()["$defs"]
    assert (
        definitions["Execution"]["properties"]["fee_pct"]["description"]
        == "percent of the cost paid per side"
    )
    silent = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, told in definition["properties"].items()
        if name != "Settings" and "description" not in told
    ]
    assert silent == []
