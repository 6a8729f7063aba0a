"""Fetching: which URLs are never asked, which addresses never connected to, what servers may do."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest

from pipelines.errors import FetchFailed, UrlRefused, UrlTimeout, UrlTooLarge, UrlUnreachable
from pipelines.fetching.addresses import AllowedHosts, check_url
from pipelines.fetching.snapshot import Limits, Snapshot, fetch

NOBODY = AllowedHosts()
SMALL = Limits(max_bytes=100_000, seconds=10)


class Edge(httpcore.NetworkBackend):
    """Where the network begins: counts connections; what is public leads to a local server."""

    def __init__(self, port: int | None = None) -> None:
        self.connected: list[tuple[str, int]] = []
        self.port = port

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if self.port is None:
            raise httpcore.ConnectError("no way out of this test")
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port)


def answers(*scripted: list[str]) -> Callable[[str, int], list[str]]:
    """A resolver: each answer in turn, the last one again and again."""
    left = list(scripted)
    return lambda host, port: left.pop(0) if len(left) > 1 else left[0]


def hostile_urls(corpus: Path) -> list[str]:
    """Every URL of the two lists, the lines of code blocks and inline code of the Markdown."""
    lines = (corpus / "hostile" / "open_redirect_urls.txt").read_text("utf-8").splitlines()
    text = (corpus / "hostile" / "ssrf_bypass_urls.md").read_text("utf-8")
    for block in re.findall(r"```\w*\n(.*?)```", text, re.S):
        for line in block.splitlines():
            lines += [line.strip(), *line.split(), *line.split("url=")[1:]]
    return [*dict.fromkeys(filter(None, [*lines, *re.findall(r"`([^`\n]+)`", text)]))]


@pytest.mark.corpus
def test_no_hostile_url_leads_to_a_connection(corpus: Path, tmp_path: Path) -> None:
    """The resolver is the attacker's: every name is an address of ours."""
    urls = hostile_urls(corpus)
    assert len(urls) > 300
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["169.254.169.254"]

    edge = Edge()
    for url in urls:
        with pytest.raises(FetchFailed):
            fetch(url, tmp_path / "x", allowed=NOBODY, limits=SMALL, resolver=resolver, inner=edge)
    assert edge.connected == []
    # What was understood as a URL was understood as a browser does.
    public = ("google.com", "whitelisteddomain.tld", "1u.ms", "r3dir.me", "brutelogic.com.br")
    assert asked
    assert [host for host in asked if not host.endswith((*public, "example.com"))] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://localhost.:80/",
        "http://foo.localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://o177.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:4136:e378::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://100.100.100.200/",
        "http://169.254.169.254/latest/meta-data/",
        "http://168.63.129.16/",
        "http://192.168.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://intranet/",
        "http://metadata.google.internal/",
        "http://user:pass@example.com/",
        "http://example.com:22/",
        "http://example.com:99999/",
        "http://example.com\\@127.0.0.1/",
        "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
        "http://①②⑦.⓪.⓪.①/",
        "http://ⓔⓧⓐⓜⓟⓛⓔ.ⓒⓞⓜ/",
        "http:example.com/",
        "http:///example.com/",
        "//example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "jar:http://example.com!/",
        "javascript:alert(1)",
        "http://exa\tmple.com/",
        "http://example.com/\r\nHost: x",
        "",
        "http://",
        "http://" + "a" * 3000,
    ],
)
def test_urls_that_are_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, NOBODY)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTP://EXAMPLE.com:80/a?b=c#d", "http://example.com/a?b=c"),
        ("https://example.com:8443/ä/%2f..?q=ö", "https://example.com:8443/%C3%A4/%2f..?q=%C3%B6"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://93.184.216.34/", "http://93.184.216.34/"),
        ("http://[2606:2800:220:1:248:1893:25c8:1946]/x", None),
        ("http://google.com:80#@127.0.0.1/", "http://google.com/"),
    ],
)
def test_urls_that_may_be_asked(url: str, read: str | None) -> None:
    assert str(check_url(url, NOBODY)) == (read or url)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["93.184.216.34", "::ffff:10.0.0.1"],
        ["fe80::1%2"],
        ["nonsense"],
        ["168.63.129.16"],
        ["2002:a00:1::"],
    ],
)
def test_every_address_of_a_name_must_be_public(addresses: list[str], tmp_path: Path) -> None:
    edge = Edge()
    with pytest.raises(UrlRefused, match="not public"):
        fetch(
            "http://example.com/",
            tmp_path / "x",
            allowed=NOBODY,
            limits=SMALL,
            resolver=answers(addresses),
            inner=edge,
        )
    assert edge.connected == []


