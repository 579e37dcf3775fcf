"""The list of the imports that run."""

from __future__ import annotations

import pytest

from api.serving import Server
from junmai.api.imports import Imports, Running


def test_an_import_stands_in_the_list_with_how_far_it_is_until_it_ends() -> None:
    imports = Imports()
    with imports.begun(["/a"]) as first, imports.begun(["/b"]) as second:
        assert imports.all() == [Running(("/a",), 0, None), Running(("/b",), 0, None)]
        second(3, None)
        first(120, 240)
        assert imports.all() == [Running(("/a",), 120, 240), Running(("/b",), 3, None)]
    assert imports.all() == []


def test_an_import_that_fails_leaves_the_list() -> None:
    imports = Imports()
    with pytest.raises(OSError, match="gone"), imports.begun(["/a"]):
        raise OSError("gone")
    assert imports.all() == []


def test_when_nothing_is_imported_the_list_is_empty(served: Server) -> None:
    served.ask("POST", "/photos/import", {"folders": ["/nowhere/at/all"]})
    assert served.get("/imports") == {"imports": []}
