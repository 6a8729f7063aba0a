"""Turns in the shapes of the OpenAI API (platform.openai.com/docs/api-reference/chat).

Citations stand as Markdown footnotes at the end of the text and as fields that OpenAI does not
know: `citations` beside them and `vouch` with the turn's id and claims. In a stream both come with
the footnotes, the last chunk that has content, and again with the reason why it ends. What a model
thought before is `reasoning_content`, as other servers of this protocol call it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from flask import Response, abort, jsonify

from api.chat import exports
from api.chat.answer_store import HISTORY
from api.errors import unprocessable
from pipelines.answering.citation_marks import Mark, MarkReader, Text
from pipelines.llms.reasoning import answer_of

DONE = "data: [DONE]\n\n"
_CODES = {401: "invalid_api_key", 403: "forbidden", 409: "conflict", 429: "rate_limit_exceeded"}
_DEFINITION = re.compile(r"\[\^\d+\]: ")
_FOOTNOTE = re.compile(r"\[\^(\d+)\](?:\\(?=:))?")


def conversation(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[list[str]]]:
    """The question, and the last (question, answer) before it. 422 for what is no text.

    Messages of other roles are not for Vouch, which answers from the sources alone.
    """
    history: list[list[str]] = []
    asked = ""
    for message in messages:
        if message["role"] == "user":
            asked = _text(message["content"]).strip() or asked
        elif message["role"] == "assistant" and asked:
            said = bare(_text(message["content"]))
            if said:
                history.append([asked, said])
                asked = ""
    if not asked:
        unprocessable("messages", "The last word is the user's: end with a message of theirs.")
    return asked, history[-HISTORY:]


def told(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Role and text of each message. 422 for what is no text."""
    return [(message["role"], _text(message["content"])) for message in messages]


def bare(text: str) -> str:
    """An answer as it was before `footnoted`, and before a client put what the model thought in
    front of it."""
    rows = answer_of(text).rstrip().split("\n")
    while rows and (not rows[-1].strip() or _DEFINITION.match(rows[-1])):
        rows.pop()
    return _FOOTNOTE.sub(r"[\1]", "\n".join(rows)).strip()


class Footnoted:
    """Turns the marks `[n]` of an answer that comes in pieces into footnotes, but for code's."""

    def __init__(self) -> None:
        self._reader = MarkReader()
        self._after_mark = False

    def feed(self, piece: str) -> str:
        return self._said(self._reader.feed(piece))

    def end(self) -> str:
        return self._said(self._reader.end())

    def _said(self, items: Iterable[Text | Mark]) -> str:
        out = ""
        for item in items:
            if isinstance(item, Mark):
                out += "".join(f"[^{number}]" for number in item.numbers)
            elif self._after_mark and item.text.startswith(":"):
                # With its colon a mark at the start of a line would define the footnote.
                out += f"\\{item.text}"
            else:
                out += item.text
            self._after_mark = isinstance(item, Mark)
        return out


def proofs(turn: Mapping[str, Any]) -> str:
    """The footnotes of a turn, to be put after its answer."""
    notes = [f"[^{each['number']}]: {exports.proof(each)}" for each in turn["citations"]]
    return "\n\n" + "\n\n".join(notes) if notes else ""


def footnoted(turn: Mapping[str, Any]) -> str:
    marks = Footnoted()
    return marks.feed(turn["answer"]) + marks.end() + proofs(turn)


def completion(turn: Mapping[str, Any], model: str, created: int) -> dict[str, Any]:
    """A `chat.completion` of a turn as the API shows it."""
    message = {
        "role": "assistant",
        "content": footnoted(turn),
        "refusal": None,
        "citations": turn["citations"],
    }
    if turn["reasoning"]:
        message["reasoning_content"] = turn["reasoning"]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        **_head("chat.completion", turn["turn_id"], model, created),
        "choices": [choice],
        "usage": usage(turn),
        "vouch": about(turn),
    }