def test_a_name_that_changes_is_connected_where_it_was_checked(tmp_path: Path) -> None:
    """DNS rebinding: public when asked first, private ever after."""
    with server(page("Hello")) as (port, _):
        edge = Edge(port)
        fetch(
            "http://example.com/",
            tmp_path / "x",
            allowed=NOBODY,
            limits=SMALL,
            resolver=answers(["93.184.216.34"], ["127.0.0.1"]),
            inner=edge,
        )
    assert edge.connected == [("93.184.216.34", 80)]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//localhost/",
        "http://rebound.example/",
        "file:///etc/passwd",
        "http://example.com:22/",
        "http://u:p@example.com/",
        "http:\\\\127.0.0.1/",
    ],
)
def test_a_redirect_is_checked_like_a_url(location: str, tmp_path: Path) -> None:
    def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "rebound.example" else ["93.184.216.34"]

    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with server(answer.encode()) as (port, _):
        edge = Edge(port)
        with pytest.raises(UrlRefused):
            fetch(
                "http://example.com/",
                tmp_path / "x",
                allowed=NOBODY,
                limits=SMALL,
                resolver=resolver,
                inner=edge,
            )
        assert edge.connected == [("93.184.216.34", 80)]


def test_an_operator_may_list_a_private_host() -> None:
    allowed = AllowedHosts.parse("wiki, 10.0.0.5:9000, [::1]:81, git.corp.lan")
    for url in (
        "http://wiki/",
        "http://10.0.0.5:9000/",
        "http://[::1]:81/",
        "https://git.corp.lan/",
    ):
        assert str(check_url(url, allowed)) == url
    for url in ("http://10.0.0.5/", "http://wiki:22/", "http://other/", "http://u@wiki/"):
        with pytest.raises(UrlRefused):
            check_url(url, allowed)
    for bad in ("http://wiki", "a b:x", "wiki:0", "wiki:70000"):
        with pytest.raises(ValueError, match="host"):
            AllowedHosts.parse(bad)


def test_a_listed_host_does_not_lead_to_secrets_of_the_cloud(tmp_path: Path) -> None:
    edge = Edge()
    with pytest.raises(UrlRefused):
        fetch(
            "http://wiki/",
            tmp_path / "x",
            allowed=AllowedHosts.parse("wiki"),
            limits=SMALL,
            resolver=answers(["169.254.169.254"]),
            inner=edge,
        )
    assert edge.connected == []


def page(text: str, *headers: str) -> bytes:
    body = f"<!doctype html><title>x</title><p>{text}</p>".encode()
    return packed(body, "Content-Type: text/html", *headers)


def packed(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


Script = bytes | Iterator[bytes]


@contextmanager
def server(*scripts: Script) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers one connection after another, word for word; (port, requests)."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for script in scripts:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    requests.append(connection.recv(65536))
                    try:
                        for piece in [script] if isinstance(script, bytes) else script:
                            connection.sendall(piece)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], requests


def get(port: int, tmp_path: Path, url: str = "/", **more: Any) -> Snapshot:
    return fetch(
        f"http://127.0.0.1:{port}{url}",
        tmp_path / "got",
        allowed=AllowedHosts.parse(f"127.0.0.1:{port}"),
        **{"limits": SMALL, **more},
    )


