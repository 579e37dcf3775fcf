"""Replaces properties in an XMP packet and leaves every other byte of it as it is.

What other programs keep in a sidecar (keywords, history, masks, namespaces that nobody here knows) is not read and
written anew, which could lose something: the properties that go are cut out where they stand, and the new ones are put
in as one description behind the others. Edited a second time with the same properties, a packet stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from junmai import errors
from junmai.develop import xmp
from junmai.develop.xmp import RDF, Fields, Node

_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_TAG = re.compile(rb"<(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_DESCRIPTION = f"{RDF} Description"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0<", b"<\0")


def replace(data: bytes, fields: Mapping[str, Node], goes: Callable[[str], bool], *, name: str) -> bytes:
    """The packet without the properties that `goes` names (as `xmp.Fields` names them), and with `fields`.

    Raises `XmpUnreadable` for what is no XMP, and for a packet of which something else would change.
    """
    before = xmp.parse(data, name=name)
    if data.startswith(_WIDE):
        raise errors.XmpUnreadable(name=name, detail="is in UTF-16, which Junmai reads and does not edit")
    found = _Finder(data, goes).found()
    if not found.places:
        return xmp.write(fields)  # there is nothing in it
    edited = _edited(data, found, fields)
    if _but(goes, before) != _but(goes, xmp.parse(edited, name=name)) or not _holds(edited, fields):
        raise errors.XmpUnreadable(name=name, detail="cannot be edited without changing something else in it")
    return edited


def _but(goes: Callable[[str], bool], fields: Fields) -> Fields:
    return {key: node for key, node in fields.items() if not goes(key)}


def _holds(data: bytes, fields: Mapping[str, Node]) -> bool:
    now = xmp.parse(data)
    return all(now.get(key) == node for key, node in xmp.parse(xmp.write(fields)).items())


# --- where things stand -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Place:
    """A description: where it stands, what of it goes, and whether anything stays."""

    start: int
    end: int = 0
    cuts: list[tuple[int, int]] = field(default_factory=list)
    stays: bool = False


@dataclass(slots=True)
class _Found:
    about: str = ""
    places: list[_Place] = field(default_factory=list)
    rdf_start: tuple[int, int] = (0, 0)


class _Finder:
    """Goes through the packet once, with expat saying at which byte each element begins and ends."""

    def __init__(self, data: bytes, goes: Callable[[str], bool]) -> None:
        self._data = data
        self._goes = goes
        self._open: list[tuple[str, int]] = []
        self._found = _Found()
        self._rdf = 0
        """Depth of the `rdf:RDF` that is open; 0 outside of one."""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.namespace_prefixes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CommentHandler = self._keep

    def found(self) -> _Found:
        """What was found; the data is known to be well-formed."""
        self._parser.Parse(self._data, True)
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        depth = len(self._open)
        if not self._rdf and _plain(name) == f"{RDF} RDF":
            self._rdf = depth + 1
            self._found.rdf_start = self._tag(at)
        elif self._rdf and depth == self._rdf:
            self._begin(name, at, attributes)
        elif self._rdf and depth == self._rdf + 1 and not self._goes(_as_field(name)):
            self._found.places[-1].stays = True
        self._open.append((name, at))

    def _begin(self, name: str, at: int, attributes: dict[str, str]) -> None:
        """A description, with its attributes."""
        place = _Place(at, stays=_plain(name) != _DESCRIPTION)
        by_name = {_raw(key): key for key in attributes}
        start, end = self._tag(at)
        for match in _ATTRIBUTE.finditer(self._data, start, end):
            raw = match[1].decode("utf-8", "replace")
            key = by_name.get(raw)
            if key is None:
                continue  # it declares a namespace
            if self._goes(_as_field(key)):
                place.cuts.append(match.span())
            elif _plain(key) in (f"{RDF} about", "about"):
                self._found.about = self._found.about or attributes[key]
            else:
                place.stays = True
        self._found.places.append(place)

    def _end(self, name: str) -> None:
        _, at = self._open.pop()
        depth = len(self._open)
        if not self._rdf:
            return
        if depth == self._rdf:
            self._found.places[-1].end = self._end_of(at)
        elif depth == self._rdf + 1 and self._goes(_as_field(name)):
            self._found.places[-1].cuts.append((self._with_space_before(at), self._end_of(at)))
        elif depth == self._rdf - 1:
            self._rdf = 0

    def _keep(self, _: str) -> None:
        if self._rdf and len(self._open) > self._rdf:
            self._found.places[-1].stays = True

    def _end_of(self, start: int) -> int:
        """Where the element that began there ends, at its end event."""
        tag_end = self._tag(start)[1]
        if self._data[tag_end - 2 : tag_end] == b"/>":
            return tag_end
        return self._data.index(b">", self._parser.CurrentByteIndex) + 1

    def _tag(self, start: int) -> tuple[int, int]:
        tag = _TAG.match(self._data, start)
        if tag is None:
            raise errors.XmpUnreadable(name="it", detail="is in an encoding that Junmai does not edit")
        return tag.span()

    def _with_space_before(self, at: int) -> int:
        return len(self._data[:at].rstrip(b" \t\r\n"))


def _plain(name: str) -> str:
    """`namespace name` of expat's `namespace name prefix`."""
    return " ".join(name.split(" ")[:2])


def _raw(name: str) -> str:
    """A name as it stands in the file."""
    _, _, rest = name.partition(" ")
    local, _, prefix = rest.partition(" ")
    return f"{prefix}:{local}" if prefix else (local or name)


def _as_field(name: str) -> str:
    """A name as `xmp.Fields` has it."""
    space, _, local = _plain(name).rpartition(" ")
    return local if space == xmp.CRS else f"{{{space}}}{local}"


# --- cutting and putting in ---------------------------------------------------------------------------------


def _edited(data: bytes, found: _Found, fields: Mapping[str, Node]) -> bytes:
    cuts: list[tuple[int, int]] = []
    behind = found.rdf_start[1]
    for place in found.places:
        if place.stays:
            cuts += place.cuts
            behind = place.end
        else:
            cuts.append((len(data[: place.start].rstrip(b" \t\r\n")), place.end))
    # what ASCII does not have goes in as a reference: it is right in whatever encoding the file says it has
    new = b"\n" + xmp.description(fields, about=found.about, alone=True).encode("ascii", "xmlcharrefreplace")
    pieces: list[bytes] = []
    at = 0
    for start, end in sorted([*cuts, (behind, behind)]):
        pieces.append(data[at:start])
        if (start, end) == (behind, behind):
            pieces.append(new)
        at = max(at, end)
    return b"".join([*pieces, data[at:]])
