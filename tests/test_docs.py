"""The docs say what the code does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, mermaid
from junmai.domain.model import OutputOptions
from junmai.domain.naming import FIELDS

DOCS = Path(__file__).parent.parent / "docs"
ARCHITECTURE = DOCS / "architecture.md"


def test_the_diagrams_in_the_docs_are_those_of_the_table() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert mermaid(BATCH_EDGES) in text
    assert mermaid(ITEM_EDGES) in text


def test_every_option_of_outputs_and_every_field_of_names_is_documented() -> None:
    text = (DOCS / "outputs.md").read_text(encoding="utf-8")
    assert not [field for field in FIELDS if f"`{{{field}}}`" not in text]
    assert not [field.name for field in fields(OutputOptions) if f"`{field.name}`" not in text]
