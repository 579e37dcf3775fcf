"""The house as the design has it: imports go down only, and each thing has one place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "junmai"
LINES = 400
ROOT = {"errors", "config", "clock", "log", "files", "locks", "error", "photo_errors", "syscalls"}
"""Modules beside the rooms, for everybody; they know no room."""
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "develop": {"domain"},
    "store": {"domain"},
    "library": {"develop", "store", "domain"},
    "executors": {"develop", "domain", "library.probe"},
    "control": {"executors", "library", "develop", "store", "domain"},
    "demo": {"develop"},
    "cli": {"api", "control", "executors", "library", "develop", "store", "domain", "demo"},
    "api": {"control", "executors", "library", "develop", "store", "domain"},
    "web": set(),
    **{module: set() for module in ROOT},
    "__init__": {"control", "domain"},
    "__main__": {"cli", "control"},
}
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
WRITERS = {"files.py", "log.py"}
WRITING_METHODS = {
    *("write_bytes", "write_text", "touch", "rename", "replace", "unlink", "rmdir", "symlink_to", "hardlink_to"),
    *("chmod", "remove", "removedirs", "renames", "rmtree", "move", "copy", "copyfile", "copy2", "truncate", "utime"),
}
FILE_MODULES = {"os", "shutil"}
STILL_TOO_LONG: set[str] = set()
"""To be split; taken from here when they are."""
COPYING = ("store/sqlite", "control/backup", "control/rest", "control/rebuild")
"""The embedded store, and what copies its file and puts it back."""
UNLINK_LOCKS = {"control/recovery.py", "control/presence.py"}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; those for the type checker only are left out."""
    typing_only: set[ast.AST] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            typing_only.update(inner for statement in node.body for inner in ast.walk(statement))
    for node in ast.walk(_tree(path)):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(module: str) -> str:
    """The part of `junmai.<room>.<module>` that counts, empty for the package itself."""
    parts = module.split(".")[1:]
    return parts[0] if parts else ""


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_go_down_only(path: Path) -> None:
    own = _name(path).split("/")[0].removesuffix(".py")
    assert own in MAY_IMPORT, f"{own} is a new room: say what it may import"
    for module in _imports(path):
        if module.split(".")[0] != "junmai":
            continue
        room = _room(module)
        allowed = MAY_IMPORT[own] | {own, "", "__version__"} | ROOT
        exact = any(module.startswith(f"junmai.{one}") for one in MAY_IMPORT[own] if "." in one)
        assert room in allowed or exact, f"{_name(path)} imports {module}"


def test_the_table_of_rooms_has_no_way_back_up() -> None:
    order = ["domain", "develop", "store", "library", "executors", "control", "demo", "api", "cli"]
    for room in order:
        below = set(order[: order.index(room)])
        assert {one.split(".")[0] for one in MAY_IMPORT[room]} <= below


@pytest.mark.parametrize("name", ["errors", "files"])
def test_errors_and_files_need_nothing_of_junmai_but_what_they_are_made_of(name: str) -> None:
    made_of = {"errors": {"junmai.error", "junmai.photo_errors"}, "files": {"junmai.syscalls"}}[name]
    used = {module for module in _imports(SOURCE / f"{name}.py") if module.startswith("junmai")}
    assert {".".join(module.split(".")[:2]) for module in used} <= made_of


def test_the_domain_does_no_input_or_output_and_has_no_clock() -> None:
    for path in MODULES:
        if _name(path).startswith("domain/"):
            used = {module.split(".")[0] for module in _imports(path)}
            assert not used & {"os", "io", "time", "datetime", "random", "sqlite3", "apsw", "subprocess", "shutil"}
            assert "pathlib.Path" not in set(_imports(path))


@pytest.mark.parametrize("module", ["junmai", "junmai.cli.main"])
def test_what_develops_is_loaded_by_whoever_develops_and_by_no_command_before(module: str) -> None:
    """With NumPy and Numba among its imports, `junmai --version` took 0.8 s in place of 0.4 s."""
    slow = ("numpy", "numba", "scipy", "PIL", "cv2", "rawpy", "exiv2", "celery", "psycopg", "uvicorn", "starlette")
    asked = f"import sys, {module}; print(*(name for name in {slow} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_exiv2_is_imported_where_metadata_is_and_nowhere_else() -> None:
    importing = {_name(path) for path in MODULES for module in _imports(path) if module.split(".")[0] == "exiv2"}
    assert importing
    assert all(name.startswith("develop/metadata") for name in importing), importing


