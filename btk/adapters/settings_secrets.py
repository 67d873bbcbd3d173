"""References to secrets: `${NAME}` in the environment, `${file:/path}` in a file that others cannot read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from btk.model.errors import SettingsError
from btk.model.secret import Secret

_REFERENCE = re.compile(r"\$\{(?:file:(?P<path>[^}]+)|(?P<name>[A-Za-z_]\w*))\}")
_SECRET_OPTION = re.compile(r"pass|secret|token|api[_-]?key|private[_-]?key|credential", re.IGNORECASE)

READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_reference(text: str) -> bool:
    """Whether the whole text is one reference."""
    return _REFERENCE.fullmatch(text) is not None


def has_reference(text: str) -> bool:
    """Whether a reference is anywhere in the text."""
    return _REFERENCE.search(text) is not None


def is_secret_key(key: str) -> bool:
    """Whether a dotted key of the settings must not be given literally."""
    section, _, name = key.partition(".")
    if section != "exchange":
        return False
    return name in ("api_key", "secret") or (
        name.startswith("options.") and bool(_SECRET_OPTION.search(name))
    )


def unset_names(text: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Environment variables that the text refers to and that are unset or empty."""
    names = (match["name"] for match in _REFERENCE.finditer(text))
    return tuple(name for name in names if name and not environ.get(name))


def reveal(text: str | None, environ: Mapping[str, str], root: Path) -> Secret | None:
    """The text with its references replaced; None when it, or a variable it names, is absent.

    Relative files hang on `root`; `SettingsError` for a file that is missing or that others can read.
    """
    if text is None or unset_names(text, environ):
        return None
    return Secret(_REFERENCE.sub(lambda match: _resolved(match, environ, root), text))


def _resolved(match: re.Match[str], environ: Mapping[str, str], root: Path) -> str:
    return environ[match["name"]] if match["name"] else _from_file(root / match["path"])


def _from_file(path: Path) -> str:
    try:
        found = path.stat()
        if found.st_mode & READABLE_BY_OTHERS:
            raise SettingsError(f"{path}: others can read this secret; run: chmod 600 {path}")
        if found.st_uid not in (0, os.geteuid()):
            raise SettingsError(f"{path}: this secret belongs to another user, who could change it")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: the secret cannot be read ({error})") from None
