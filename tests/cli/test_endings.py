"""What each exception means to the person at the command line."""

import errno

import pytest
import typer

from btk.cli.endings import Ending, Terminated, ending_of, finish
from btk.model.errors import AlreadyRunning, CheckFailed, DataError, Fatal, SettingsError, StrategyError
from btk.model.secret import Secret


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (SettingsError("x"), 3),
        (StrategyError("x"), 3),
        (DataError("x"), 4),
        (Fatal("x"), 5),
        (CheckFailed("x"), 7),
        (AlreadyRunning("x"), 8),
        (typer.Exit(6), 6),
        (typer.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (BrokenPipeError(), 141),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (OSError(errno.EIO, "Input/output error"), 3),
        (OSError(errno.ENOSPC, "No space left on device", "file"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "dump/runs"), 3),
        (OSError(errno.ENAMETOOLONG, "File name too long", "dump/runs"), 3),
        (OSError(errno.EROFS, "Read-only file system", "dump/runs"), 3),
        (OSError("no space"), 1),
        (KeyError("x"), 1),
    ],
)
def test_every_way_out_has_its_documented_code(error: BaseException, exit_code: int) -> None:
    assert ending_of(error).exit_code == exit_code


def test_every_problem_of_an_error_is_a_line_of_its_own() -> None:
    assert ending_of(SettingsError("a: wrong\nb: wrong")) == Ending(3, ("a: wrong", "b: wrong"))


def test_the_unexpected_is_one_line_with_its_type_and_the_way_to_the_traceback() -> None:
    assert ending_of(ValueError("two\nlines")) == Ending(
        1, ("ValueError: two lines (unexpected; -v shows where)",)
    )


def test_a_folder_of_somebody_else_is_named_with_the_remedy() -> None:
    (line,) = ending_of(PermissionError(errno.EACCES, "Permission denied", "dump/runs")).lines
    assert line == "dump/runs cannot be read or written: Permission denied; allow it, or name another"


def test_leaving_with_a_code_says_nothing() -> None:
    assert ending_of(typer.Exit(3)).lines == ()


def test_a_secret_is_in_no_line_that_is_said_and_in_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError("GET https://example.org?key=sentinel-key&signature=abcdef0123")
    except RuntimeError as error:
        finish(error, verbose=True, secrets=[Secret("sentinel-key")])
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "RuntimeError: GET https://example.org?key=***&signature=***" in told
    assert not [text for text in ("sentinel", "abcdef") if text in told]
