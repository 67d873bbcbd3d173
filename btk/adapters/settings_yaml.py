"""YAML with line numbers and without surprises.

Scalars follow the core schema of YAML 1.2: `NO`, `12:30` and dates stay text, `1e-3` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from btk.adapters.settings_tree import Branch, Leaf, Node, Origin, plain
from btk.model.errors import SettingsError

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_MERGE_KEY = "<<"
# The parser says of these only that they cannot start a token.
_NO_STARTS = {
    "\t": "a tab cannot indent; use spaces",
    **{sign: f"a text that begins with {sign} needs quotes" for sign in "@`%"},
}

MAX_DEPTH = 12
MAX_NODES = 20_000
LONGEST_NUMBER = 40

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?\d+(_\d+)*\Z")
_FLOAT = re.compile(r"[-+]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][-+]?\d+)?\Z")
_NOT_FINITE = re.compile(r"([-+]?)\.(inf|nan)\Z", re.IGNORECASE)

OriginOf = Callable[[int], Origin]


class YamlProblem(SettingsError):
    """What is wrong with a YAML text, and in which line (from 1)."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}")


def read_yaml(text: str, origin_of: OriginOf) -> Node:
    """The tree of one YAML document, `YamlProblem` for none; `origin_of` names a line (from 1)."""
    text = str(text)  # the C parser takes no subclass, such as a choice of the command line
    try:
        _check_depth(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise _syntax_problem(error, text) from None
    except (yaml.YAMLError, ValueError) as error:
        raise YamlProblem(1, f"not YAML: {' '.join(str(error).split())}") from None
    return _Growing(origin_of).node(root, 0) if root is not None else Leaf(None, origin_of(1))


def scalar(text: str) -> Any:
    """What an unquoted scalar means: null, true, false, a number or text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > LONGEST_NUMBER:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    special = _NOT_FINITE.match(text)
    return float(special[1] + special[2]) if special else text


def _check_depth(text: str) -> None:
    # Composing recurses in C: nesting without end would end the process, not raise.
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise YamlProblem(_line(event), f"nested more than {MAX_DEPTH} deep")


class _Growing:
    def __init__(self, origin_of: OriginOf) -> None:
        self.origin_of = origin_of
        self.count = 0

    def node(self, source: yaml.Node, depth: int) -> Node:
        origin = self.origin_of(_line(source))
        if isinstance(source, yaml.MappingNode):
            self._check(source, depth)
            return Branch(self._children(source, depth), origin)
        return Leaf(self._value(source, depth), origin)

    def _children(self, source: yaml.MappingNode, depth: int) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for key_node, value_node in source.value:
            key = _key(key_node)
            node = self.node(value_node, depth + 1)
            if key == _MERGE_KEY:
                merged.update(_merged_children(value_node, node))
            elif key in own:
                raise YamlProblem(_line(key_node), f"{key} is given twice")
            else:
                own[key] = node
        return {**merged, **own}

    def _value(self, source: yaml.Node, depth: int) -> Any:
        if isinstance(source, yaml.MappingNode):
            return plain(self.node(source, depth))
        self._check(source, depth)
        if isinstance(source, yaml.SequenceNode):
            return [self._value(item, depth + 1) for item in source.value]
        quoted = isinstance(source, yaml.ScalarNode) and source.style
        return source.value if quoted else scalar(source.value)

    def _check(self, source: yaml.Node, depth: int) -> None:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise YamlProblem(_line(source), "too much of it, or a loop of anchors")
        if source.tag not in _PLAIN_TAGS:
            raise YamlProblem(_line(source), f"the tag {source.tag} means nothing here; leave it out")


def _merged_children(source: yaml.Node, node: Node) -> dict[str, Node]:
    if not isinstance(node, Branch):
        raise YamlProblem(_line(source), "<< takes one map: << : *name")
    return node.children


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise YamlProblem(_line(node), "a key must be a name")
    return str(node.value)


def _line(part: yaml.Node | yaml.Event) -> int:
    mark = part.start_mark
    return mark.line + 1 if mark is not None else 1


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> YamlProblem:
    mark = error.problem_mark or error.context_mark
    words = " ".join(str(part) for part in (error.context, error.problem) if part)
    if mark is None:
        return YamlProblem(1, f"not YAML: {words}")
    return YamlProblem(mark.line + 1, f"not YAML: {_NO_STARTS.get(_sign_at(mark, text), words)}")


def _sign_at(mark: yaml.Mark, text: str) -> str:
    line = text.splitlines()[mark.line : mark.line + 1]
    return "".join(line)[mark.column : mark.column + 1]
