"""The settings written out."""

from pathlib import Path

import yaml

from btk.adapters.settings import load_settings
from btk.adapters.settings_document import document_leaves, settings_document
from btk.model.settings import Frame, Settings, SignalRules


def test_a_document_reads_back_as_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(
        signal=SignalRules(max_lifetime_minutes=float("inf")),
        frames={"crash": Frame(from_ms=1_722_470_400_000, to_ms=1_722_500_000_000 // 60_000 * 60_000)},
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text(yaml.safe_dump(settings_document(settings)))
    assert load_settings(tmp_path, [], {}, []).settings == settings


def test_leaves_are_dotted_keys_with_lists_and_empty_maps_whole() -> None:
    document = {"a": {"b": [1], "c": {}}, "d": None}
    assert list(document_leaves(document)) == [("a.b", [1]), ("a.c", {}), ("d", None)]
