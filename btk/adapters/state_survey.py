"""The files of a run's state looked over from outside: which can be trusted, which were set aside, which were left over."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from btk.adapters.disk import DRAFT_SUFFIX
from btk.adapters.envelope import BadEnvelope, unseal_stamped
from btk.adapters.state_file import ABANDONED_SECONDS, SUFFIX
from btk.adapters.state_paths import PREVIOUS, read_whole

KINDS = ("strategy", "signal", "schedule", "partial", "risk", "run")
SET_ASIDE = ".damaged-"


class StateFile(NamedTuple):
    """A file of the state: its generation, or the words of its damage."""

    path: Path
    generation: int
    damage: str


class Survey(NamedTuple):
    """What lies in a data folder. `drafts` are of writers that are dead, `previous` the generations before."""

    files: tuple[StateFile, ...]
    set_aside: tuple[Path, ...]
    drafts: tuple[Path, ...]
    previous: int

    @property
    def damaged(self) -> tuple[StateFile, ...]:
        """The files that cannot be trusted."""
        return tuple(file for file in self.files if file.damage)


def survey(data: Path) -> Survey:
    """Read every file of the state under a data folder; `OSError` when it cannot be listed."""
    paths = [path for kind in KINDS for path in sorted((data / kind).glob("*/*"))]
    state = [path for path in paths if path.name.endswith(SUFFIX) and not path.name.startswith(".")]
    return Survey(
        files=tuple(_looked_at(path) for path in state),
        set_aside=tuple(path for path in paths if SET_ASIDE in path.name),
        drafts=abandoned((*paths, *data.glob("*"), *data.glob("command/*"))),
        previous=sum(path.name.endswith(PREVIOUS) for path in paths),
    )


def abandoned(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those of the paths that a writer has left which is dead by now: nobody ever reads them."""
    return tuple(path for path in paths if _is_abandoned(path))


def _looked_at(path: Path) -> StateFile:
    try:
        stamp, _ = unseal_stamped(path.parent.parent.name, read_whole(path))
    except BadEnvelope as damage:
        return StateFile(path, 0, str(damage))
    except OSError as error:
        return StateFile(path, 0, error.strerror or str(error))
    return StateFile(path, stamp.generation, "")


def _is_abandoned(path: Path) -> bool:
    name = path.name
    if not (name.startswith(".") and name.endswith(DRAFT_SUFFIX)):
        return False
    try:
        return time.time() - os.lstat(path).st_mtime > ABANDONED_SECONDS
    except OSError:  # gone meanwhile
        return False
