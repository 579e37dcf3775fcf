"""Reads Lightroom's older presets (`.lrtemplate`): a Lua table, read as data and never run.

The part of Lua that such files use (Lua 5.1 reference manual, 2.1 and 2.5.7): tables, strings, numbers, `true`,
`false`, `nil`, comments, and `ZSTR "$$$/Key=Text"` for a text that Lightroom translates. Anything else is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from junmai import errors
from junmai.develop.xmp import Fields, Node, is_name

FILE_LIMIT = 4 * 1024 * 1024
"""Bytes of the largest file that is read; templates have a few KB, with many brush strokes some 100 KB."""
DEPTH_LIMIT = 32
TOKEN_LIMIT = 500_000
LONGEST_NUMBER = 64


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written, so that nothing of it is lost."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Named and listed values."""

    named: dict[str, Value]
    listed: list[Value]


Value: TypeAlias = "str | bool | Number | Table | None"


@dataclass(frozen=True, slots=True)
class Template:
    """A develop preset: its title, its id (`""` where it has none), and its settings as XMP would have them."""

    title: str
    uuid: str
    fields: Fields


def parse(data: bytes, *, name: str = "it") -> Template:
    """Read a develop preset. Raises `PresetUnreadable`, naming the line where it is no such table."""
    if len(data) > FILE_LIMIT:
        raise errors.PresetUnreadable(path=name, detail=f"it has {len(data):,} bytes; {FILE_LIMIT:,} are the most")
    top = _Reader(data.decode("utf-8-sig", "replace"), name).document()
    kind = top.named.get("type")
    if kind not in ("Develop", None):
        raise errors.PresetUnreadable(path=name, detail=f"it is a template for {kind!r}, not for developing")
    value = top.named.get("value")
    settings = value.named.get("settings") if isinstance(value, Table) else None
    if not isinstance(value, Table) or not isinstance(settings, Table):
        raise errors.PresetUnreadable(path=name, detail="it has no develop settings")
    fields = {key: _node(key, one) for key, one in settings.named.items() if one is not None}
    odd = next((key for key in fields if not is_name(key)), None)
    if odd is not None:
        raise errors.PresetUnreadable(path=name, detail=f"{odd[:40]!r} cannot be the name of a setting")
    return Template(_plain(top.named.get("title")), _plain(value.named.get("uuid") or top.named.get("id")), fields)


def _node(name: str, value: Value) -> Node:
    """A Lua value as XMP has it: curves as "x, y" points, lists as sequences, named values as structures."""
    if not isinstance(value, Table):
        return _text(value)
    if value.named:
        members = {key: _node(key, one) for key, one in value.named.items() if one is not None and is_name(key)}
        listed = {f"item{index}": _node(name, one) for index, one in enumerate(value.listed, 1)}
        return {"struct": {**members, **listed}}
    flat = [item for item in value.listed if isinstance(item, Number)]
    if name.startswith("ToneCurve") and len(flat) == len(value.listed) and len(flat) % 2 == 0:
        points = zip(flat[::2], flat[1::2], strict=True)
        return {"Seq": [f"{x.text}, {y.text}" for x, y in points]}
    return {"Seq": [_node(name, one) for one in value.listed]}


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    return value.text if isinstance(value, Number) else str(value or "")


def _plain(value: Value) -> str:
    return value.strip() if isinstance(value, str) else ""


