"""The table of ccxt's errors for requests that only read: what each means to us, by what the caller does next."""

from __future__ import annotations

from collections.abc import Mapping

from btk.model.errors import BtkError, Fatal, SettingsError, Transient, Unknown

_LONGEST_WORDS = 200

# By class name, so that the table needs no import of ccxt; the nearest ancestor that is listed decides.
# A plain ExchangeError is Unknown: ccxt raises it for a refusal and for a body torn on the way alike.
READ_ERRORS: Mapping[str, type[BtkError]] = {
    "BadSymbol": SettingsError,
    "BadRequest": SettingsError,
    "ArgumentsRequired": SettingsError,
    "NotSupported": SettingsError,
    "AuthenticationError": Fatal,
    "ExchangeClosedByUser": Fatal,
    "OperationFailed": Transient,
    "ExchangeError": Unknown,
    "BaseError": Unknown,
    # What ccxt's parsers end in when an answer has another shape than the venue promised, and what sockets end in.
    "LookupError": Transient,
    "TypeError": Transient,
    "ValueError": Transient,
    "AttributeError": Transient,
    "ArithmeticError": Transient,
    "OSError": Transient,
}
RATE_LIMITED = frozenset({"DDoSProtection", "RateLimitExceeded"})


def vendor_errors() -> tuple[type[Exception], ...]:
    """The classes that the table answers for."""
    from ccxt.base.errors import BaseError

    return (BaseError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError)


def in_our_words(venue: str, error: Exception) -> BtkError:
    """Our error for one of those classes, in one line."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    ours = next(READ_ERRORS[kind] for kind in kinds if kind in READ_ERRORS)
    return ours(f"{venue}: {kinds[0]}: {_one_line(error, venue)}")


def is_rate_limit(error: Exception) -> bool:
    """Whether the venue said: too many requests."""
    return any(kind.__name__ in RATE_LIMITED for kind in type(error).__mro__)


def _one_line(error: Exception, venue: str) -> str:
    words = " ".join(str(error).split()).removeprefix(f"{venue} ")
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]}..."
