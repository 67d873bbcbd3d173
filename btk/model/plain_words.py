"""What a type accepts and why a value does not fit it, in words for people."""

from __future__ import annotations

import difflib
import math
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

HIDDEN = {"hidden": True}
INFINITE = {"infinite": True}
LONGEST_EXCERPT = 400

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}


class Misfit(NamedTuple):
    """One value that does not fit: where in the value it is (`""`, `[1]`, `.fast`) and what was expected."""

    where: str
    message: str


def misfits(value: object, annotation: Any) -> Iterator[Misfit]:
    """Everything in `value` (JSON-like) that does not fit `annotation`; nothing when it fits."""
    bare = _bare(annotation)
    if get_origin(bare) is tuple and isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from (Misfit(f"[{index}]{where}", what) for where, what in misfits(item, get_args(bare)[0]))
    elif get_origin(bare) is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from (Misfit(f".{name}{where}", what) for where, what in misfits(item, get_args(bare)[1]))
    elif not _fits(value, annotation):
        yield Misfit("", _complaint(value, annotation))


def expectation(annotation: Any) -> str:
    """What `annotation` accepts: its own description where it has one, else words made from the type."""
    described = [meta.description for meta in _metas(annotation) if meta.description]
    if described:
        return described[0]
    bare, arguments = _bare(annotation), get_args(_bare(annotation))
    if get_origin(bare) is Literal:
        return _listed(str(choice) for choice in arguments)
    if get_origin(bare) in (Union, types.UnionType):
        return _listed(expectation(member) for member in arguments)
    if get_origin(bare) is tuple:
        least = " of at least one" if any(meta.min_length for meta in _metas(annotation)) else ""
        return f"a list{least}, each item {expectation(arguments[0])}"
    return _WORDS.get(bare, "a map (key: value)")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean X?"` when something known is close, else nothing."""
    spelled = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), spelled, n=1)
    return f"; did you mean {spelled[close[0]]}?" if close else ""


def one_line(text: object) -> str:
    """Whatever it says, in one line, without what a terminal would obey."""
    line = " ".join(str(text).split())
    return line if line.isprintable() else "".join(filter(str.isprintable, line))


def excerpt(text: object) -> str:
    """One line that somebody reads to the end."""
    line = one_line(text)
    return line if len(line) <= LONGEST_EXCERPT else f"{line[:LONGEST_EXCERPT]} .."


def shown(value: object) -> str:
    """A JSON-like value as one would write it in YAML, cut short."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _fits(value: object, annotation: Any) -> bool:
    try:
        fitted = msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    if isinstance(fitted, float) and not math.isfinite(fitted):
        return fitted > 0 and _marked(annotation, INFINITE)
    return True


def _complaint(value: object, annotation: Any) -> str:
    expected = f"expected {expectation(annotation)}"
    if _marked(annotation, HIDDEN):
        return expected
    return f"{expected}, got {shown(value)}{did_you_mean(str(value), _choices(annotation))}"


def _choices(annotation: Any) -> list[str]:
    bare = _bare(annotation)
    if get_origin(bare) is Literal:
        return [str(choice) for choice in get_args(bare)]
    return [choice for member in get_args(bare) for choice in _choices(member)]


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _marked(annotation: Any, mark: dict[str, bool]) -> bool:
    if any(meta.extra == mark for meta in _metas(annotation)):
        return True
    return any(_marked(member, mark) for member in get_args(_bare(annotation)))


def _metas(annotation: Any) -> list[msgspec.Meta]:
    return [extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, msgspec.Meta)]


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
