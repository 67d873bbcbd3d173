"""Running the same again later: flags for settings of a run that are not those of the project any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from btk.adapters.settings_document import document_leaves, leaf_text, settings_document
from btk.model.settings import Settings

# What a backtest comes to hangs on these; the rest of them is said by flags of their own.
SECTIONS = ("exchange", "strategy", "frame", "execution", "signal", "wallet", "sizing", "risk")
SAID = ("exchange.name", "strategy.entry", "frame.from", "frame.to", "execution.model")
PARAMETERS = "strategy.params."


def again_flags(asked: Mapping[str, Any], settings: Settings) -> list[str]:
    """`--set` for each setting in which a run `asked` for (as its `run.json` has them) something other than `settings`."""
    now = dict(document_leaves(settings_document(settings)))
    differing = {
        key: value
        for key, value in document_leaves(dict(asked))
        if key.partition(".")[0] in SECTIONS and not _is_said(key) and now.get(key) != value
    }
    return [word for key, value in differing.items() for word in ("--set", f"{key}={leaf_text(value)}")]


def _is_said(key: str) -> bool:
    return key in SAID or key.startswith(PARAMETERS)
