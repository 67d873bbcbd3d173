"""Settings as they were written: a tree of values that know where they came from, merged layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """Where a value was written: a file and its line, a variable, a flag; what was read later ranks higher."""

    rank: int
    source: str
    line: int = 0

    @property
    def place(self) -> str:
        """`config/btk.yaml:12`, `BTK__EXECUTION__FEE_PCT`, `--set`."""
        return f"{self.source}:{self.line}" if self.line else self.source

    @property
    def order(self) -> tuple[int, int]:
        """Sorts as the sources were read."""
        return self.rank, self.line


UNWRITTEN = Origin(0, "")


class Leaf(msgspec.Struct, frozen=True):
    """A value as YAML reads it; `text` is what was typed, if it was typed on one line (flag or variable)."""

    value: Any
    origin: Origin
    text: str | None = None


class Branch(msgspec.Struct, frozen=True):
    """A map."""

    children: dict[str, Node]
    origin: Origin


Node = Leaf | Branch


class Complaint(msgspec.Struct, frozen=True):
    """One problem of the settings, in the place where it can be corrected."""

    place: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.place, self.key, self.message)))


def merge(below: Node, above: Node) -> Node:
    """`above` wins; maps merge deeply, anything else replaces; an empty section (`key:`) says nothing."""
    if isinstance(below, Branch) and isinstance(above, Leaf) and above.value is None:
        return below
    if not (isinstance(below, Branch) and isinstance(above, Branch)):
        return above
    children = dict(below.children)
    for key, node in above.children.items():
        children[key] = merge(children[key], node) if key in children else node
    return Branch(children, above.origin)


def planted(path: list[str], node: Node) -> Branch:
    """A tree that holds only `node`, at `path`."""
    for key in reversed(path):
        node = Branch({key: node}, node.origin)
    assert isinstance(node, Branch)
    return node


def plain(node: Node) -> Any:
    """The bare values."""
    if isinstance(node, Leaf):
        return node.value
    return {key: plain(child) for key, child in node.children.items()}


def places(node: Node, key: str = "") -> Iterator[tuple[str, Origin]]:
    """Dotted keys of a node and all below it, with their origins."""
    yield key, node.origin
    if isinstance(node, Branch):
        for name, child in node.children.items():
            yield from places(child, f"{key}.{name}" if key else name)
