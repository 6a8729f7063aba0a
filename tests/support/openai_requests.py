"""Requests to a scripted model server as they came, and what is wrong with them."""

from __future__ import annotations

import base64
import email.policy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any

from tests.support.openai_replies import Failure


@dataclass(frozen=True)
class Recorded:
    """A request as it came. `body` is the JSON or the form's fields; `files` has name and bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def pictures(self) -> list[bytes]:
        """Pictures in the messages, as files; ValueError for what is no data URL of a picture."""
        found = []
        for message in self.body.get("messages", []):
            content = message.get("content")
            for part in content if isinstance(content, list) else []:
                if part["type"] == "image_url":
                    head, _, data = part["image_url"]["url"].partition(";base64,")
                    if not head.startswith("data:image/"):
                        raise ValueError("this server takes pictures as data URLs")
                    found.append(base64.b64decode(data, validate=True))
        return found


def record(method: str, path: str, headers: Mapping[str, str], content: bytes) -> Recorded:
    """The request with its content read as JSON, or as a form if it says that it is one."""
    kind = headers.get("Content-Type", "")
    body: dict[str, Any] = {}
    files: dict[str, tuple[str, bytes]] = {}
    if kind.startswith("multipart/form-data"):
        body, files = _form(kind, content)
    elif content:
        body = json.loads(content)
    return Recorded(method, path, dict(headers.items()), body, files)


def unsupported(request: Recorded, refuses: Iterable[str]) -> Failure | None:
    """For the first parameter sent that the server takes from nobody."""
    for name in refuses:
        if name in request.body:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            return Failure(400, message, code="unsupported_parameter")
    return None


def no_picture(request: Recorded) -> Failure | None:
    """For an image in the messages that is none, or is sent in another way."""
    try:
        _ = request.pictures
    except ValueError as error:
        return Failure(400, f"Invalid image: {error}.", code="invalid_image")
    return None


def _form(kind: str, content: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    """The fields and the files of a multipart form; a field sent twice becomes a list."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + content)
    fields: dict[str, Any] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="Content-Disposition"))
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if part.get_filename() is not None:
            files[name] = (str(part.get_filename()), payload)
        elif name in fields:
            earlier = fields[name]
            fields[name] = [
                *(earlier if isinstance(earlier, list) else [earlier]),
                payload.decode(),
            ]
        else:
            fields[name] = payload.decode()
    return fields, files
