"""From the tree of settings to typed sections; every problem is kept, with its place, and reading goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from btk.adapters.settings_frames import with_choice_made
from btk.adapters.settings_tree import UNWRITTEN, Branch, Complaint, Leaf, Node, Origin, places
from btk.adapters.settings_values import Refused, read_value
from btk.model.plain_words import did_you_mean, shown
from btk.model.section import ImpossibleSettings, Problem, Section, fields_of
from btk.model.settings import Settings

S = TypeVar("S", bound=Section)


class Reading:
    """One pass over a merged tree: `settings` (None if there are `complaints`) and the origin of each key."""

    def __init__(self, tree: Branch) -> None:
        tree, unknown_frame = with_choice_made(tree)
        self.origins: dict[str, Origin] = dict(places(tree))
        self._found: list[tuple[Origin, Complaint]] = []
        self._bad: set[str] = set()
        if unknown_frame is not None:
            self._refuse_frame(unknown_frame, tree)
        settings = self._section(Settings, tree, "", Settings())
        self.settings = None if self._found else settings

    @property
    def complaints(self) -> list[Complaint]:
        """In the order of the sources and their lines."""
        return [complaint for _, complaint in sorted(self._found, key=lambda found: found[0].order)]

    def _section(self, kind: type[S], node: Node, key: str, default: S | None) -> S | None:
        branch = self._branch(node, key)
        if branch is None:
            return default
        fields = {field.encode_name: field for field in fields_of(kind)}
        self._refuse_unknown(branch, key, fields)
        values = _defaults(kind, default)
        for name, field in fields.items():
            if name in branch.children:
                fallback = values.get(field.name)
                values[field.name] = self._field(field, branch.children[name], _dotted(key, name), fallback)
        return self._born(kind, values, branch, key) or default

    def _branch(self, node: Node, key: str) -> Branch | None:
        if isinstance(node, Branch):
            return node
        if node.value is None:
            return Branch({}, node.origin)
        self._complain(node.origin, key, f"expected a map (key: value), got {shown(node.value)}")
        return None

    def _field(self, field: FieldInfo, node: Node, key: str, default: Any) -> Any:
        if _is_section(field.type):
            return self._section(field.type, node, key, default)
        if get_origin(field.type) is dict and _is_section(get_args(field.type)[1]):
            return self._sections(get_args(field.type)[1], node, key, default)
        return self._value(field, node, key, default)

    def _sections(self, kind: type[S], node: Node, key: str, default: dict[str, S]) -> dict[str, S]:
        branch = self._branch(node, key)
        children = branch.children if branch else {}
        # What is written out starts from nothing, not from the built-in profile of the same name.
        read = {name: self._section(kind, child, f"{key}.{name}", None) for name, child in children.items()}
        return {**default, **{name: section for name, section in read.items() if section is not None}}

    def _value(self, field: FieldInfo, node: Node, key: str, default: Any) -> Any:
        if get_origin(field.type) is dict and isinstance(node, Leaf) and node.value is None:
            return default
        try:
            return read_value(node, field.type, key)
        except Refused as refused:
            for where, message in refused.misfits:
                self._complain(self._nearest(key + where), key + where, message)
            return default

    def _born(self, kind: type[S], values: dict[str, Any], branch: Branch, key: str) -> S | None:
        missing = [field for field in fields_of(kind) if field.name not in values]
        if missing:
            names = " and ".join(field.encode_name for field in missing)
            self._complain(branch.origin, key, f"missing: {names}")
            return None
        try:
            return kind(**values)
        except ImpossibleSettings as impossible:
            self._blame(impossible.problems, key)
            return None

    def _blame(self, problems: Iterable[Problem], section: str) -> None:
        for problem in problems:
            keys = [_dotted(section, key) for key in problem.keys]
            if self._bad.isdisjoint(keys):
                latest = max((self._nearest(key) for key in keys), key=lambda origin: origin.rank)
                self._complain(latest, keys[0], problem.message)

    def _refuse_unknown(self, branch: Branch, key: str, fields: dict[str, FieldInfo]) -> None:
        for name, node in branch.children.items():
            if name not in fields:
                hint = did_you_mean(name, fields) or _hint_elsewhere(name) or f"; known: {', '.join(fields)}"
                self._complain(node.origin, _dotted(key, name), f"unknown key{hint}")

    def _refuse_frame(self, name: Leaf, tree: Branch) -> None:
        frames = tree.children.get("frames")
        known = frames.children if isinstance(frames, Branch) else {}
        hint = f"(there: {', '.join(known) or 'none'}){did_you_mean(name.value, known)}"
        self._complain(name.origin, "frame", f"no frame {name.value!r} under frames: {hint}")

    def _nearest(self, key: str) -> Origin:
        while key and key not in self.origins:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self.origins[key] if key else UNWRITTEN

    def _complain(self, origin: Origin, key: str, message: str) -> None:
        self._bad.add(key)
        self._found.append((origin, Complaint(origin.place, key, message)))


def _defaults(kind: type[Section], default: Section | None) -> dict[str, Any]:
    if default is not None:
        return {field.name: getattr(default, field.name) for field in fields_of(kind)}
    return {
        field.name: field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        for field in fields_of(kind)
        if not field.required
    }


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _dotted(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _hint_elsewhere(name: str) -> str:
    homes = {
        inner.encode_name: f"{outer.encode_name}.{inner.encode_name}"
        for outer in fields_of(Settings)
        if _is_section(outer.type)
        for inner in fields_of(outer.type)
    }
    return f"; did you mean {homes[name]}?" if name in homes else ""
