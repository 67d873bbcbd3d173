"""Commands that are listed from a table and imported when called, so that each pays only for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

SHARED_OPTIONS = ("root", "verbose")

# Rich takes longer to import than all of `btk --help` may.
PLAIN_TEXT: dict[str, Any] = {
    "rich_markup_mode": None,
    "add_completion": False,
    "pretty_exceptions_enable": False,
}


class Row(NamedTuple):
    """Where a command lives: `attribute` of `module` is a function or, for a group, a `typer.Typer`."""

    module: str
    attribute: str
    help: str


class LazyGroup(TyperGroup):
    """A group made from `rows`; its own options work after the name of a command too."""

    rows: ClassVar[Mapping[str, Row]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.shared = [parameter for parameter in self.params if parameter.name in SHARED_OPTIONS]
        for name, row in self.rows.items():
            self.commands[name] = TyperCommand(name, help=row.help, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command itself, in place of the line that stands for it in the help."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name in self.rows:
            command = _loaded(name, self.rows[name])
            _share(self.shared, command)
        return name, command, rest


def command_group(help_text: str) -> typer.Typer:
    """An empty group (`btk config`); alone on the command line it shows its help."""
    return typer.Typer(help=help_text, callback=_help_alone, invoke_without_command=True, **PLAIN_TEXT)


def _help_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _loaded(name: str, row: Row) -> Any:
    target: typer.Typer | Callable[..., None] = getattr(import_module(row.module), row.attribute)
    if not isinstance(target, typer.Typer):
        function, target = target, typer.Typer(**PLAIN_TEXT)
        target.command(name, help=row.help)(function)
    return typer.main.get_command(target)


def _share(options: list[Any], command: Any) -> None:
    for child in getattr(command, "commands", {}).values():
        _share(options, child)
    if not hasattr(command, "commands"):
        command.params.extend(options)
