"""A conversation as a file: every proof a footnote, and nothing of a source comes alive in it."""

from __future__ import annotations

import json
import random
import re

import pytest
from markdown_it import MarkdownIt

from api.chat import exports, markdown
from api.citations.locator_text import describe_locators
from tests.support.client import Client
from tests.support.documents import NOTES, pdf

READER = MarkdownIt("commonmark").enable("table")
ALIVE = re.compile(r"<(a|img|script|h\d)\b", re.IGNORECASE)
MARKS = "` `` ``` ~~~ - = > | \\ [1] a 1. # * _ <img/src=x> <script> [a](//e) ![p](u) &lt; <!-- -->"
PIECES = [*MARKS.split(), "<http://e.x>", "[x]:/u", "[1]: u", "\n", "\n\n", "\n```\n", "\n~~~\n"]
PIECES += [" | a\n|---|---|\n", " ", "    ", "\t", "\r"]


@pytest.mark.parametrize(
    ("locators", "said"),
    [
        ([{"type": "page", "page": 3}], "page 3"),
        ([{"type": "page", "page": 4}, {"type": "page", "page": 3}], "pages 3 and 4"),
        ([{"type": "time", "t_start": 12.4, "t_end": 17.9}], "00:12-00:17"),
        ([{"type": "time", "t_start": 3600, "t_end": 3725}], "1:00:00-1:02:05"),
        ([{"type": "region"}], "in the picture"),
        ([{"type": "text", "start": 1, "end": 9, "anchor": None}], "characters 1 to 9"),
        (
            [{"type": "text", "start": 1, "end": 9, "anchor": "#limits"}],
            "section limits, characters 1 to 9",
        ),
        ([{"type": "message", "position": 7, "author": "user"}], "message 8 by user"),
        (
            [{"type": "cell", "module": "fastqc", "sample": "A1", "column": "percent_gc"}],
            "fastqc: row A1, column percent_gc",
        ),
        ([], ""),
    ],
)
def test_a_place_is_said_as_a_person_says_it(locators: list[dict], said: str) -> None:
    assert describe_locators(locators) == said


def test_an_answer_keeps_its_form_and_its_code() -> None:
    text = "Steps [1]:\n\n- **Open** `a[1]`\n\n```c\nb[1] = <x>;\n```\n\n| x | `y` |\n|---|---|"
    shown = markdown.answer(text, {1: 7})
    assert shown == text.replace("Steps [1]:", "Steps [^7]\\:")


def test_nothing_comes_alive_whatever_is_written() -> None:
    made = random.Random(4)
    for _ in range(4000):
        text = "".join(made.choice(PIECES) for _ in range(made.randint(1, 12)))
        document = f"{markdown.answer(text, {1: 1})}\n\n{markdown.line(text)}\n\n<i>end</i>"
        shown = READER.render(document)
        assert not ALIVE.search(shown), text
        # What follows the text is read as if the text were not there.
        assert "<i>end</i>" in shown, text


def _turn(number: int, **changes: object) -> dict:
    citation = {
        "number": 1,
        "title": "The [manual](http://evil.example)",
        "locators": [{"type": "page", "page": 3}],
        "quote": "Draws **450** watts.\n# <img src=x>",
        "recognition": None,
        "verdict": "verified",
        "state": "current",
    }
    claim = {"text": "It draws 450 watts [1].", "verdict": "verified", "citations": [1]}
    turn = {
        "turn_id": f"turn-{number}",
        "regenerated_from": None,
        "chosen": True,
        "question": "How many\n# watts?",
        "answer": "It draws 450 watts [1].",
        "status": "done",
        "answered": "yes",
        "understood_as": None,
        "related": [],
        "error": None,
        "citations": [citation],
        "claims": [claim],
        "notices": [],
    }
    return {**turn, **changes}


SESSION = {"id": "0123456789ab", "title": "../Motor <b>"}


