"""Loading strategies: a user's file becomes classes, a class with its parameters an object; kind words when it cannot."""

from __future__ import annotations

import inspect
import sys
import traceback
import typing
from collections.abc import Mapping
from contextlib import contextmanager, redirect_stdout
from difflib import get_close_matches
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from zlib import crc32

import msgspec

from btk.core.strategy import HOOKS, Strategy
from btk.model.errors import InvalidInput, SettingsError, StrategyError
from btk.model.intervals import DAY_MS, interval_ms
from btk.model.names import check_strategy_name
from btk.model.plain_words import did_you_mean, excerpt, misfits

# Twenty years: there are no older minutes of anything.
LONGEST_WARMUP_DAYS = 7305
OWN_ATTRIBUTES = ("name", "interval", "warmup", "risk")
# What other runners call them: where ours is left at its default, theirs would be ignored without a word.
_OTHER_WORDS = {"interval": ("timeframe",), "warmup": ("startup_candle_count",), "risk": ()}
_SAME_WORD = 0.85


class _FromSource(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        # Never from bytecode: it cannot tell two edits in one second apart, and would be written beside the file.
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def load_module(path: Path, shown: str) -> ModuleType:
    """The module of a user's file; `StrategyError` naming the file and the line for whatever goes wrong."""
    if not path.is_file():
        raise StrategyError(f"{shown}: there is no such file; `btk list strategies` shows what there is")
    if path.suffix != ".py":
        raise StrategyError(f"{shown}: a strategy file ends in .py")
    try:
        path.read_bytes()
    except OSError as error:
        raise StrategyError(f"{shown}: cannot be read ({error.strerror})") from None
    module, loader = _new_module(path)
    # What a file prints while it is imported would spoil a document on stdout.
    with _importable(path.parent), redirect_stdout(sys.stderr):
        try:
            loader.exec_module(module)
        except SyntaxError as error:
            raise StrategyError(_syntax_problem(path, shown, error)) from error
        except (Exception, SystemExit) as error:  # a user's module may raise anything while it is imported
            where = f"{shown}:{_line_in(path, error)}"
            raise StrategyError(f"{where}: raised {_words(error)} at import") from error
    return module


def _new_module(path: Path) -> tuple[ModuleType, SourceFileLoader]:
    # Two files of one name in two folders are two modules.
    name = f"btk_user_{path.stem}_{crc32(str(path).encode()):08x}"
    loader = _FromSource(name, str(path))
    spec = spec_from_file_location(name, path, loader=loader)
    assert spec is not None  # it is None only where there is no loader
    module = module_from_spec(spec)
    # Dataclasses and annotations that are text look their module up by its name.
    sys.modules[name] = module
    return module, loader


def load_strategies(entry: str, root: Path) -> list[type[Strategy]]:
    """The classes of `FILE` or `FILE:CLASS`, files relative to `root`, in the order in which they are written."""
    file, colon, wanted = entry.partition(":")
    classes = _classes_in(file, root)
    if not classes:
        raise StrategyError(f"{file}: there is no subclass of btk.Strategy in it")
    names = [cls.__name__ for cls in classes]
    if colon and wanted not in names:
        hint = did_you_mean(wanted, names) or f"; there are {', '.join(names)}"
        raise StrategyError(f"{entry}: there is no strategy {wanted!r} in the file{hint}")
    return [_checked(cls, file) for cls in classes if not colon or cls.__name__ == wanted]


def strategies_in(file: str, root: Path) -> list[type[Strategy]]:
    """The strategies in a file, none if it has none (it may hold risk rules or tools of the others)."""
    return [_checked(cls, file) for cls in _classes_in(file, root)]


def parameters(cls: type[Strategy]) -> dict[str, Any]:
    """The parameters of a strategy and their types: its annotated class attributes."""
    hints = typing.get_type_hints(cls)
    return {
        name: hint
        for name, hint in hints.items()
        if name not in OWN_ATTRIBUTES
        and typing.get_origin(hint) is not typing.ClassVar
        and hasattr(cls, name)
    }


def parameter_values(strategy: Strategy) -> dict[str, Any]:
    """The parameters of a strategy object as they are."""
    return {name: getattr(strategy, name) for name in parameters(type(strategy))}


def make_strategy(cls: type[Strategy], params: Mapping[str, Any]) -> Strategy:
    """A strategy object with those of `params` that it knows; `SettingsError` for a value of the wrong type."""
    try:
        strategy = cls()
    except (Exception, SystemExit) as error:  # a user's constructor may raise anything
        path = Path(inspect.getfile(cls))
        where = f"{path.name}:{_line_in(path, error)}:{cls.__name__}"
        raise StrategyError(f"{where}: raised {_words(error)} when made") from error
    for name, hint in parameters(cls).items():
        if name in params:
            setattr(strategy, name, _converted(cls, name, params[name], hint))
    return strategy


def check_parameters(classes: list[type[Strategy]], params: Mapping[str, Any]) -> None:
    """`SettingsError` for a parameter that no strategy has."""
    known = sorted({name for cls in classes for name in parameters(cls)})
    for name in params:
        if name not in known:
            hint = did_you_mean(name, known) or (
                f"; there are {', '.join(known)}" if known else "; it has none"
            )
            whose = ", ".join(cls.name for cls in classes)
            raise SettingsError(f"strategy.params.{name}: {whose} has no such parameter{hint}")


def load_function(reference: str, root: Path) -> Any:
    """The function of `FILE:FUNCTION`, as risk rules are named."""
    file, _, name = reference.partition(":")
    found = getattr(load_module(root / file, file), name, None)
    if not callable(found):
        raise StrategyError(f"{reference}: there is no function {name} in the file")
    return found


@contextmanager
def _importable(folder: Path) -> typing.Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _classes_in(file: str, root: Path) -> list[type[Strategy]]:
    module = load_module(root / file, file)
    return [
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, Strategy) and member.__module__ == module.__name__
    ]