def test_a_page_is_kept_with_where_it_came_from(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: /docs/pump?x=1#top\r\nContent-Length: 0\r\n\r\n"
    with server(moved, page("The torque is 12 Nm.")) as (port, requests):
        found = get(port, tmp_path, "/old")
    assert found.urls == (f"http://127.0.0.1:{port}/old", f"http://127.0.0.1:{port}/docs/pump?x=1")
    assert found.filename == "pump.html"
    assert (tmp_path / "got").read_bytes().endswith(b"12 Nm.</p>")
    assert found.size == (tmp_path / "got").stat().st_size
    assert requests[1].startswith(b"GET /docs/pump?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}".encode() in requests[1]
    assert b"ookie" not in requests[1]
    assert found.facts["redirects"] == [found.url]


def test_cookies_are_not_kept_and_proxies_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    first = b"HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    with server(first, page("Hello")) as (port, requests):
        get(port, tmp_path)
    assert b"ookie" not in requests[1]


def endless() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    while True:
        yield b"more and more " * 1000


def drip(first: bytes) -> Iterator[bytes]:
    yield first
    while True:
        time.sleep(0.1)
        yield b"x"


def bomb() -> bytes:
    return packed(gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip")


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        (endless, UrlTooLarge, "larger"),
        (bomb, UrlTooLarge, "larger"),
        (lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nx", UrlTooLarge, "larger"),
        (lambda: drip(b"HTTP/1.1 200 OK\r\n\r\n"), UrlTimeout, "slow"),
        (lambda: drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), UrlTimeout, "slow"),
        (lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", UrlUnreachable, "broke"),
        (lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", UrlUnreachable, "empty"),
        (lambda: b"SSH-2.0-OpenSSH_9\r\n\r\n", UrlUnreachable, "HTTP"),
        (lambda: b"", UrlUnreachable, "broke"),
        (lambda: packed(b"gone", status="404 Not Found"), UrlUnreachable, "does not exist"),
        (lambda: packed(b"who?", status="401 Unauthorized"), UrlUnreachable, "Sign in"),
        (lambda: packed(b"later", status="503 Busy"), UrlUnreachable, "503"),
        (lambda: packed(b"x", "Content-Encoding: br"), UrlUnreachable, "packed"),
        (lambda: packed(b"no gzip", "Content-Encoding: gzip"), UrlUnreachable, "broke"),
        (
            lambda: packed(gzip.compress(b"abc" * 99)[:-12], "Content-Encoding: gzip"),
            UrlUnreachable,
            "broke",
        ),
    ],
)
def test_what_servers_may_not_do(
    script: Callable[[], Script], error: type[Exception], said: str, tmp_path: Path
) -> None:
    with server(script()) as (port, _), pytest.raises(error, match=said):
        get(port, tmp_path, limits=Limits(max_bytes=100_000, seconds=2))


def test_a_wrong_content_length_ends_the_text_where_it_says(tmp_path: Path) -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more") as (port, _):
        assert get(port, tmp_path).size == 4


def test_redirects_end(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with server(*[moved] * 9) as (port, requests), pytest.raises(UrlUnreachable, match="5 times"):
        get(port, tmp_path)
    assert len(requests) == 6


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(UrlUnreachable, match="does not answer"):
        get(port, tmp_path)

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(UrlUnreachable, match="not known"):
        fetch(
            "http://nowhere.example/",
            tmp_path / "x",
            allowed=NOBODY,
            limits=SMALL,
            resolver=unknown,
        )


def test_packed_text_is_unpacked(tmp_path: Path) -> None:
    body = b"The anvil weighs 99 kg. " * 500
    with server(packed(gzip.compress(body), "Content-Encoding: gzip")) as (port, _):
        get(port, tmp_path)
    assert (tmp_path / "got").read_bytes() == body


def test_work_that_should_end_ends_while_the_server_is_silent(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise Enough

    def silent() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        time.sleep(30)

    with server(silent()) as (port, _), pytest.raises(Enough):
        get(port, tmp_path, check=check, limits=Limits(max_bytes=100, seconds=300))


def test_what_nobody_wants_is_not_fetched_to_its_end(tmp_path: Path) -> None:
    class Unwanted(Exception):
        pass

    def promising(head: bytes, filename: str) -> None:
        assert len(head) == 65536
        assert filename == "setup.exe"
        raise Unwanted

    with server(endless()) as (port, _), pytest.raises(Unwanted):
        get(port, tmp_path, "/files/setup.exe?v=2", promising=promising)


@pytest.mark.parametrize(
    ("url", "headers", "name"),
    [
        ("/", ["Content-Type: text/html; charset=utf-8"], "127.0.0.1.html"),
        ("/index.php", ["Content-Type: text/html"], "index.php.html"),
        ("/a/READ%20ME.md", ["Content-Type: text/plain"], "READ ME.md"),
        ("/notes", ["Content-Type: text/plain"], "notes.txt"),
        ("/get?id=1", ['Content-Disposition: attachment; filename="../../etc/x.pdf"'], "x.pdf"),
        ("/a%2f..%2fb", [], "b"),
    ],
)
def test_the_name_of_what_was_fetched(
    url: str, headers: list[str], name: str, tmp_path: Path
) -> None:
    with server(packed(b"text", *headers)) as (port, _):
        assert get(port, tmp_path, url).filename == name


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name` that signs itself, and its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


@pytest.mark.parametrize("trusted", [True, False])
def test_the_certificate_is_that_of_the_name(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connected by address, asked for and checked by name."""
    cert, key = certificate(tmp_path, "example.com")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    asked: list[str | None] = []
    context.sni_callback = lambda connection, name, _: asked.append(name)

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(listening, server_side=True) as tls:
            connection, _ = tls.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(page("Hello"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        threading.Thread(target=serve, args=(listening,), daemon=True).start()

        def fetched() -> Snapshot:
            return fetch(
                "https://example.com/x",
                tmp_path / "got",
                allowed=NOBODY,
                limits=SMALL,
                resolver=answers(["93.184.216.34"]),
                inner=Edge(port),
            )

        if trusted:
            assert fetched().url == "https://example.com/x"
        else:
            with pytest.raises(UrlUnreachable, match="certificate"):
                fetched()
    assert asked == ["example.com"]
