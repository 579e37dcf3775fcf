"""Reads and writes XMP packets: presets, sidecars, and what photos carry. Pure, for bytes that may be hostile.

Only what XMP needs of XML and RDF is read (ISO 16684-1, section 7). A packet that declares a DOCTYPE is refused, so
that there are no entities to expand or to fetch; size, depth and number of elements are limited. exiv2 is not needed.

A property's value (`Node`) is plain JSON: a text, `{"Seq": [...]}` (also `Bag`, `Alt`), `{"lang": [[language, text],
...]}` for a text in several languages, or `{"struct": {name: node}}`. Names of Camera Raw's namespace stand bare
(`Exposure2012`), all others with theirs: `{http://purl.org/dc/elements/1.1/}subject`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from junmai import errors

Node = str | dict[str, Any]
Fields = dict[str, Node]

PACKET_LIMIT = 16 * 1024 * 1024
"""Bytes of the largest packet that is read; a preset with its own colour tables has a few MB."""
DEPTH_LIMIT = 64
ELEMENT_LIMIT = 200_000

CRS = "http://ns.adobe.com/camera-raw-settings/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {
    "http://ns.adobe.com/camera-raw-saved-settings/1.0/": "crss",
    "http://ns.adobe.com/camera-raw-defaults/1.0/": "crd",
    "http://ns.adobe.com/camera-raw-embedded-lens-profile/1.0/": "crlcp",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_ARRAYS = {f"{RDF} {kind}": kind for kind in ("Seq", "Bag", "Alt")}
_SYNTAX = {f"{RDF} {name}" for name in ("about", "ID", "nodeID", "type", "bagID", "aboutEach", "datatype")}
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[^\W\d][\w.-]{0,254}")


def parse(data: bytes, *, name: str = "it") -> Fields:
    """The properties of a packet by name, those of all its descriptions together.

    `name` is what messages call the packet. Raises `XmpUnreadable`.
    """
    if len(data) > PACKET_LIMIT:
        raise errors.XmpUnreadable(name=name, detail=f"has {len(data):,} bytes; {PACKET_LIMIT:,} are the most")
    found: Fields = {}
    for description in _descriptions(_tree(data, name), name):
        _take_members(description, found)
    return found


def text_of(node: Node | None) -> str:
    """The text of a node: itself, the default language's, or the first item's; `""` where it has none."""
    if isinstance(node, str):
        return node
    if not node:
        return ""
    if "lang" in node:
        by_language = dict(node["lang"])
        return str(by_language.get("x-default", next(iter(by_language.values()), "")))
    for items in (node.get(kind) for kind in _ARRAYS.values()):
        if items:
            return text_of(items[0])
    return ""


def items_of(node: Node | None) -> list[Node]:
    """The items of an array; none where it is no array."""
    if not isinstance(node, dict):
        return []
    return next((list(node[kind]) for kind in _ARRAYS.values() if kind in node), [])


def members_of(node: Node | None) -> Fields:
    """The members of a structure; none where it is none."""
    return dict(node["struct"]) if isinstance(node, dict) and "struct" in node else {}


def is_name(text: str) -> bool:
    """Whether a text can be the name of a property."""
    return _NAME.fullmatch(text) is not None


# --- XML ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Element:
    """Names are `namespace name`, as expat gives them."""

    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts).strip()


def _tree(data: bytes, name: str) -> _Element:
    builder = _Builder(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.refuse_doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16, of which a NUL is half a character
        parser.Parse(data if wide else data.strip(b" \t\r\n\0"), True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two: an encoding that nobody knows
        raise errors.XmpUnreadable(name=name, detail=f"is not well-formed ({error})") from error
    return builder.top


class _Builder:
    """Takes what expat tells and keeps to the limits."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self.top = _Element("", {})
        self._open = [self.top]

    def refuse_doctype(self, *_: object) -> None:
        raise errors.XmpUnreadable(name=self._name, detail="declares a DOCTYPE, which XMP does not have")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1 + len(attributes)
        if self._count > ELEMENT_LIMIT:
            raise errors.XmpUnreadable(name=self._name, detail=f"has more than {ELEMENT_LIMIT:,} elements")
        if len(self._open) > DEPTH_LIMIT:
            raise errors.XmpUnreadable(name=self._name, detail=f"is nested deeper than {DEPTH_LIMIT}")
        element = _Element(name, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


# --- RDF ----------------------------------------------------------------------------------------------------


def _descriptions(top: _Element, name: str) -> Iterator[_Element]:
    """The descriptions below `rdf:RDF`, which stands at the top or in an `x:xmpmeta`."""
    roots = [one for element in top.children for one in (element, *element.children) if one.name == f"{RDF} RDF"]
    if not roots:
        raise errors.XmpUnreadable(name=name, detail="has no rdf:RDF, so it is no XMP")
    for root in roots:
        yield from root.children


def _take_members(element: _Element, members: Fields) -> None:
    """The properties that an element has as attributes and as elements."""
    for key, value in element.attributes.items():
        if key not in _SYNTAX and not key.startswith(f"{XML} "):
            members.setdefault(_bare(key), value)
    for child in element.children:
        if child.name not in _SYNTAX:
            members[_bare(child.name)] = _value(child)  # an element says more than an attribute: languages, order


def _value(element: _Element) -> Node:
    """What a property element, or an item of an array, holds."""
    inner = element.children[0] if len(element.children) == 1 else None
    if inner is not None and inner.name in _ARRAYS:
        return _array(inner)
    if f"{RDF} resource" in element.attributes:
        return element.attributes[f"{RDF} resource"]
    members: Fields = {}
    if inner is not None and inner.name == f"{RDF} Description":
        _take_members(inner, members)
    else:
        _take_members(element, members)
        members.pop(f"{{{RDF}}}parseType", None)
    is_struct = members or element.children or f"{RDF} parseType" in element.attributes
    return {"struct": members} if is_struct else element.text


def _array(element: _Element) -> Node:
    kind = _ARRAYS[element.name]
    items = [_value(child) for child in element.children]
    languages = [child.attributes.get(f"{XML} lang") for child in element.children]
    if kind == "Alt" and items and all(languages) and all(isinstance(item, str) for item in items):
        return {"lang": [[language, item] for language, item in zip(languages, items, strict=True)]}
    return {kind: items}


def _bare(name: str) -> str:
    """`namespace name` of expat as this module writes it."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace == CRS else f"{{{namespace}}}{local}"


# --- writing ------------------------------------------------------------------------------------------------


def write(fields: Mapping[str, Node]) -> bytes:
    """A packet with these properties, in UTF-8; the same properties give the same bytes.

    Raises ValueError for a name that XML does not allow.
    """
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Junmai">\n <rdf:RDF xmlns:rdf="{RDF}">\n'
        f"{description(fields)}\n </rdf:RDF>\n</x:xmpmeta>\n"
    ).encode()


def description(fields: Mapping[str, Node], *, about: str = "", alone: bool = False) -> str:
    """One `rdf:Description` with these properties; `alone`, it says itself what `rdf` is, for any packet to take it.

    Raises ValueError for a name that XML does not allow.
    """
    prefixes = {CRS: "crs", RDF: "rdf"}
    body = "".join(_element(name, node, prefixes, "  ") for name, node in fields.items() if not isinstance(node, str))
    attributes = "".join(_attribute(name, node, prefixes) for name, node in fields.items() if isinstance(node, str))
    if not alone:
        del prefixes[RDF]
    spaces = "".join(f"\n    xmlns:{prefix}={quoteattr(space)}" for space, prefix in prefixes.items())
    start = f"  <rdf:Description rdf:about={quoteattr(about)}{spaces}{attributes}>"
    return f"{start}\n{body}  </rdf:Description>"


def _attribute(name: str, text: str, prefixes: dict[str, str]) -> str:
    # an attribute's line breaks and tabs would be read as blanks
    quoted = quoteattr(_NOT_XML.sub("", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    return f"\n   {_qualified(name, prefixes)}={quoted}"


def _element(name: str, node: Node, prefixes: dict[str, str], indent: str) -> str:
    tag = _qualified(name, prefixes)
    return f"{indent} <{tag}>{_content(node, prefixes, indent + ' ')}</{tag}>\n"


def _content(node: Node, prefixes: dict[str, str], indent: str) -> str:
    """What stands between the tags of a property or of an item."""
    if isinstance(node, str):
        return escape(_NOT_XML.sub("", node), {"\r": "&#13;"})
    if "lang" in node:
        lines = (
            f"{indent}  <rdf:li xml:lang={quoteattr(str(language))}>{_content(text, prefixes, '')}</rdf:li>\n"
            for language, text in node["lang"]
        )
        return f"\n{indent} <rdf:Alt>\n{''.join(lines)}{indent} </rdf:Alt>\n{indent}"
    if "struct" in node:
        members: Fields = node["struct"]
        attributes = "".join(_attribute(key, one, prefixes) for key, one in members.items() if isinstance(one, str))
        inner = "".join(
            _element(key, one, prefixes, indent + " ") for key, one in members.items() if not isinstance(one, str)
        )
        return f"\n{indent} <rdf:Description{attributes}>\n{inner}{indent} </rdf:Description>\n{indent}"
    kind = next(kind for kind in _ARRAYS.values() if kind in node)
    items = (f"{indent}  <rdf:li>{_content(item, prefixes, indent + '  ')}</rdf:li>\n" for item in node[kind])
    return f"\n{indent} <rdf:{kind}>\n{''.join(items)}{indent} </rdf:{kind}>\n{indent}"


def _qualified(name: str, prefixes: dict[str, str]) -> str:
    """A name with its prefix, which is added to `prefixes` where it is new."""
    namespace, local = name[1:].rsplit("}", 1) if name.startswith("{") else (CRS, name)
    if not is_name(local):
        raise ValueError(f"{local!r} cannot be the name of a property")
    if not namespace:
        return local
    if namespace not in prefixes:
        known = _PREFIXES.get(namespace)
        prefixes[namespace] = known or f"ns{len(prefixes)}"
    return f"{prefixes[namespace]}:{local}"