def _syntax_problem(path: Path, shown: str, error: SyntaxError) -> str:
    line = f":{error.lineno}" if error.lineno else ""
    if error.filename in (None, str(path)):
        return f"{shown}{line}: {error.msg}"
    return f"{shown}: imports {Path(error.filename).name}{line}: {error.msg}"


def _words(error: BaseException) -> str:
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return excerpt(words)


def _line_in(path: Path, error: BaseException) -> int:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return frames[-1].lineno or 0 if frames else 0


def _checked(cls: type[Strategy], file: str) -> type[Strategy]:
    where = f"{file}:{cls.__name__}"
    try:
        check_strategy_name(cls.name)
        interval_ms(cls.interval)
    except InvalidInput as error:
        raise StrategyError(f"{where}: {error}") from None
    if isinstance(cls.warmup, bool) or not isinstance(cls.warmup, int) or cls.warmup < 0:
        raise StrategyError(f"{where}: warmup {cls.warmup!r} must be a whole number of bars, at least 0")
    if cls.warmup * interval_ms(cls.interval) > LONGEST_WARMUP_DAYS * DAY_MS:
        raise StrategyError(
            f"{where}: warmup {cls.warmup} of {cls.interval} is more than {LONGEST_WARMUP_DAYS} days; lower it"
        )
    if not isinstance(cls.risk, tuple | list) or not all(isinstance(name, str) for name in cls.risk):
        raise StrategyError(
            f'{where}: risk {cls.risk!r} must be a tuple of profile names, such as ("conservative",)'
        )
    if cls.get_signal is Strategy.get_signal:
        raise StrategyError(f"{where}: it has no get_signal(self, market)")
    for name in vars(cls):
        if name.startswith("on_") and name not in HOOKS:
            hint = did_you_mean(name, HOOKS) or f"; there are {', '.join(HOOKS)}"
            raise StrategyError(f"{where}: there is no hook {name}{hint}")
    for name in ("indicators", "candidates"):
        if inspect.iscoroutinefunction(getattr(cls, name)):
            raise StrategyError(f"{where}: {name} cannot be async: it is computed, not waited for")
    _check_defaults(cls, where)
    _check_words(cls, where)
    return cls


def _check_defaults(cls: type[Strategy], where: str) -> None:
    try:
        hints = parameters(cls)
    except Exception as error:  # an annotation is code of the user's
        raise StrategyError(f"{where}: an annotation raised {_words(error)}") from error
    for name in hints:
        try:
            msgspec.json.encode(getattr(cls, name))
        except TypeError:
            kind = type(getattr(cls, name)).__name__
            raise StrategyError(
                f"{where}: the parameter {name} is a {kind}, and parameters are numbers, text, lists and maps;"
                " without an annotation it is none"
            ) from None


def _check_words(cls: type[Strategy], where: str) -> None:
    constants = {name for name, value in vars(cls).items() if not callable(value)} - set(parameters(cls))
    set_here = {name for one in cls.__mro__ if one is not Strategy for name in vars(one)}
    for name, others in _OTHER_WORDS.items():
        near = [*get_close_matches(name, constants, cutoff=_SAME_WORD), *constants.intersection(others)]
        if near and name not in set_here:
            raise StrategyError(f"{where}: what {near[0]} seems to be is called {name} here; set that, too")


def _converted(cls: type[Strategy], name: str, value: Any, hint: Any) -> Any:
    for _, message in misfits(value, hint):
        raise SettingsError(f"strategy.params.{name} of {cls.name}: {message}")
    return msgspec.convert(value, hint)