def test_apsw_is_imported_by_the_embedded_store_and_by_what_copies_its_file() -> None:
    importing = {_name(path) for path in MODULES for module in _imports(path) if module.split(".")[0] == "apsw"}
    assert "store/sqlite.py" in importing
    assert not {name for name in importing if not name.startswith(COPYING)}


# --- the only writer of files -------------------------------------------------------------------------------


def _opens_for_writing(call: ast.Call) -> bool:
    """`open(path, "w")`, `path.open("wb")`, or a mode that is not written out."""
    function = call.func
    if isinstance(function, ast.Name) and function.id == "open":
        position = 1
    elif isinstance(function, ast.Attribute) and function.attr == "open":
        if ast.unparse(function.value) in {"Image", "os", "rawpy", "io", "exiv2.ImageFactory"}:
            return ast.unparse(function) == "os.open" and "O_RDONLY" not in ast.unparse(call)
        position = 0
    else:
        return False
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    mode = modes[0] if modes else call.args[position] if len(call.args) > position else None
    if mode is None:
        return False
    return not (isinstance(mode, ast.Constant) and set(str(mode.value)) <= set("rbt"))


def _touches_files(call: ast.Call) -> bool:
    """A method that changes files. `replace` of texts takes two arguments, that of paths one."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in WRITING_METHODS:
        return False
    owner = ast.unparse(function.value)
    if function.attr in {"replace", "rename"}:
        return owner in FILE_MODULES or (len(call.args) == 1 and not call.keywords)
    if function.attr in {"remove", "copy", "move", "truncate"}:
        return owner in FILE_MODULES
    return True


def _writes(path: Path) -> list[str]:
    calls = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if _opens_for_writing(call) or _touches_files(call)]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_only_files_py_writes_files(path: Path) -> None:
    name = _name(path)
    if name in WRITERS or name.startswith("demo/"):
        return
    found = _writes(path)
    if name in UNLINK_LOCKS:
        found = [text for text in found if ".unlink(" not in text]
    if name in {"executors/worker.py", "cli/render.py"}:
        found = [text for text in found if not text.startswith("os.open(os.devnull")]
    assert found == []


def test_the_look_for_writers_finds_them() -> None:
    assert len(_writes(SOURCE / "files.py")) >= 5


# --- the only place of SQL ----------------------------------------------------------------------------------

SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|PRAGMA)\b",
    re.DOTALL,
)


def _texts(path: Path) -> Iterator[str]:
    """Every text of a file that is not a docstring."""
    tree = _tree(path)
    docstrings = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_sql_stands_in_the_store_only(path: Path) -> None:
    if not _name(path).startswith("store/sqlite"):
        assert not [text for text in _texts(path) if SQL.search(text)]


def test_the_look_for_sql_finds_it() -> None:
    assert [text for text in _texts(SOURCE / "store" / "sqlite.py") if SQL.search(text)]


def test_every_query_is_used_and_every_used_query_is_there() -> None:
    from junmai.store import queries

    named = set(queries.load("sqlite"))
    texts = {text for path in MODULES if _name(path).startswith("store/") for text in _texts(path)}
    assert named <= texts
    verbs = {"rows", "row", "many", "read", "read_one"}
    asked = {
        node.args[0].value
        for path in MODULES
        if _name(path) in {"store/library.py", "store/batches.py", "store/claims.py", "store/engine.py"}
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in verbs
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert asked <= named


def test_postgresql_has_no_query_of_its_own_that_nobody_asks() -> None:
    from junmai.store import queries
    from junmai.store.postgres_dialect import FIRST, TOGETHER

    shared, own = set(queries.load("sqlite")), set(queries.load("postgres"))
    beside = {name for name in own if name.endswith((FIRST, TOGETHER))}
    assert {name.removesuffix(FIRST).removesuffix(TOGETHER) for name in beside} <= shared | own
    own -= beside | shared
    texts = {text for path in MODULES if _name(path).startswith("store/postgres") for text in _texts(path)}
    assert own <= texts


# --- small rooms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_file_is_short_enough_to_be_read_at_once(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert (lines > LINES) == (_name(path) in STILL_TOO_LONG)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(_tree(path))