def test_footnotes_count_through_the_document() -> None:
    text = exports.to_markdown(SESSION, [_turn(1), _turn(2)])
    assert "It draws 450 watts [^1]." in text
    assert "It draws 450 watts [^2]." in text
    assert re.findall(r"^\[\^(\d)\]: ", text, re.MULTILINE) == ["1", "2"]
    assert "- **verified**: It draws 450 watts.[^2]" in text
    assert "page 3: “Draws \\*\\*450\\*\\* watts. \\# \\<img src=x\\>” (verified)" in text
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# ../Motor \\<b\\>",
        "## 1. How many \\# watts?",
        "## 2. How many \\# watts?",
    ]
    assert "<a" not in READER.render(text)


def test_what_is_missing_and_changed_of_a_sentence_is_told() -> None:
    claim = {
        "text": "It draws 400 watts <b> [1].", "verdict": "unsupported", "citations": [1],
        "missing": ["number: 400 watts"], "changed": ["450 watts -> 400 watts"],
    }  # fmt: skip
    text = exports.to_markdown(SESSION, [_turn(1, claims=[claim])])
    assert (
        "- **unsupported**: It draws 400 watts \\<b\\>.[^1] "
        "(missing: number: 400 watts; changed: 450 watts -\\> 400 watts)" in text
    )


def test_answers_to_one_question_stand_together() -> None:
    turns = [_turn(1, chosen=False), _turn(2), _turn(3, regenerated_from="turn-1")]
    text = exports.to_markdown(SESSION, turns)
    headings = [line for line in text.splitlines() if re.match("#{2,3} ", line)]
    assert [heading.split(" ", 1)[1] for heading in headings] == [
        "1. How many \\# watts?",
        "Answer 1 of 2",
        "Answer 2 of 2, chosen",
        "2. How many \\# watts?",
    ]


def test_a_stopped_turn_says_so() -> None:
    failed = _turn(
        1,
        status="failed",
        answer="",
        citations=[],
        claims=[],
        error={"code": "x", "message": "No key."},
    )
    assert "This answer is failed: No key." in exports.to_markdown(SESSION, [failed])


def test_a_conversation_is_exported(admin: Client, instrument: str) -> None:
    admin.add_bytes(instrument, "oven.pdf", pdf("An oven.", "The oven draws 2300 watts."))
    mixer = admin.add_bytes(instrument, "mixer.md", NOTES)
    oven = admin.ask(instrument, "How many watts does the oven draw?")
    session = oven["session_id"]
    motor = admin.ask(instrument, "How many litres does the bowl hold?", session_id=session)
    admin.patch(f"/api/chat/sessions/{session}", json={"title": "Öfen / ../../etc\r\nX: y"})
    address = f"/api/chat/sessions/{session}/export"

    whole = admin.get(address, params={"format": "json"})
    assert whole.headers["Content-Type"] == "application/json"
    shown = whole.json()
    assert (shown["session_id"], shown["turn_count"]) == (session, 2)
    assert shown["turns"] == [
        admin.get(f"/api/chat/turns/{turn['turn_id']}").json() for turn in (oven, motor)
    ]

    answer = admin.get(address)
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=ofen-etc-x-y-{session[:8]}.md"
    )
    assert re.search(r"^\[\^1\]: oven, page 2: “The oven draws 2300 watts\.” \(", answer.text, re.M)
    assert "6.5 litres" in answer.text

    admin.delete(f"/api/sources/{mixer['id']}")
    gone = admin.get(address).text
    quotes = [line for line in gone.splitlines() if line.startswith("[^")]
    assert any("2300 watts" in quote for quote in quotes)
    assert not any("6.5 litres" in quote for quote in quotes)
    assert "The source was withdrawn." in gone
    cited = json.loads(admin.get(address, params={"format": "json"}).text)["turns"][1]["citations"]
    assert {citation["quote"] for citation in cited} == {""}
    assert admin.get(address, params={"format": "doc"}).status_code == 422