# --- Lua ----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--\[(?P<ceq>=*)\[.*?\](?P=ceq)\]|--(?!\[=*\[)[^\n]*)
    |(?P<number>[-+]?\s*(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
    |(?P<word>[A-Za-z_]\w*)
    |(?P<quoted>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<long>\[(?P<leq>=*)\[(?P<body>.*?)\](?P=leq)\])
    |(?P<mark>[{}\[\]=,;()])""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(\d{1,3}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "", "b": "", "f": "", "v": "", "\n": "\n"}
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "nil": None}
_TRANSLATED = ("ZSTR", "LOC")
_RESOURCE = re.compile(r"\$\$\$/[^=]*=(.*)", re.DOTALL)


class _Reader:
    """One pass over the text; what does not fit is refused with its line."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text.rstrip("\0")
        self._name = name
        self._at = 0
        self._count = 0
        self._kind, self._token = "", ""
        self._next()

    def document(self) -> Table:
        """`s = {...}`, `return {...}` or the table alone."""
        if self._kind == "word":
            is_return = self._token == "return"
            self._next()
            if not is_return:
                self._expect("=")
        table = self._value(0)
        if not isinstance(table, Table):
            raise self._wrong("is no table")
        if self._kind != "end":
            raise self._wrong(f"has {self._token[:20]!r} after its end")
        return table

    def _value(self, depth: int) -> Value:
        kind, token = self._kind, self._token
        if depth > DEPTH_LIMIT:
            raise self._wrong(f"is nested deeper than {DEPTH_LIMIT}")
        if token == "{" and kind == "mark":
            return self._table(depth)
        self._next()
        if kind == "number":
            return Number(_number(token))
        if kind in ("quoted", "long"):
            return _resource(_unquoted(token) if kind == "quoted" else token)
        if kind == "word" and token in _CONSTANTS:
            return _CONSTANTS[token]
        if kind == "word" and token in _TRANSLATED:
            bracketed = self._token == "("
            if bracketed:
                self._next()
            inner = self._value(depth + 1)
            if bracketed:
                self._expect(")")
            return inner
        raise self._wrong(f"has {token[:20]!r} where a value should be")

    def _table(self, depth: int) -> Table:
        self._expect("{")
        table = Table({}, [])
        while self._token != "}" or self._kind != "mark":
            self._entry(table, depth + 1)
            if self._kind == "mark" and self._token in ",;":
                self._next()
            elif self._token != "}":
                raise self._wrong("lacks a comma between two values")
        self._next()
        return table

    def _entry(self, table: Table, depth: int) -> None:
        if self._kind == "mark" and self._token == "[":
            self._next()
            key = self._value(depth)
            self._expect("]")
            self._expect("=")
            value = self._value(depth)
            if isinstance(key, Number):
                table.listed.append(value)
            else:
                table.named[_text(key)] = value
        elif self._kind == "word" and self._token not in (*_CONSTANTS, *_TRANSLATED):
            name = self._token
            self._next()
            self._expect("=")
            table.named[name] = self._value(depth)
        else:
            table.listed.append(self._value(depth))

    def _expect(self, mark: str) -> None:
        if self._kind != "mark" or self._token != mark:
            raise self._wrong(f"has {self._token[:20]!r} where {mark!r} should be")
        self._next()

    def _next(self) -> None:
        while True:
            self._count += 1
            if self._count > TOKEN_LIMIT:
                raise self._wrong("is too long")
            if self._at >= len(self._text):
                self._kind, self._token = "end", "its end"
                return
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                raise self._wrong(f"has {self._text[self._at : self._at + 10]!r}, which no preset has")
            self._at = found.end()
            self._kind = str(found.lastgroup)
            self._token = found["body"] if self._kind == "long" else found[0]
            if self._kind != "skip":
                return

    def _wrong(self, why: str) -> errors.PresetUnreadable:
        line = self._text.count("\n", 0, self._at) + 1
        return errors.PresetUnreadable(path=self._name, detail=f"line {line} {why}")


def _number(token: str) -> str:
    text = "".join(token.split())
    if len(text) > LONGEST_NUMBER:
        return "0"  # no setting has such a number; Python refuses to read one of 4,300 digits
    return str(int(text, 16)) if "x" in text.lower() else text


def _unquoted(token: str) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code)) if code.isdigit() else _ESCAPES.get(code, code)

    return _ESCAPE.sub(plain, token[1:-1])


def _resource(text: str) -> str:
    """`$$$/Key=Text` is a text that Lightroom looks up in its language; the text after the key is the English one."""
    found = _RESOURCE.fullmatch(text)
    return found[1] if found else text
