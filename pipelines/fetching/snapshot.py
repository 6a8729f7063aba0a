"""One GET, followed through its redirects, streamed to disk within limits."""

from __future__ import annotations

import hashlib
import re
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urljoin

import httpcore

from pipelines.errors import UrlRefused, UrlTimeout, UrlTooLarge, UrlUnreachable
from pipelines.fetching.addresses import AllowedHosts, Target, check_url, name_of
from pipelines.fetching.connections import Check, CheckedBackend, Clock, Resolve, resolve

REDIRECTS = 5
HEAD_BYTES = 64 * 1024
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/plain": ".txt",
    "message/rfc822": ".eml",
}
"""Names decide between formats that bytes can't tell apart; the server's word makes the name."""
_HEADERS = (
    (b"User-Agent", b"Vouch"),
    (b"Accept", b"text/html, application/xhtml+xml, application/pdf;q=0.9, */*;q=0.8"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"Connection", b"close"),
)

Promising = Callable[[bytes, str], None]
"""Sees the first 64 KiB and the file's name; raises when nobody wants the rest."""


@dataclass(frozen=True)
class Limits:
    """`max_bytes` counts what the body is after decompression; `seconds` covers everything."""

    max_bytes: int
    seconds: float = 120.0


@dataclass(frozen=True)
class Snapshot:
    """What was fetched and from where; `urls` are the one asked for and each it led to."""

    urls: tuple[str, ...]
    filename: str
    size: int
    sha256: str
    fetched_at: datetime

    @property
    def url(self) -> str:
        return self.urls[-1]

    @property
    def facts(self) -> dict[str, Any]:
        """For the report of the source."""
        return {
            "url": self.url,
            "requested_url": self.urls[0],
            "redirects": list(self.urls[1:]),
            "fetched_at": self.fetched_at.isoformat(),
        }


def fetch(
    url: str,
    path: Path,
    *,
    allowed: AllowedHosts,
    limits: Limits,
    check: Check = lambda: None,
    promising: Promising | None = None,
    resolver: Resolve = resolve,
    inner: httpcore.NetworkBackend | None = None,
) -> Snapshot:
    """Write what `url` gives to `path`.

    `check` is called often and may raise to end the work. `resolver` and `inner` are the edge to
    the network.
    Raises UrlRefused, UrlUnreachable, UrlTooLarge, UrlTimeout.
    """
    clock = Clock(limits.seconds, check)
    backend = CheckedBackend(allowed, clock, resolver=resolver, inner=inner)
    # A pool per request: no connection, cookie or proxy outlives it.
    target = check_url(url, allowed)
    urls = [str(target)]
    with httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(), network_backend=backend, http1=True, retries=0
    ) as pool:
        while True:
            with closing(_get(pool, target)) as answer:
                if answer.status not in _REDIRECT:
                    return _save(answer, target, urls, path, limits, clock, promising)
                location = _header(answer, b"location")
            if not location:
                raise UrlUnreachable(f"{target} redirects to nowhere.")
            if len(urls) > REDIRECTS:
                raise UrlUnreachable(f"{url} redirects more than {REDIRECTS} times.")
            target = check_url(_absolute(target, location), allowed)
            urls.append(str(target))


def _get(pool: httpcore.ConnectionPool, target: Target) -> httpcore.Response:
    request = httpcore.Request(
        "GET",
        httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode("ascii"),
        ),
        headers=[(b"Host", target.authority.encode()), *_HEADERS],
    )
    try:
        return pool.handle_request(request)
    except httpcore.TimeoutException as exc:
        raise UrlTimeout(f"{target.host} did not answer in time. Try again later.") from exc
    except (httpcore.NetworkError, httpcore.ProtocolError) as exc:
        raise _broken(target, exc) from exc
    except ssl.SSLError as exc:
        raise _broken(target, exc) from exc


def _broken(target: Target, error: Exception) -> UrlUnreachable:
    if "certificate" in str(error).lower():
        return UrlUnreachable(f"The certificate of {target.host} is not valid.")
    return UrlUnreachable(f"{target.host} broke off, or does not speak HTTP. Try again later.")


