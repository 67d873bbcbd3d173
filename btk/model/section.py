"""Section: a frozen group of settings that checks itself at birth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import msgspec
from msgspec.structs import FieldInfo

from btk.model.errors import SettingsError
from btk.model.plain_words import misfits


class Problem(NamedTuple):
    """Why values are impossible: the keys that are involved, the one to blame first."""

    keys: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{self.keys[0]}: {self.message}"


class ImpossibleSettings(SettingsError):
    """Settings refused at birth; `problems` has every reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values under one key of the settings; wrong types and impossible values raise `ImpossibleSettings`."""

    def __post_init__(self) -> None:
        problems = list(_ill_typed(self)) or list(self.contradictions())
        if problems:
            raise ImpossibleSettings(problems)
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            msgspec.structs.force_setattr(self, field.name, msgspec.convert(value, field.type))

    def contradictions(self) -> Iterator[Problem]:
        """Values that are fine alone and impossible together."""
        return iter(())


@cache
def fields_of(section: type[Section]) -> tuple[FieldInfo, ...]:
    """The fields of a section; `encode_name` is the key in YAML."""
    return msgspec.structs.fields(section)


def _ill_typed(section: Section) -> Iterator[Problem]:
    for field in fields_of(type(section)):
        for where, message in misfits(getattr(section, field.name), field.type):
            yield Problem((f"{field.encode_name}{where}",), message)
