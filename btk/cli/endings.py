"""How a command ends: a documented exit code and, when something is wrong, one line for each problem."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import typer

from btk.model.errors import BtkError
from btk.model.secret import Secret

UNEXPECTED = 1
INTERRUPTED = 130
UNWRITABLE = 3
BROKEN_PIPE = 141
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: unwinds like Ctrl-C, so that what cleans up after one cleans up after both."""


class Ending(NamedTuple):
    """An exit code and what is said about it on stderr."""

    exit_code: int
    lines: tuple[str, ...] = ()


def ending_of(error: BaseException) -> Ending:
    """What an exception that left a command means to the person who called it."""
    match error:
        case typer.Exit():
            return Ending(error.exit_code)
        case BtkError():
            return Ending(error.exit_code, tuple(str(error).splitlines()))
        case typer.TyperException():
            return Ending(error.exit_code, (_usage(error),))
        case Terminated():
            return Ending(TERMINATED, ("terminated",))
        case KeyboardInterrupt() | typer.Abort():
            return Ending(INTERRUPTED, ("interrupted",))
        case BrokenPipeError():
            return Ending(BROKEN_PIPE)
        # Every file of ours that cannot be written is a `DumpError` with its name: what has none is stdout.
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG | errno.EIO, filename=None):
            return Ending(
                UNWRITABLE, (f"stdout cannot be written: {error.strerror}; make room, or send it elsewhere",)
            )
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS | errno.ENOTDIR | errno.ENAMETOOLONG) if (
            error.filename is not None
        ):
            return Ending(
                UNWRITABLE,
                (f"{error.filename} cannot be read or written: {error.strerror}; allow it, or name another",),
            )
        case _:
            return Ending(UNEXPECTED, (_unexpected(error),))


def finish(error: BaseException | None, verbose: bool, secrets: Sequence[Secret] = ()) -> int:
    """Say how it ended, leave stdout in a state that the interpreter can close in silence; the exit code.

    `secrets` are in nothing that is said, tracebacks included.
    """
    ending = ending_of(error) if error is not None else Ending(0)
    unwritable = _flushed()
    if unwritable is not None and ending.exit_code == 0:
        ending = ending_of(unwritable)
    with suppress(OSError):  # nobody can be told that stderr cannot be written
        _say(ending, error if verbose else None, secrets)
    return ending.exit_code


def _flushed() -> OSError | None:
    try:
        if sys.stdout is not None:  # it is None when the caller closed it
            sys.stdout.flush()
    except OSError as unwritable:
        _silence(sys.stdout.fileno())
        return unwritable
    return None


def _say(ending: Ending, error: BaseException | None, secrets: Sequence[Secret]) -> None:
    if sys.stderr is None:
        return
    shown = traceback.format_exception(error) if error is not None and ending.lines else []
    text = "".join((*shown, *(f"btk: {line}\n" for line in ending.lines)))
    print(_without(secrets, text), end="", file=sys.stderr)


def _without(secrets: Sequence[Secret], text: str) -> str:
    if not secrets:
        return text
    from btk.adapters.redaction import Redaction

    redaction = Redaction()
    for secret in secrets:
        redaction.hide(secret)
    return redaction.hidden(text)


def _usage(error: typer.TyperException) -> str:
    message = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message}; see {context.command_path} --help" if context else message


def _unexpected(error: BaseException) -> str:
    words = " ".join(str(error).split())
    what = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return f"{what} (unexpected; -v shows where)"


def _silence(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
