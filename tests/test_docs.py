"""The docs say what the code does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docpages.generated import filled
from docpages.pages import PAGES, anchors, links
from docpages.shoot import make_photos
from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, mermaid

ARCHITECTURE = Path(__file__).parent.parent / "docs" / "architecture.md"


def test_the_diagrams_in_the_docs_are_those_of_the_table() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert mermaid(BATCH_EDGES) in text
    assert mermaid(ITEM_EDGES) in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_made_from_the_code_is_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(page.name, text) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the pages speak to a shell of Linux and macOS")
@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_every_example_of_a_page_runs_and_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    make_photos(tmp_path / "photos")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "JUNMAI_DATA": str(tmp_path / "data"),
        "PYTHONPATH": str(Path(__file__).parent),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "docpages.play", str(page)]
    played = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
