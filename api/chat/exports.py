"""A conversation as a file: Markdown with footnoted proofs, or JSON with everything."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import Response

from api.chat import markdown
from api.citations.locator_text import describe_locators
from api.citations.recognition import said

Data = Mapping[str, Any]
NAME_LENGTH = 60
ANSWERED = {
    "partly": "The sources answer this in part.",
    "no": "The sources do not answer this.",
}


def response(session: Data, turns: Sequence[Data], format_: str) -> Response:
    """The file as a download. `session` and `turns` as the API shows them; see FORMATS."""
    content_type, write = FORMATS[format_]
    answer = Response(write(session, turns), content_type=content_type)
    name = f"{_safe_name(session['title'])}-{session['id'][:8]}.{format_}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def to_json(session: Data, turns: Sequence[Data]) -> str:
    return json.dumps({**session, "turns": list(turns)}, ensure_ascii=False, indent=2) + "\n"


def to_markdown(session: Data, turns: Sequence[Data]) -> str:
    """Questions as headings, answers side by side, their sentences' verdicts, then the proofs."""
    rows = [f"# {markdown.line(session['title']) or 'Conversation'}"]
    notes: list[str] = []
    for number, group in enumerate(_groups(turns), start=1):
        rows.append(f"## {number}. {markdown.line(group[0]['question'])}")
        for place, turn in enumerate(group, start=1):
            if len(group) > 1:
                chosen = ", chosen" if turn["chosen"] else ""
                rows.append(f"### Answer {place} of {len(group)}{chosen}")
            rows += _turn(turn, notes)
    return "\n\n".join([*rows, *notes]) + "\n"


FORMATS: dict[str, tuple[str, Callable[[Data, Sequence[Data]], str]]] = {
    "md": ("text/markdown; charset=utf-8", to_markdown),
    "json": ("application/json", to_json),
}
"""Format, also its file's ending -> media type and writer."""


def proof(citation: Data) -> str:
    """What a footnote says: title, place, quote, verdict, state. On one line of Markdown."""
    if citation["state"] == "withdrawn":
        return "The source was withdrawn."
    place = describe_locators(citation["locators"])
    title = markdown.line(citation["title"])
    where = f"{title}, {markdown.line(place)}" if place else title
    states = [citation["verdict"] or "unchecked"]
    if citation["state"] == "stale":
        states.append("stale: the source's newest version no longer says so")
    if citation["recognition"]:
        states.append(said(citation["recognition"]))
    return f"{where}: “{markdown.line(citation['quote'])}” ({', '.join(states)})"


def _near(passage: Data) -> str:
    title, place = markdown.line(passage["title"]), describe_locators(passage["locators"])
    where = f"{title}, {markdown.line(place)}" if place else title
    return f"{where}: “{markdown.line(passage['quote'])}”"


def _groups(turns: Iterable[Data]) -> list[list[Data]]:
    """Answers to the same question together, by when it was first asked."""
    groups: dict[str, list[Data]] = {}
    for turn in turns:
        groups.setdefault(turn["regenerated_from"] or turn["turn_id"], []).append(turn)
    return list(groups.values())


def _turn(turn: Data, notes: list[str]) -> list[str]:
    """The blocks of an answer; its footnotes go to `notes`, numbered through the document."""
    numbers: dict[int, int] = {}
    for citation in turn["citations"]:
        numbers[citation["number"]] = len(notes) + 1
        notes.append(f"[^{len(notes) + 1}]: {proof(citation)}")
    rows = [markdown.answer(turn["answer"], numbers) or "*No answer.*"]
    if turn["status"] != "done":
        reason = f": {markdown.line(turn['error']['message'])}" if turn["error"] else ""
        rows.append(f"*This answer is {turn['status']}{reason}*")
    if turn["claims"]:
        rows.append("\n".join(_claim(claim, numbers) for claim in turn["claims"]))
    if turn["understood_as"]:
        rows.append(f"*Understood as: {markdown.line(turn['understood_as'])}*")
    if turn["answered"] in ANSWERED:
        rows.append(f"*{ANSWERED[turn['answered']]}*")
    rows += [f"- Near, but no answer: {_near(each)}" for each in turn["related"]]
    rows += [f"*{markdown.line(notice)}*" for notice in turn["notices"]]
    return rows


def _claim(claim: Data, numbers: Mapping[int, int]) -> str:
    text = markdown.line(re.sub(r"\s*\[\d+\]", "", claim["text"]))
    marks = "".join(f"[^{numbers[n]}]" for n in claim["citations"] if n in numbers)
    lists = ((name, claim.get(name) or ()) for name in ("missing", "changed"))
    named = [f"{name}: " + ", ".join(markdown.line(str(p)) for p in ps) for name, ps in lists if ps]
    return f"- **{claim['verdict']}**: {text}{marks}" + (f" ({'; '.join(named)})" * bool(named))


def _safe_name(title: str) -> str:
    """Letters, digits and hyphens of `title`: the same on every system, and no path."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:NAME_LENGTH].strip("-") or "conversation"
