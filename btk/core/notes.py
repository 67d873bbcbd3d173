"""Notes: what a strategy wants remembered, over restarts too: by signal, by slot, and what it has done at which hour."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeVar, overload

import msgspec
import numpy as np

from btk.model.errors import InvalidInput

T = TypeVar("T")
Page = Literal["session", "state"]


class Notes(msgspec.Struct, frozen=True):
    """Values as JSON text by name: `state` goes with its signal, `session` stays.

    `fired`: the boundary at which something was last done, by name. JSON text, because what a strategy holds in its
    hands must not change what is remembered, and must come back from a file as it does from memory.
    """

    session: Mapping[str, str] = {}
    state: Mapping[str, str] = {}
    fired: Mapping[str, int] = {}

    def without_state(self) -> Notes:
        """The signal is over."""
        return msgspec.structs.replace(self, state={}) if self.state else self

    def with_fired(self, name: str, at_ms: int) -> Notes:
        """Something was done at a boundary."""
        return msgspec.structs.replace(self, fired={**self.fired, name: at_ms})


class Holder(Protocol):
    """Who has notes."""

    notes: Notes

    @property
    def has_signal(self) -> bool:
        """Whether there is a signal for `state` to go with."""


class Pad:
    """One page of the notes, read and written by name; values are anything JSON can hold, msgspec Structs included."""

    __slots__ = ("_holder", "_page")

    def __init__(self, holder: Holder, page: Page) -> None:
        self._holder = holder
        self._page = page

    @overload
    def get(self, name: str, kind: type[T]) -> T | None: ...

    @overload
    def get(self, name: str, kind: type[T], default: T) -> T: ...

    def get(self, name: str, kind: type[T], default: T | None = None) -> T | None:
        """What was set, as a `kind` (`int`, `list[float]`, a Struct), or the default; `InvalidInput` if it is none."""
        text = self._values().get(name)
        if text is None:
            return default
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{self._page} {name!r} is {text:.80}: {error}") from None

    def set(self, name: str, value: Any) -> None:
        """Remember a value; `InvalidInput` for one that JSON cannot hold, and for a state where there is no signal."""
        if self._page == "state" and not self._holder.has_signal:
            raise InvalidInput(
                f"state {name!r}: there is no signal it could go with; market.session outlives signals"
            )
        self._write({**self._values(), name: _text(self._page, name, value)})

    def drop(self, name: str) -> None:
        """Forget a value; also where there is none."""
        self._write({key: text for key, text in self._values().items() if key != name})

    def _values(self) -> Mapping[str, str]:
        notes = self._holder.notes
        return notes.state if self._page == "state" else notes.session

    def _write(self, values: Mapping[str, str]) -> None:
        # Replaced in one step: another thread may be saving it.
        notes = self._holder.notes
        self._holder.notes = (
            msgspec.structs.replace(notes, state=values)
            if self._page == "state"
            else msgspec.structs.replace(notes, session=values)
        )


def _text(page: Page, name: str, value: Any) -> str:
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_of_numpy)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput(f"{page} {name!r}: JSON cannot hold it: {error}") from None
    if not _finite(plain):
        raise InvalidInput(f"{page} {name!r}: JSON has no NaN and no infinity; use None")
    return msgspec.json.encode(plain).decode()


def _of_numpy(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"it is a {type(value).__name__}")


def _finite(value: Any) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return all(map(_finite, value.values()))
        case list() | tuple():
            return all(map(_finite, value))
    return True
