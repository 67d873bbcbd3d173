"""One written value and the type of its key: the value as that key means it, or why it cannot be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from btk.adapters.settings_secrets import has_reference, is_reference, is_secret_key
from btk.adapters.settings_tree import Leaf, Node, plain
from btk.model.dates import DateMs, parse_date_ms
from btk.model.errors import InvalidInput
from btk.model.plain_words import Misfit, misfits
from btk.model.settings import SECRET_WORDS

# YAML 1.1 still teaches these four; only a key that takes true or false reads them so.
_OLD_BOOLEANS = {"yes": True, "on": True, "no": False, "off": False}
_INFINITE = {"inf": math.inf, ".inf": math.inf, "infinity": math.inf}

_TAKES_REFERENCES = ("exchange.api_key", "exchange.secret", "exchange.options.", "notify.urls")


class Refused(Exception):
    """A value that its key cannot take; `misfits` says which parts and why."""

    def __init__(self, found: list[Misfit]) -> None:
        self.misfits = found
        super().__init__(found)


def read_value(node: Node, annotation: Any, key: str) -> Any:
    """The value of a key, converted to its type; `Refused` when it has none."""
    misplaced = list(_misplaced_secrets(plain(node), key))
    if misplaced:
        raise Refused(misplaced)
    for reading in _readings(node, annotation):
        if not any(misfits(reading, annotation)):
            return msgspec.convert(reading, annotation)
    raise Refused(list(misfits(plain(node), annotation)))


def _readings(node: Node, annotation: Any) -> Iterator[Any]:
    value = plain(node)
    yield value
    if isinstance(value, str):
        yield from (words[value.lower()] for words in (_OLD_BOOLEANS, _INFINITE) if value.lower() in words)
        yield from _dates(value) if annotation == DateMs else ()
    if isinstance(node, Leaf) and node.text is not None and not isinstance(value, list):
        yield node.text
        yield [word.strip() for word in node.text.split(",")]


def _dates(text: str) -> Iterator[int]:
    with suppress(InvalidInput):
        yield parse_date_ms(text)


def _misplaced_secrets(value: Any, key: str, where: str = "") -> Iterator[Misfit]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _misplaced_secrets(item, f"{key}.{name}", f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _misplaced_secrets(item, key, f"{where}[{index}]")
    elif isinstance(value, str) and has_reference(value) and not key.startswith(_TAKES_REFERENCES):
        yield Misfit(where, f"{value} stands for a secret, and this key takes none")
    elif is_secret_key(key) and value is not None and not is_reference(str(value)):
        yield Misfit(where, f"expected {SECRET_WORDS}")
