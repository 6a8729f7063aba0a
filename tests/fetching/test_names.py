"""Fetching: where a page came from, what it is called, and that its server is who it says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest

from pipelines.errors import UrlUnreachable
from pipelines.fetching.snapshot import Snapshot, fetch
from tests.support.fetch_servers import NOBODY, SMALL, Edge, answers, get, packed, page, server


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
