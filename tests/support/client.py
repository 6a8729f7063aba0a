"""A client as users write one: it speaks HTTP and knows the contract, nothing of our code."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

PASSWORD = "vouch-demo"
ENDS = {"done", "failed", "cancelled"}


class Client(httpx.Client):
    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, timeout=60)

    def sign_in(self, email: str) -> dict[str, Any]:
        answer = self.post("/api/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer.json()

    def instrument(self, name: str = "Test") -> str:
        answer = self.post("/api/instruments/", json={"name": f"{name} {uuid.uuid4().hex[:8]}"})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def initiate(self, instrument: str, name: str, size: int, **more: Any) -> httpx.Response:
        body = {"instrument_id": instrument, "filename": name, "size": size, **more}
        return self.post("/api/uploads/initiate", json=body)

    def upload(
        self, instrument: str, name: str, data: bytes, password: str | None = None, **more: Any
    ) -> httpx.Response:
        """Initiate, PUT, complete; the answer of the last call that was made."""
        begun = self.initiate(instrument, name, len(data), **more)
        if begun.status_code != 201:
            return begun
        upload = begun.json()
        httpx.put(upload["signed_url"], content=data, headers=upload["headers"]).raise_for_status()
        return self.complete(upload["upload_id"], password)

    def complete(self, upload_id: str, password: str | None = None) -> httpx.Response:
        body = {"password": password} if password else {}
        return self.patch(f"/api/uploads/{upload_id}/complete", json=body)

    def add(self, instrument: str, path: Path, **more: Any) -> dict[str, Any]:
        """Upload a file and wait until it is read; its source."""
        return self.add_bytes(instrument, path.name, path.read_bytes(), **more)

    def add_bytes(self, instrument: str, name: str, data: bytes, **more: Any) -> dict[str, Any]:
        answer = self.upload(instrument, name, data, **more)
        assert answer.status_code == 202, answer.text
        job = self.wait(answer.json()["job_id"])
        source = self.get(f"/api/sources/{answer.json()['source_id']}").json()
        assert job["state"] == "done", (job["error"], source)
        return source

    def job(self, job_id: str) -> dict[str, Any]:
        return self.get(f"/api/jobs/{job_id}").json()

    def wait(self, job_id: str, seconds: float = 120) -> dict[str, Any]:
        """The job once it has ended; fails when it has not in `seconds`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            job = self.job(job_id)
            if job["state"] in ENDS:
                return job
            time.sleep(0.1)
        raise AssertionError(f"the job has not ended: {job}")

    def ask(self, instrument: str, question: str, **more: Any) -> dict[str, Any]:
        """The whole turn."""
        body = {"instrument_id": instrument, "question": question, "model": "extractive", **more}
        answer = self.post("/api/chat/ask", json=body, headers={"Prefer": "wait=30"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(
        self, path: str, last_event_id: str | None = None, **params: Any
    ) -> Iterator[tuple[str | None, str, dict[str, Any]]]:
        """(id, event, data) of a stream, until it ends or the caller stops."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        with self.stream("GET", path, params=params, headers=headers) as answer:
            if answer.status_code != 200:
                answer.read()
                raise AssertionError(answer.text)
            assert answer.headers["content-type"] == "text/event-stream"
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif "event" in fields:
                    yield fields.get("id"), fields["event"], json.loads(fields["data"])
                    fields = {}
                else:
                    fields = {}
