"""Who is let in: names of the server, origins, tokens, paths. Against the real server."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from api.serving import CALM, Server, server
from junmai import BatchController, errors
from junmai.api.security import Guard, is_loopback, make_token, names_of, read_token
from running import junmai

TOKEN_LENGTH = 43


@pytest.fixture(scope="module")
def still(shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that develops nothing."""
    with server(tmp_path_factory.mktemp("still"), "--no-runner") as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        yield found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server that others can reach, and its token."""
    data = tmp_path_factory.mktemp("guarded")
    make_token(data / "token")
    with server(data, "--no-runner", "--host", "0.0.0.0") as found:
        yield found, (data / "token").read_text(encoding="ascii").strip()


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server that only this machine reaches, where a proxy passes on what others ask; and its token."""
    data = tmp_path_factory.mktemp("behind")
    make_token(data / "token")
    names = '["studio.local:443", "[fd00::5]:8443"]'
    with server(data, "--no-runner", "--token-file", str(data / "token"), JUNMAI_SERVER_NAMES=names) as found:
        yield found, (data / "token").read_text(encoding="ascii").strip()


# --- the Host header ----------------------------------------------------------------------------------------

GOOD_HOSTS = ("localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:{port}", "LocalHost:{port}")
BAD_HOSTS = (
    *("localhost", "127.0.0.1", "[::1]", "", " ", ":", ":{port}", "localhost:", "localhost:80", "localhost:0"),
    *("evil.example", "evil.example:{port}", "localhost.evil.example:{port}", "evil.example:{port}:{port}"),
    *("localhost:{port}.evil.example", "localhost:{port}@evil.example", "evil@localhost:{port}", "localhost.:{port}"),
    *("127.0.0.1.nip.io:{port}", "0.0.0.0:{port}", "127.1:{port}", "2130706433:{port}", "0x7f000001:{port}"),
    *("[::]:{port}", "[::ffff:127.0.0.1]:{port}", "::1:{port}", "[::1]{port}", "[::1:{port}", "localhost:+{port}"),
    *("localhost:{port}/", "localhost:{port}?", "http://localhost:{port}", "localhost:{port},localhost:{port}"),
    *("localhost:０", "127.0.0.2:{port}", "loc%61lhost:{port}", "localhost\t:{port}", "*", "localhost:1{port}"),
)


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_the_names_of_this_machine_are_let_in(still: Server, host: str) -> None:
    assert still.ask("GET", "/health", Host=host.format(port=still.port)).status == 200


@pytest.mark.parametrize("path", ["/health", "/events", "/", "/photos/1/preview"])
@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_other_name_is_let_in_neither_for_data_nor_for_streams(still: Server, host: str, path: str) -> None:
    said = host.format(port=still.port).encode("utf-8").decode("latin-1")
    answer = still.ask("GET", path, Host=said)
    assert answer.status in (400, 403), answer.body
    if answer.status == 403:
        assert answer.json["code"] == "host_refused"


def test_thirty_and_more_forms_are_tried() -> None:
    assert len(set(BAD_HOSTS)) >= 30


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost", "localhost:80", "[::]:{port}"])
def test_no_other_name_is_let_in_for_the_websocket(still: Server, host: str) -> None:
    assert upgrade(still, Host=host.format(port=still.port)) == 403


