"""The docs say what the code does."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docpages.advice import ADVICE
from docpages.generated import filled, kinds
from docpages.pages import DOCS, EXAMPLES, PAGES, README, anchors, code_spans, fences, headings, links
from docpages.shoot import make_photos
from docpages.words import fault_of, named_commands
from junmai import BatchController, BatchState, Selection
from junmai.control.importing import import_photos
from junmai.control.ordering import CONFIG_KEYS, OUTPUT_KEYS
from junmai.control.statefile import COLUMNS
from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, mermaid
from junmai.domain.model import OutputOptions
from junmai.domain.naming import FIELDS
from junmai.executors.inline import InlineExecutor

LANGUAGES = {"python", "console", "text", "sh", "toml", "json", "mermaid"}
"""What is fenced: the first two are run, `text` is what they print, `sh` is shown only."""
EXAMPLE_RUNS = {
    "develop_folder": (("photos", "out"), "completed: 6 developed, 0 right already"),
    "developed_elsewhere": ((), "completed 6 developed, 0 failed"),
    "steer": ((), "completed 6 of 6"),
}
"""Arguments and last line of each example."""
POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="the pages speak to a shell of Linux and macOS")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def run(here: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with a library of its own, away from everything that the user has set."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUNMAI_")}
    environment |= {
        "JUNMAI_BUSY_CPU_PERCENT": "0",  # no batch waits here for what else the machine is doing
        "JUNMAI_BUSY_MEMORY_PERCENT": "0",
        "HOME": str(here),
        "JUNMAI_DATA": str(here / "library"),
        "PYTHONPATH": str(Path(__file__).parent),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def play(page: Path, here: Path) -> subprocess.CompletedProcess[str]:
    return run(here, "-m", "docpages.play", page)


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a folder `photos` in it, which is where every page begins."""
    make_photos(tmp_path / "photos")
    return tmp_path


# --- examples -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@POSIX_ONLY
@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_every_example_of_a_page_runs_and_prints_what_it_says(page: Path, here: Path) -> None:
    played = play(page, here)
    assert played.returncode == 0, played.stdout + played.stderr


