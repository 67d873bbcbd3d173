"""Errors, named by what the caller does next: correct it, try again, ask first, or stop."""


class BtkError(Exception):
    """Anything btk says no with: one line that names the thing, the place and the remedy."""

    exit_code = 1


class InvalidInput(BtkError):
    """Correct it: the same call will fail again."""

    exit_code = 3


class UsageError(InvalidInput):
    """A flag or an argument of the command line cannot be used."""

    exit_code = 2


class SettingsError(InvalidInput):
    """A settings file, an environment override or a name in them cannot be used."""


class StrategyError(InvalidInput):
    """A strategy file cannot be loaded, or a strategy broke the rules of its interface."""


class DumpError(InvalidInput):
    """The dump folder cannot be written."""


class DataError(InvalidInput):
    """Candles are missing, unknown or impossible."""

    exit_code = 4


class CheckFailed(InvalidInput):
    """A check the caller asked for (`--fail-if`) did not hold."""

    exit_code = 7


class AlreadyRunning(InvalidInput):
    """Another process holds the same state; the message names it."""

    exit_code = 8


class Transient(BtkError):
    """Try again: the world was busy."""

    exit_code = 5


class Unknown(BtkError):
    """Ask first: it may or may not have happened."""

    exit_code = 5


class Fatal(BtkError):
    """Stop: going on would make it worse."""

    exit_code = 5


class DamagedState(Fatal):
    """Stored state is there and cannot be trusted; `previous` is what was stored before it, if that is whole."""

    exit_code = 6

    def __init__(self, message: str, previous: object = None) -> None:
        super().__init__(message)
        self.previous = previous


class Overtaken(Fatal):
    """The state has been changed by another process since this one read it: it may not act on what it remembers."""

    exit_code = 8


class LookAhead(BtkError):
    """A strategy asked for something that lies after its now."""


class InsufficientData(BtkError):
    """Fewer closed candles exist at this moment than a strategy asked for."""


class NotRecorded(BtkError):
    """A backtest has no record of what was asked for (order books, single trades)."""
