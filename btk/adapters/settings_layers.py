"""The layers of settings in their order, merged as they are read: files, then the environment, then flags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from btk.adapters.settings_frames import with_choice_kept
from btk.adapters.settings_inline import (
    SYMBOL_LIST,
    Override,
    override_layer,
    symbol_list_layer,
    variable_layer,
    variable_names,
)
from btk.adapters.settings_tree import UNWRITTEN, Branch, Complaint, Node, Origin, merge
from btk.adapters.settings_yaml import YamlProblem, read_yaml
from btk.model.plain_words import shown


class Layers:
    """What was read so far: the merged `tree`, and `complaints` about sources that cannot be read at all."""

    def __init__(self) -> None:
        self.tree = Branch({}, UNWRITTEN)
        self.complaints: list[Complaint] = []
        self._rank = 0

    def add_file(self, path: Path, name: str) -> None:
        """A YAML file, called `name` in complaints and origins."""
        text = self._text(path, name)
        rank = self._next_rank()
        try:
            node = read_yaml(text, lambda line: Origin(rank, name, line))
        except YamlProblem as problem:
            self._complain(f"{name}:{problem.line}", problem.message)
        else:
            self._lay(node)

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """`CC_SYMBOL_LIST`, then the `BTK__SECTION__KEY` variables."""
        symbols = symbol_list_layer(environ, Origin(self._next_rank(), SYMBOL_LIST))
        if symbols is not None:
            self._lay(symbols)
        for name in variable_names(environ):
            origin = Origin(self._next_rank(), name)
            try:
                self._lay(variable_layer(name, environ[name], self.tree, origin))
            except YamlProblem as problem:
                self._complain(name, problem.message)

    def add_override(self, override: Override) -> None:
        """A flag."""
        origin = Origin(self._next_rank(), override.flag)
        try:
            self._lay(override_layer(override, origin))
        except YamlProblem as problem:
            self._complain(override.flag, f"{override.key}: {problem.message}")

    def _text(self, path: Path, name: str) -> str:
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self._complain(name, "there is no such file")
        except UnicodeDecodeError as error:
            self._complain(name, f"byte {error.start + 1} of it is not UTF-8; save it as UTF-8")
        except OSError as error:
            self._complain(name, f"cannot be read ({error.strerror})")
        return ""

    def _lay(self, layer: Node) -> None:
        if isinstance(layer, Branch):
            merged = merge(self.tree, layer)
            assert isinstance(merged, Branch)
            self.tree = with_choice_kept(merged)
        elif layer.value is not None:
            self._complain(layer.origin.place, f"expected a map (key: value), got {shown(layer.value)}")

    def _next_rank(self) -> int:
        self._rank += 1
        return self._rank

    def _complain(self, place: str, message: str) -> None:
        self.complaints.append(Complaint(place, "", message))
