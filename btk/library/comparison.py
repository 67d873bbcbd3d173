"""Runs side by side: their statistics, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from btk.adapters.run_archive import RunArchive
from btk.adapters.settings_document import document_leaves, leaf_text
from btk.report.tables import Cell, Column, Row, Table, cell_text, markdown_table, statistic_column

SCHEMA = "btk.report-compare/1"
MISSING = "(not set)"


class Comparison(NamedTuple):
    """The same comparison for programs and for people."""

    document: dict[str, Any]
    markdown: str


def compared(archive: RunArchive, run_ids: Sequence[str]) -> Comparison:
    """Statistics of the portfolio (of a walk: of its winner) and the differing settings of two runs or more."""
    documents = {run_id: archive.document(run_id) for run_id in run_ids}
    statistics = {run_id: _statistics(document) for run_id, document in documents.items()}
    settings = {
        run_id: {**dict(document_leaves(archive.asked(run_id))), **_parameters(document)}
        for run_id, document in documents.items()
    }
    differing = {
        key: [leaves.get(key, MISSING) for leaves in settings.values()]
        for key in dict.fromkeys(key for leaves in settings.values() for key in leaves)
        if len({str(leaves.get(key, MISSING)) for leaves in settings.values()}) > 1
    }
    document = {
        "schema": SCHEMA,
        "runs": list(run_ids),
        "settings": {key: dict(zip(run_ids, values, strict=True)) for key, values in differing.items()},
        "statistics": statistics,
    }
    return Comparison(document, _markdown(run_ids, statistics, differing))


def _parameters(document: Mapping[str, Any]) -> dict[str, object]:
    # With all defaults: what was not asked for may be what the other run asked for.
    ran = document.get("best") or {} if document["mode"] == "walker" else document
    return dict(document_leaves({"strategy": {"params": ran.get("params") or {}}}))


def _statistics(document: Mapping[str, Any]) -> dict[str, Cell]:
    part = document.get("best" if document["mode"] == "walker" else "portfolio") or {}
    figures = part.get("statistics", {})
    return {name: value for name, value in figures.items() if not isinstance(value, dict)}


def _markdown(
    run_ids: Sequence[str],
    statistics: Mapping[str, Mapping[str, Cell]],
    differing: Mapping[str, Sequence[object]],
) -> str:
    heads = tuple(Column(run_id, run_id, "number") for run_id in run_ids)
    names = dict.fromkeys(
        name for figures in statistics.values() for name, value in figures.items() if value is not None
    )
    settings: list[Row] = [
        {"name": key, **{run: leaf_text(value) for run, value in zip(run_ids, values, strict=True)}}
        for key, values in differing.items()
    ]
    figures: list[Row] = [
        {
            "name": statistic_column(name).label,
            **{
                run_id: cell_text(statistics[run_id].get(name), statistic_column(name).style)
                for run_id in run_ids
            },
        }
        for name in names
    ]
    parts = ["# Runs side by side"]
    if settings:
        parts.append(markdown_table(Table("settings", (Column("name", "Setting"), *heads), settings)))
    parts.append(markdown_table(Table("statistics", (Column("name", "Statistic"), *heads), figures)))
    return "\n\n".join(parts) + "\n"