def _absolute(target: Target, location: bytes) -> str:
    text = location.decode("utf-8", "replace").strip()
    if re.search(r"[\x00-\x1f\x7f\\]", text):
        raise UrlRefused(f"{target.host} redirects to something that is no URL.")
    return urljoin(str(target), quote(text, safe="%/?#:@!$&'()*+,;=~[]|^`{}\""))


def _header(answer: httpcore.Response, name: bytes) -> bytes:
    return next((value for key, value in answer.headers if key.lower() == name), b"")


def _save(
    answer: httpcore.Response,
    target: Target,
    urls: list[str],
    path: Path,
    limits: Limits,
    clock: Clock,
    promising: Promising | None,
) -> Snapshot:
    if answer.status != 200:
        raise UrlUnreachable(_status(answer.status, target))
    length = _header(answer, b"content-length")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise _too_large(limits)
    filename = _filename(answer, target)
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with path.open("wb") as file:
            for chunk in _decoded(answer):
                clock.left()
                size += len(chunk)
                if len(head) < HEAD_BYTES:
                    head = (head + chunk)[:HEAD_BYTES]
                    if promising is not None and len(head) == HEAD_BYTES:
                        promising(head, filename)
                if size > limits.max_bytes:
                    raise _too_large(limits)
                digest.update(chunk)
                file.write(chunk)
    except httpcore.TimeoutException as exc:
        raise UrlTimeout(f"{target.host} did not answer in time. Try again later.") from exc
    except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error, ssl.SSLError) as exc:
        raise _broken(target, exc) from exc
    if size == 0:
        raise UrlUnreachable(f"{target} gives an empty answer.")
    return Snapshot(tuple(urls), filename, size, digest.hexdigest(), datetime.now(UTC))


def _decoded(answer: httpcore.Response) -> Iterator[bytes]:
    """The body in pieces of at most 64 KiB, however small it was packed."""
    encoding = _header(answer, b"content-encoding").decode("latin-1").strip().lower()
    raw = answer.iter_stream()
    if encoding in ("", "identity"):
        yield from raw
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UrlUnreachable(f"The answer is packed as {encoding!r}, which nobody asked for.")
    # 32 more than the window: gzip and zlib are told by their first bytes.
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for chunk in raw:
        while chunk:
            yield unpack.decompress(chunk, HEAD_BYTES)
            chunk = unpack.unconsumed_tail
    if not unpack.eof:
        raise zlib.error("the packed answer ends early")


def _filename(answer: httpcore.Response, target: Target) -> str:
    """What the server calls it, or the URL does, with the ending of the declared type of text."""
    headers = Message()
    headers["Content-Disposition"] = _header(answer, b"content-disposition").decode("latin-1")
    headers["Content-Type"] = _header(answer, b"content-type").decode("latin-1")
    name = headers.get_filename() or name_of(target)
    name = PurePosixPath(name.replace("\\", "/")).name or target.host
    declared = headers.get_content_type() if _header(answer, b"content-type") else ""
    suffix = _SUFFIXES.get(declared)
    # A server calls many things plain text; the name in the URL knows better then.
    if suffix == ".txt" and PurePosixPath(name).suffix:
        return name
    if suffix and not name.lower().endswith((suffix, ".htm") if suffix == ".html" else suffix):
        return name + suffix
    return name


def _status(status: int, target: Target) -> str:
    if status in (401, 402, 403, 407):
        return (
            f"{target} is not open to everyone (status {status}). Sign in with a browser, save "
            "the page and upload the file."
        )
    if status in (404, 410):
        return f"{target} does not exist (status {status}). Check the URL."
    return f"{target} could not be had (status {status}). Try again later."


def _too_large(limits: Limits) -> UrlTooLarge:
    return UrlTooLarge(
        f"What the URL gives is larger than {limits.max_bytes / 2**20:.0f} MiB, the most that is "
        "fetched."
    )
