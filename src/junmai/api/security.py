"""Who may ask what: names of the server, origins, the token. One place for all three kinds of connection.

A page of another origin must neither read nor change anything, also one that calls itself by a name which leads to this
machine (DNS rebinding). So the `Host` header must be one of this server's names, port included; a browser's request
must come from this server's own page; and beyond loopback everything but the page's own files asks for the token.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from starlette.datastructures import Headers

from junmai import errors, files
from junmai.api.problems import Refused

COOKIE = "junmai"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
SHORTEST_TOKEN = 20
OPEN_PATHS = frozenset({"/", "/login", "/logout", "/live", "/ready"})
"""The page, how a browser logs in, and what a supervisor or a proxy asks: none of them tells anything of the photos."""
OPEN_FOLDER = "/web/"
"""What is answered without a token: the page's own files, which hold no data, and the place to show the token."""
LOGINS_KEPT = 1000
WEB_PORTS = ("80", "443")
"""What a `Host` without a port stands for: a server of ours with no TLS at 80, or a proxy at either."""
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:(?P<port>[0-9]{1,5}))?")


@dataclass
class Guard:
    """What this server is called, and its token (None: none is asked for).

    A name stands for itself at `port`; one that ends in a port (`studio.local:443`) is where a proxy listens.
    """

    names: frozenset[str]
    port: int
    token: str | None = None
    _logins: dict[str, None] = field(default_factory=dict)

    def check_host(self, headers: Headers) -> str:
        """The name that the client calls this server by. Raises `Refused` (403) for any other."""
        given = headers.getlist("host")
        found = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        name = found["name"] if found else ""
        ports = (found["port"].lstrip("0"),) if found and found["port"] else WEB_PORTS
        own = name in self.names and str(self.port) in ports[:1]
        if not (own or any(f"{name}:{port}" in self.names for port in ports)):
            said = given[0][:80] if given else "nothing"
            raise Refused(403, f"This server is not called {said!a}.", code="host_refused")
        return given[0].lower()

    def check_origin(self, headers: Headers, host: str, *, reads: bool, bearer: bool) -> None:
        """A browser's request must come from this server's own page, or carry the token. Raises `Refused` (403).

        A program sends neither `Origin` nor `Sec-Fetch-Site`.
        """
        origins, site = headers.getlist("origin"), headers.get("sec-fetch-site")
        own = all(origin.lower() in (f"http://{host}", f"https://{host}") for origin in origins)
        same_site = site in (None, "same-origin", "none")
        if (own and same_site) or bearer:
            return
        if reads and not origins and headers.get("sec-fetch-mode") == "navigate":
            return  # a link or bookmark that leads here: the other page sees nothing of the answer
        raise Refused(403, "This request comes from a page of another origin.", code="origin_refused")

    def carries_token(self, headers: Headers) -> bool:
        """Whether the request carries the right bearer token. Raises `Refused` (401) for a wrong one."""
        given = headers.get("authorization")
        if given is None:
            return False
        kind, _, token = given.partition(" ")
        if kind.lower() == "bearer" and self.token and hmac.compare_digest(token.strip().encode(), self.token.encode()):
            return True
        if self.token is None:
            return False
        raise _token_needed("That is not the token of this server.")

    def check_token(self, path: str, headers: Headers, cookie: str | None, *, bearer: bool) -> None:
        """Beyond loopback all but the open paths and the page's files needs the token. Raises `Refused` (401)."""
        if self.token is None or bearer or path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return
        if cookie is None or cookie not in self._logins:
            raise _token_needed("This server asks for its token: Authorization: Bearer ...")

    def log_in(self, token: str) -> str | None:
        """The value of the cookie of a browser that showed the token; None where none is needed. Raises `Refused`."""
        if self.token is None:
            return None
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise _token_needed("That is not the token of this server.")
        value = secrets.token_urlsafe(32)
        self._logins[value] = None
        while len(self._logins) > LOGINS_KEPT:
            del self._logins[next(iter(self._logins))]
        return value

    def log_out(self, cookie: str | None) -> None:
        """That browser must show the token again."""
        self._logins.pop(cookie or "", None)


def _token_needed(detail: str) -> Refused:
    return Refused(401, detail, headers={"WWW-Authenticate": 'Bearer realm="junmai"'})


# --- names --------------------------------------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def names_of(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """The names by which a server that listens on `host` may be called: loopback, its addresses, its own name."""
    found = {*LOOPBACK_NAMES, bracketed(host), *map(_called, more)}
    if not is_loopback(host):
        own = socket.gethostname().lower()
        found |= {own, f"{own.split('.')[0]}.local"}
        if host in ("0.0.0.0", "::", "[::]"):
            for addresses in psutil.net_if_addrs().values():
                for one in addresses:
                    if one.family in (socket.AF_INET, socket.AF_INET6):
                        found.add(bracketed(one.address.partition("%")[0]))
    return frozenset(name.lower() for name in found)


def _called(name: str) -> str:
    """A name of the settings, with its port where it has one."""
    return name if _HOST.fullmatch(name.lower()) else bracketed(name)


def bracketed(host: str) -> str:
    """An address as it stands in a URL."""
    return f"[{host.strip('[]')}]" if ":" in host else host


# --- the token ----------------------------------------------------------------------------------------------


def read_token(path: Path) -> str | None:
    """The token in a file; None where there is no file. Raises `BadInput` where others may read it or it is none."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise errors.BadInput(detail=f"The token file {path} cannot be read ({error}).") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise errors.BadInput(
            detail=f"Others may read the token file {path}: `chmod 600 {path}`, and make a new token."
        )
    if len(text) < SHORTEST_TOKEN or not text.isascii() or len(text.split()) != 1:
        raise errors.BadInput(
            detail=f"The token file {path} must hold one word of {SHORTEST_TOKEN} ASCII characters or more; "
            "`junmai serve --new-token` makes one."
        )
    return text


def make_token(path: Path) -> None:
    """Write a new token that its owner alone may read. Raises `BadInput`."""
    try:
        files.make_folder(path.parent)
        files.write_whole(path, f"{secrets.token_urlsafe(32)}\n".encode(), mode=0o600)
    except OSError as error:
        raise errors.BadInput(detail=f"The token file {path} cannot be written ({error.strerror or error}).") from error