@pytest.mark.slow
def test_the_example_of_the_readme_runs_where_photos_were_developed(here: Path) -> None:
    assert run(here, "-m", "junmai", "develop", "photos").returncode == 0
    played = play(README, here)
    assert played.returncode == 0, played.stdout + played.stderr


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_program_runs(example: Path, here: Path) -> None:
    arguments, last_line = EXAMPLE_RUNS[example.stem]
    assert run(here, "-m", "junmai", "import", "photos").returncode == 0
    ended = run(here, example, *arguments)
    assert (ended.returncode, ended.stdout.splitlines()[-1:]) == (0, [last_line]), ended.stderr


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```python\nprint(2)\n```\n\n```text\n3\n```\n", "page.md:2 says"),
        ("```python\nraise ValueError('no')\n```\n", "ValueError: no"),
        ("```console\n$ echo two\nthree\n```\n", "page.md:2: echo two says"),
        ("```console\n$ exit 3\n```\n", "ended with 3"),
    ],
)
@POSIX_ONLY
def test_a_page_that_says_what_is_not_so_is_found_out(block: str, said: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(block, encoding="utf-8")
    played = play(page, tmp_path)
    assert played.returncode == 1
    assert said in played.stderr


def test_a_page_that_is_right_passes_with_blocks_that_share_their_names(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 'a long word'\n```\n\n```python\nprint(x)\n```\n\n```text\na ... word\n```\n")
    assert play(page, tmp_path).returncode == 0


@each_page
def test_every_block_says_what_it_is(page: Path) -> None:
    known = LANGUAGES | ({""} if page == README else set())
    text = page.read_text(encoding="utf-8")
    assert {fence.language for fence in fences(text)} <= known
    assert text.count("```") == 2 * len(fences(text))


# --- what is made from the code -----------------------------------------------------------------------------


def test_the_diagrams_in_the_docs_are_those_of_the_table() -> None:
    text = text_of("architecture.md")
    assert mermaid(BATCH_EDGES) in text
    assert mermaid(ITEM_EDGES) in text


@each_page
def test_what_is_made_from_the_code_is_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(page.name, text) == text


def test_there_is_advice_for_every_error_and_for_no_other() -> None:
    assert sorted(ADVICE) == sorted(kind.code for kind in kinds())


# --- what is written by hand, and must be whole ---------------------------------------------------------------


def _public_methods() -> Iterator[str]:
    """Every public method of the controller as a heading has it: its name, its arguments and their defaults."""
    for name, method in inspect.getmembers(BatchController, inspect.isfunction):
        if name == "__init__" or not name.startswith("_"):
            given = list(inspect.signature(method).parameters.values())[1:]
            plain = inspect.Signature([one.replace(annotation=inspect.Parameter.empty) for one in given])
            yield f"`{'BatchController' if name == '__init__' else name}{plain}`"


@pytest.mark.parametrize("method", list(_public_methods()))
def test_every_public_method_has_a_heading_with_its_arguments(method: str) -> None:
    assert method in headings(text_of("python-api.md"))


def test_no_heading_names_a_method_that_is_not_there() -> None:
    named = {heading for heading in headings(text_of("python-api.md")) if heading.endswith(")`")}
    assert named <= set(_public_methods())


def test_every_key_of_the_status_object_is_explained(here: Path) -> None:
    with BatchController(here / "library") as controller:
        batch_id = _batch(controller, here)
        keys = set(controller.status(batch_id))
    assert keys - set(code_spans(text_of("python-api.md"))) == set()


def _batch(controller: BatchController, here: Path) -> str:
    imported = import_photos(controller, [here / "photos"], InlineExecutor())
    return controller.start_batch([photo.id for photo in imported.photos])


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("python-api.md", (*CONFIG_KEYS, *(f"output.{key}" for key in OUTPUT_KEYS), "output.folder")),
        ("outputs.md", [field.name for field in dataclasses.fields(OutputOptions)]),
        ("python-api.md", [field.name for field in dataclasses.fields(Selection)]),
        ("python-api.md", [field.name for field in dataclasses.fields(BatchState)]),
        ("state-files.md", [field.name for field in dataclasses.fields(BatchState)]),
        ("state-files.md", COLUMNS),
    ],
    ids=["config", "output", "selection", "state", "state-file", "columns"],
)
def test_every_name_is_explained(page: str, names: list[str]) -> None:
    assert [name for name in names if name not in code_spans(text_of(page))] == []


def test_every_key_that_a_state_file_has_of_its_own_is_explained(here: Path) -> None:
    with BatchController(here / "library") as controller:
        batch_id = _batch(controller, here)
        controller.pause_batch(batch_id)
        written = (here / "library" / "batch_states" / f"{batch_id}.json").read_text(encoding="utf-8")
    assert set(json.loads(written)["junmai"]) - set(code_spans(text_of("state-files.md"))) == set()


# --- words and links ----------------------------------------------------------------------------------------


def test_every_field_of_names_is_explained() -> None:
    assert not [field for field in FIELDS if f"`{{{field}}}`" not in text_of("outputs.md")]


@each_page
def test_every_command_that_is_named_is_one(page: Path) -> None:
    named = set(named_commands(page.read_text(encoding="utf-8")))
    assert {command: fault for command in named if (fault := fault_of(command))} == {}


@pytest.mark.parametrize(
    "command",
    ["junmai developp x", "junmai batch steer", "junmai develop . --fast", "junmai batch rebuild --quickly"],
)
def test_a_command_that_is_none_is_found_out(command: str) -> None:
    assert fault_of(command)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_the_readme_leads_to_every_page(page: Path) -> None:
    assert f"docs/{page.name}" in links(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_program_is_named_in_the_page_of_the_api(example: Path) -> None:
    assert f"examples/{example.name}" in links(text_of("python-api.md"))
