"""A client of Vouch's HTTP API: what the demo needs of it, and an example for yours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from deploy import sse

FINAL_JOB_EVENTS = frozenset({"done", "failed", "cancelled"})
FINAL_CHAT_EVENTS = frozenset({"done", "error"})
PIECE = 64 * 1024


class Refused(Exception):
    """The server said no, or nothing; the message is the server's own where there is one."""


class Client:
    """One signed-in user of the server at `url`; a context manager."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def lives(self) -> bool:
        """Whether a Vouch server answers at all."""
        try:
            return self._http.get("/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """The user; every later call is theirs."""
        answer = self._call("POST", "/api/auth/login", {"email": email, "password": password})
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        return answer.get("user") or {}

    def instrument(self, name: str, description: str) -> tuple[dict[str, Any], bool]:
        """The instrument of that name, and whether it was made just now."""
        for known in self._pages("/api/instruments/"):
            if known["name"] == name:
                return known, False
        made = self._call("POST", "/api/instruments/", {"name": name, "description": description})
        return made, True

    def upload(self, instrument_id: str, path: Path, sent: Callable[[int], None]) -> dict[str, Any]:
        """Upload a file straight to the object store; `sent` hears the bytes of each piece.

        Returns `source_id` with `job_id`, or with `duplicate` when the instrument has the file.
        """
        size = path.stat().st_size
        right = self._call(
            "POST",
            "/api/uploads/initiate",
            {
                "instrument_id": instrument_id,
                "filename": path.name,
                "size": size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            },
        )
        if right.get("duplicate"):
            sent(size)
            return right
        try:
            stored = httpx.put(
                right["signed_url"],
                content=_pieces(path, sent),
                headers={**right.get("headers", {}), "Content-Length": str(size)},
                timeout=120,
                trust_env=False,
            )
        except httpx.HTTPError as exc:
            raise Refused(
                f"The object store can't be reached: {exc or type(exc).__name__}"
            ) from exc
        if stored.status_code not in (200, 201, 204):
            raise Refused(f"The object store answered {stored.status_code}: {stored.text[:300]}")
        return self._call("PATCH", f"/api/uploads/{right['upload_id']}/complete", {})

    def source(self, source_id: str) -> dict[str, Any]:
        return self._call("GET", f"/api/sources/{source_id}")

    def job_of(self, instrument_id: str, source_id: str) -> dict[str, Any] | None:
        """The newest ingest job of a source."""
        found = [
            job
            for job in self._pages(f"/api/jobs/?kind=ingest&instrument={instrument_id}")
            if (job.get("subject") or {}).get("id") == source_id
        ]
        return max(found, key=lambda job: job["created_at"], default=None)

    def retry(self, job_id: str) -> None:
        self._call("POST", f"/api/jobs/{job_id}/retry")

    def follow(self, job_id: str, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """A job's events, up to `done`, `failed` or `cancelled`, as (name, data)."""
        yield from self._events(f"/stream/jobs/{job_id}", None, FINAL_JOB_EVENTS, seconds)

    def ask(
        self, instrument_id: str, question: str, seconds: float
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """An answer's events, up to `done` or `error`, as (name, data)."""
        asked = {"instrument_id": instrument_id, "q": question}
        yield from self._events("/stream/chat", asked, FINAL_CHAT_EVENTS, seconds)

    def turn(self, turn_id: str) -> dict[str, Any]:
        return self._call("GET", f"/api/chat/turns/{turn_id}")

    def page_picture(self, source_id: str, page: int, citation_id: str) -> bytes:
        """PNG of a page with the proof marked."""
        path = f"/api/viewer/pdf/{source_id}/pages/{page}.png"
        answer = self._send("GET", path, params={"citation": citation_id, "width": "1000"})
        if not answer.content.startswith(b"\x89PNG"):
            raise Refused(f"GET {path} answered something that is no PNG.")
        return answer.content

    def _events(
        self, path: str, params: dict[str, str] | None, until: frozenset[str], seconds: float
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        try:
            for event in sse.follow(self._http, path, params=params, until=until, seconds=seconds):
                yield event.event, event.json()
        except sse.StreamError as exc:
            raise Refused(f"GET {path}: {exc}") from exc

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        page, size = 1, 100
        joint = "&" if "?" in path else "?"
        while True:
            items = self._send("GET", f"{path}{joint}page={page}&page_size={size}").json()
            yield from items
            if len(items) < size:
                return
            page += 1

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self._send(method, path, json=body).json()
        return answer

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.HTTPError as exc:
            raise Refused(f"{method} {path}: {str(exc) or type(exc).__name__}") from exc
        if answer.is_error:
            raise Refused(f"{method} {path} answered {answer.status_code}: {sse.reason(answer)}")
        return answer


def _pieces(path: Path, sent: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
            sent(len(piece))