def upgrade(where: Server, **headers: str) -> int:
    """The status that a WebSocket's request is answered with."""
    connection = HTTPConnection("127.0.0.1", where.port, timeout=30)
    connection.putrequest("GET", "/ws", skip_host="Host" in headers)
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    for name, value in {**asked, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


# --- pages of other origins ---------------------------------------------------------------------------------

OTHERS = (
    {"Origin": "http://localhost:8000"},
    {"Origin": "http://localhost:8000", "Sec_Fetch_Site": "same-site"},
    {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
    {"Origin": "null"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "nonsense"},
    {"Origin": "http://localhost:{port}.evil.example"},
    {"Origin": ""},
)


def _sent(where: Server, headers: dict[str, str]) -> dict[str, str]:
    return {name: value.format(port=where.port) for name, value in headers.items()}


@pytest.mark.parametrize("headers", OTHERS, ids=str)
def test_a_page_of_another_origin_cannot_write_upgrade_or_read(still: Server, headers: dict[str, str]) -> None:
    sent = _sent(still, headers)
    before = still.get("/batch/list")["count"]
    body = {"photo_ids": [1]}
    assert still.ask("POST", "/batch/start", body, **sent).status == 403
    assert still.ask("POST", "/batch/recover", **sent).status == 403
    assert still.ask("OPTIONS", "/batch/start", **sent, Access_Control_Request_Method="POST").status == 403
    assert upgrade(still, **sent) == 403
    for path in ("/batch/list", "/photos/1/preview", "/events"):
        assert still.ask("GET", path, **sent).status == 403
    assert still.get("/batch/list")["count"] == before


def test_no_answer_lets_another_origin_read_it(still: Server) -> None:
    answer = still.ask("GET", "/health")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_the_servers_own_page_may_do_everything(still: Server) -> None:
    own = {
        "Origin": f"http://localhost:{still.port}",
        "Sec_Fetch_Site": "same-origin",
        "Host": f"localhost:{still.port}",
    }
    assert still.ask("POST", "/batch/recover", **own).status == 200
    assert upgrade(still, **own) == 101


def test_its_page_at_another_of_its_names_is_another_origin(still: Server) -> None:
    sent = {"Origin": f"http://127.0.0.1:{still.port}", "Host": f"localhost:{still.port}"}
    assert still.ask("POST", "/batch/recover", **sent).status == 403


def test_a_link_from_elsewhere_opens_the_page(still: Server) -> None:
    sent = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert still.ask("GET", "/sessions", **sent).status == 200
    assert still.ask("POST", "/batch/recover", **sent).status == 403


def test_nothing_is_changed_by_get(still: Server) -> None:
    for path in ("/batch/recover", "/batch/cleanup", "/batch/start", "/photos/import", "/login", "/collections?name=x"):
        assert still.ask("GET", path).status in (200, 405)
    assert still.ask("GET", "/batch/recover").status == 405


# --- paths --------------------------------------------------------------------------------------------------

TRAVERSALS = (
    *("/../pyproject.toml", "/web/../errors.py", "/web/../../junmai/errors.py", "/web/%2e%2e/errors.py"),
    *("/web/..%2ferrors.py", "/web/..%5cerrors.py", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/web//etc/passwd"),
    *("/web/....//errors.py", "/web/%00", "/web/app.js%00.css", "/web/C:/x.js", "/web/.hidden.js", "/etc/passwd"),
    *("/web/", "/web", "/photos/../etc/passwd", "/photos/1%2f..%2f..%2fetc/preview", "/web/..;/errors.py"),
)


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out_of_the_page(still: Server, path: str) -> None:
    answer = still.ask("GET", path)
    assert answer.status in (400, 404, 422), answer.body[:200]
    assert b"root:" not in answer.body


@pytest.mark.parametrize("photo_id", ["0", "-1", "999", "99999999999999999999", "1.5", "x", "%2e%2e"])
def test_pictures_are_served_by_id_only(still: Server, photo_id: str) -> None:
    assert still.ask("GET", f"/photos/{photo_id}/preview").status in (404, 422)


# --- the token ----------------------------------------------------------------------------------------------


def test_beyond_this_machine_a_server_does_not_start_without_a_token(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::"):
        ended = junmai("serve", "--host", host, data=tmp_path / "data", **CALM)
        assert ended.code == 2
        assert "--new-token" in ended.err


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    made = junmai("serve", "--new-token", data=tmp_path / "data")
    path = tmp_path / "data" / "token"
    assert made.code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="ascii").strip() not in made.out + made.err
    path.chmod(0o640)
    with pytest.raises(errors.BadInput, match="chmod 600"):
        read_token(path)


@pytest.mark.parametrize("text", ["", "short", "two words of some length here", "ä" * 30])
def test_a_token_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(errors.BadInput, match="--new-token"):
        read_token(path)


def test_everything_but_the_page_asks_for_the_token(guarded: tuple[Server, str]) -> None:
    found, token = guarded
    for method, path in (
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("GET", "/events"),
        ("POST", "/batch/recover"),
        ("GET", "/openapi.json"),
        ("GET", "/photos/1/preview"),
        ("GET", "/batch/batch_0123456789ab/match/1/preview"),
        ("GET", f"/health?token={token}"),
    ):
        answer = found.ask(method, path)
        assert answer.status == 401, path
        assert "Bearer" in answer.headers["www-authenticate"]
        assert found.ask(method, path, Authorization="Bearer wrong").status == 401
    assert upgrade(found) == 401
    assert upgrade(found, Authorization=f"Bearer {token}") == 101
    assert found.ask("GET", "/health", Authorization=f"Bearer {token}").status == 200
    assert found.ask("GET", "/").status in (200, 404)


def test_a_supervisor_asks_without_the_token_and_learns_nothing_else(guarded: tuple[Server, str]) -> None:
    found, _ = guarded
    assert found.get("/live") == {"status": "live"}
    assert found.get("/ready") == {"status": "ready"}
    assert found.ask("GET", "/live", Host="evil.example").status == 403


def test_a_browser_shows_the_token_once_and_gets_a_cookie(guarded: tuple[Server, str]) -> None:
    found, token = guarded
    assert found.ask("POST", "/login", {"token": "wrong"}).status == 401
    answer = found.ask("POST", "/login", {"token": token})
    cookie = answer.headers["set-cookie"]
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert token not in cookie
    shown = cookie.partition(";")[0]
    assert found.ask("GET", "/health", Cookie=shown).status == 200
    own = {"Cookie": shown, "Host": f"localhost:{found.port}"}
    assert found.ask("POST", "/batch/recover", **own, Origin=f"http://localhost:{found.port}").status == 200
    assert found.ask("POST", "/batch/recover", **own, Origin="http://localhost:8000").status == 403
    found.ask("POST", "/logout", Cookie=shown)
    assert found.ask("GET", "/health", Cookie=shown).status == 401


def test_the_token_is_in_no_log(guarded: tuple[Server, str]) -> None:
    found, token = guarded
    found.ask("GET", "/health", Authorization=f"Bearer {token}")
    found.ask("POST", "/login", {"token": token})
    logs = "".join(path.read_text(encoding="utf-8") for path in (found.data / "logs").glob("*.log"))
    assert logs
    assert token not in logs + "".join(found.said)


def test_from_other_machines_only_roots_are_imported_and_written_to(tmp_path: Path, shoot: Path) -> None:
    data = tmp_path / "library"
    make_token(data / "token")
    sent = {"Authorization": f"Bearer {(data / 'token').read_text(encoding='ascii').strip()}"}
    roots = json.dumps([str(shoot)])
    with server(data, "--no-runner", "--host", "0.0.0.0", JUNMAI_ROOTS=roots) as found:
        outside = found.ask("POST", "/photos/import", {"folders": [str(tmp_path)]}, **sent)
        assert (outside.status, outside.json["code"]) == (403, "outside_roots")
        climbing = found.ask("POST", "/photos/import", {"folders": [f"{shoot}/../.."]}, **sent)
        assert climbing.status == 403
        found.post("/photos/import", {"folders": [str(shoot)]}, **sent)
        config = {"output": {"folder": str(tmp_path / "out")}}
        assert found.ask("POST", "/batch/start", {"photo_ids": [1], "config": config}, **sent).status == 403
        assert not (tmp_path / "out").exists()


def test_beside_originals_outside_of_the_roots_clients_write_nothing_and_take_nothing_back(
    tmp_path: Path, shoot: Path
) -> None:
    data = tmp_path / "library"
    make_token(data / "token")
    sent = {"Authorization": f"Bearer {(data / 'token').read_text(encoding='ascii').strip()}"}
    beside = {"output": {"sidecars": "originals", "pixels": False}}
    with BatchController(data) as controller:
        imported = junmai("import", shoot, data=data)
        assert imported.code == 0
        batch = controller.start_batch([1], config=beside)
        controller.cancel(batch)
    with server(data, "--no-runner", "--host", "0.0.0.0", JUNMAI_ROOTS=json.dumps([str(tmp_path / "other")])) as found:
        for what in ({"photo_ids": [1]}, {"selection": {"folder": str(shoot)}}):
            refused = found.ask("POST", "/batch/start", {**what, "config": beside}, **sent)
            assert refused.status == 403
            assert refused.json["code"] == "outside_roots"
        assert found.ask("POST", f"/batch/{batch}/revert", **sent).status == 200  # there is nothing of it outside


# --- small things -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_what_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.local", "localhost.evil.example"])
def test_what_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_an_address_has_its_own_name_among_those_of_the_server() -> None:
    assert "192.168.1.5" in names_of("192.168.1.5")
    assert "studio.local" in names_of("127.0.0.1", ["studio.local"])
    assert "evil.example" not in names_of("0.0.0.0")


def test_only_so_many_logins_are_kept() -> None:
    guard = Guard(frozenset({"localhost"}), 5100, "t" * TOKEN_LENGTH)
    first = guard.log_in("t" * TOKEN_LENGTH)
    for _ in range(1000):
        guard.log_in("t" * TOKEN_LENGTH)
    assert len(guard._logins) == 1000
    assert first not in guard._logins


# --- behind a proxy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["studio.local", "studio.local:443", "STUDIO.local", "[fd00::5]:8443", "localhost:{port}"]
)
def test_a_proxy_is_let_in_by_the_names_and_ports_that_the_settings_say(
    behind_a_proxy: tuple[Server, str], host: str
) -> None:
    found, _ = behind_a_proxy
    assert found.ask("GET", "/ready", Host=host.format(port=found.port)).status == 200


@pytest.mark.parametrize("host", ["studio.local:{port}", "studio.local:80", "[fd00::5]", "localhost", "localhost:443"])
def test_a_name_of_a_proxy_holds_for_its_port_alone(behind_a_proxy: tuple[Server, str], host: str) -> None:
    found, _ = behind_a_proxy
    assert found.ask("GET", "/ready", Host=host.format(port=found.port)).status == 403


def test_where_the_token_is_named_it_is_asked_for_on_this_machine_too(behind_a_proxy: tuple[Server, str]) -> None:
    found, token = behind_a_proxy
    assert found.ask("GET", "/health").status == 401
    assert found.ask("GET", "/health", Authorization=f"Bearer {token}").status == 200
    asked = {"folders": ["/"]}
    refused = found.ask("POST", "/photos/import", asked, Authorization=f"Bearer {token}")
    assert (refused.status, refused.json["code"]) == (403, "outside_roots")


def test_the_page_of_a_proxy_with_tls_logs_in_and_its_cookie_stays_off_plain_connections(
    behind_a_proxy: tuple[Server, str],
) -> None:
    found, token = behind_a_proxy
    page = {"Host": "studio.local", "Origin": "https://studio.local", "Sec_Fetch_Site": "same-origin"}
    shown = found.ask("POST", "/login", {"token": token}, **page)
    assert shown.status == 200
    assert "Secure" in shown.headers["set-cookie"]
    cookie = shown.headers["set-cookie"].partition(";")[0]
    assert found.ask("GET", "/health", Cookie=cookie, **page).status == 200
    assert found.ask("GET", "/health", Cookie=cookie, **{**page, "Origin": "https://evil.example"}).status == 403


def test_a_token_that_is_named_and_not_there_is_refused(tmp_path: Path) -> None:
    ended = junmai("serve", "--token-file", tmp_path / "none", data=tmp_path / "data", **CALM)
    assert ended.code == 2
    assert "--new-token" in ended.err