class Chunks:
    """The lines of a stream of `chat.completion.chunk`."""

    def __init__(self, turn_id: str, model: str, created: int, with_usage: bool) -> None:
        self._head = _head("chat.completion.chunk", turn_id, model, created)
        self._with_usage = with_usage

    def role(self) -> str:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def text(self, text: str) -> str:
        return self._chunk({"content": text}) if text else ""

    def reasoning(self, text: str) -> str:
        return self._chunk({"reasoning_content": text}) if text else ""

    def last(self, turn: Mapping[str, Any]) -> str:
        """The footnotes with the proofs, the end, and the usage if it was asked for."""
        fields = {"citations": turn["citations"], "vouch": about(turn)}
        notes = proofs(turn)
        delta = {"content": notes, "citations": turn["citations"]}
        ending = self._chunk(delta, **fields) if notes else ""
        ending += self._chunk({}, "stop", **fields)
        if self._with_usage:
            ending += _line({**self._head, "choices": [], "usage": usage(turn)})
        return ending + DONE

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **fields: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {**self._head, "choices": [choice], **fields}
        if self._with_usage:
            chunk["usage"] = None
        return _line(chunk)


def failure(message: str, code: str | None) -> str:
    """The line that breaks off a stream: OpenAI's SDKs raise its message."""
    return _line(error(500, message, code))


def about(turn: Mapping[str, Any]) -> dict[str, Any]:
    """What OpenAI's shapes have no place for; of a task of the client's only that it is one."""
    if turn.get("is_task"):
        return {"task": True}
    return {
        key: turn[key]
        for key in ("turn_id", "session_id", "status", "answered", "claims", "related", "notices")
    }


def usage(turn: Mapping[str, Any]) -> dict[str, int]:
    """Tokens read and written; 0 where no language model was asked."""
    read, wrote = (
        int(turn["usage"].get(key) or 0) for key in ("prompt_tokens", "completion_tokens")
    )
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def error(
    status: int, message: str, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """An error's body in OpenAI's shape."""
    kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(
        status, "server_error" if status >= 500 else "invalid_request_error"
    )
    told = {"message": message, "type": kind, "param": param, "code": code or _CODES.get(status)}
    return {"error": told}


def fail(status: int, message: str, code: str | None = None) -> NoReturn:
    """End the request with an error in OpenAI's shape."""
    answer = jsonify(error(status, message, code))
    answer.status_code = status
    if status >= 500:
        # Asking again would make another turn that fails in the same way.
        answer.headers["X-Should-Retry"] = "false"
    abort(answer)


def reshaped(response: Response) -> Response:
    """An error of the application's common shape in OpenAI's; anything else as it is."""
    body = response.get_json(silent=True) if response.status_code >= 400 else None
    if not isinstance(body, dict) or not {"code", "status"} <= body.keys():
        return response
    status = 400 if response.status_code == 422 else response.status_code
    message = body.get("message") or body["status"]
    fields = (body.get("errors") or {}).get("json") or {}
    param = next(iter(fields), None)
    if param is not None:
        message = f"{param}: {_first(fields[param])}"
    response.status_code = status
    response.data = json.dumps(error(status, message, param=param))
    return response


def _first(told: Any) -> str:
    """The first message in what marshmallow tells of a field."""
    while isinstance(told, dict | list) and told:
        told = next(iter(told.values())) if isinstance(told, dict) else told[0]
    return str(told)


def _text(content: Any) -> str:
    """The text of a message's content: a string, or parts of type `text`."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        unprocessable("messages", "The content of a message is a text or a list of parts.")
    texts = []
    for part in content:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            unprocessable("messages", "Only parts of type text can be read; leave out others.")
        texts.append(part["text"])
    return "\n".join(texts)


def _head(kind: str, turn_id: str, model: str, created: int) -> dict[str, Any]:
    return {"id": f"chatcmpl-{turn_id}", "object": kind, "created": created, "model": model}


def _line(data: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n"
