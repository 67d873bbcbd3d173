"""Settings given one value at a time: environment variables and command line flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from btk.adapters.settings_secrets import is_reference, is_secret_key
from btk.adapters.settings_tree import Branch, Leaf, Node, Origin, planted
from btk.adapters.settings_yaml import read_yaml

SYMBOL_LIST = "CC_SYMBOL_LIST"
PREFIX = "BTK__"


class Override(NamedTuple):
    """A flag that sets a key: `Override("frame.from", "2024-01-01", "--from")`; the text is read as YAML."""

    key: str
    text: str
    flag: str


def symbol_list_layer(environ: Mapping[str, str], origin: Origin) -> Branch | None:
    """The layer of `CC_SYMBOL_LIST`, symbols with commas between; None when it is unset or empty."""
    names = [name.strip() for name in environ.get(SYMBOL_LIST, "").split(",")]
    symbols = [name for name in names if name]
    return planted(["symbols"], Leaf(symbols, origin)) if symbols else None


def variable_names(environ: Mapping[str, str]) -> list[str]:
    """The `BTK__SECTION__KEY` variables that are set to something, sorted."""
    return sorted(name for name, text in environ.items() if name.startswith(PREFIX) and text)


def variable_layer(name: str, text: str, below: Branch, origin: Origin) -> Branch:
    """The layer of one variable; its words are matched in any case with the keys in `below`."""
    path = _matched(name.removeprefix(PREFIX).split("__"), below)
    # The variable itself becomes the reference: settings never hold a key that comes this way.
    if is_secret_key(".".join(path)) and not is_reference(text):
        return planted(path, Leaf(f"${{{name}}}", origin))
    return planted(path, _node(text, origin))


def override_layer(override: Override, origin: Origin) -> Branch:
    """The layer of one flag; `YamlProblem` when its text is no YAML."""
    return planted(override.key.split("."), _node(override.text, origin))


def _node(text: str, origin: Origin) -> Node:
    node = read_yaml(text, lambda line: origin)
    return Leaf(node.value, origin, text) if isinstance(node, Leaf) else node


def _matched(words: list[str], below: Branch) -> list[str]:
    path: list[str] = []
    node: Node | None = below
    for word in words:
        names = node.children if isinstance(node, Branch) else {}
        name = next((known for known in names if known.lower() == word.lower()), word.lower())
        path.append(name)
        node = names.get(name)
    return path
