"""The docs say what the code does."""

from __future__ import annotations

from pathlib import Path

from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, mermaid

ARCHITECTURE = Path(__file__).parent.parent / "docs" / "architecture.md"


def test_the_diagrams_in_the_docs_are_those_of_the_table() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert mermaid(BATCH_EDGES) in text
    assert mermaid(ITEM_EDGES) in text
