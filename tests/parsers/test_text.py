"""Markdown and plain text as their parsers read them, in every encoding; nothing is invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import UnsupportedType
from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions
from tests.support.parsed_documents import check_places, parse, segments_of, told

MARKDOWN = """---
title: "The manual"
---
# Set up

Text before a list
- one
- two
  - nested

1. First:
   ```sh
   # no heading
     indented
   ```

| Name | Value |
|------|-------|
| a    | 1     |

## Set up
<script>steal()</script>
"""


def test_markdown_structure(tmp_path: Path) -> None:
    path = tmp_path / "manual.md"
    path.write_text(MARKDOWN)
    parts = parse(path)
    assert told(parts) == [
        ("title", 1, "Set up"),
        ("text", None, "Text before a list"),
        ("list_item", None, "• one"),
        ("list_item", None, "• two"),
        ("list_item", None, "• nested"),
        ("list_item", None, "1. First:"),
        ("code", None, "# no heading\n  indented"),
        ("table", None, "Name | Value\na | 1"),
        ("title", 2, "Set up"),
    ]
    assert [s.locators[0].anchor for s in segments_of(parts) if s.kind == "title"] == [
        "#set-up",
        "#set-up-1",
    ]
    assert parts[0].facts["title"] == "The manual"
    check_places(parts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_text_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes("Die Pumpe läuft.\r\n\r\n- Öl prüfen\r\n- Ventil öffnen\r\n".encode(encoding))
    parts = parse(path)
    assert told(parts) == [
        ("text", None, "Die Pumpe läuft."),
        ("list_item", None, "- Öl prüfen"),
        ("list_item", None, "- Ventil öffnen"),
    ]
    guessed = [w.code for w in parts[0].warnings]
    assert guessed == (["encoding_guessed"] if encoding == "latin-1" else [])
    check_places(parts)


def test_text_without_a_break_is_parted_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    words = [f"word{number}" for number in range(400_000)]
    path.write_text(" ".join(words))
    parts = parse(path)
    assert max(len(s.text) for s in segments_of(parts)) <= 4_000
    assert " ".join(s.text for s in segments_of(parts)).split() == words
    check_places(parts)


def test_a_long_log_is_parted_between_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "pump.log"
    lines = [f"10:00:{n:04} WARN Valve stuck. Pressure {n}.5 bar, retrying" for n in range(300)]
    path.write_text("\n".join(lines))
    parts = parse(path)
    assert len(segments_of(parts)) > 3
    assert [line for s in segments_of(parts) for line in s.text.splitlines()] == lines
    check_places(parts)


def test_control_characters_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bell.md"
    path.write_bytes(b"bell\x1b[31m and more\n")
    assert told(parse(path)) == [("text", None, "bell[31m and more")]


@pytest.mark.parametrize("name", ["empty.md", "blank.txt", "blank.html", "blank.csv"])
def test_nothing_is_invented(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("  \n\n")
    kind = {".md": "text/markdown", ".txt": "text/plain", ".html": "text/html", ".csv": "text/csv"}
    parts = list(parser_for(kind[path.suffix]).parse(path, ParseOptions()))
    assert segments_of(parts) == []


def test_types_nobody_parses() -> None:
    with pytest.raises(UnsupportedType, match="application/zip"):
        parser_for("application/zip")


def test_lines_of_a_wrapped_paragraph_are_one(tmp_path: Path) -> None:
    path = tmp_path / "wrapped.txt"
    path.write_text(
        "The operator closes the valve by hand only after the\n"
        "whole pressure has fallen below the marked value and\n"
        "the pump has come to rest.\n\n"
        "Roses are red\nViolets are blue\n\n"
        "Pump     4 bar\nvalve    7 bar\n"
    )
    assert [text for _, _, text in told(parse(path))] == [
        "The operator closes the valve by hand only after the whole pressure has fallen below the "
        "marked value and the pump has come to rest.",
        "Roses are red\nViolets are blue",
        "Pump 4 bar\nvalve 7 bar",
    ]


def test_steps_under_the_line_that_introduces_them(tmp_path: Path) -> None:
    path = tmp_path / "steps.txt"
    path.write_text(
        "To replace the fuse:\n1. Switch the mains off and wait until the lamp\n"
        "   of the supply has gone out.\n2. Open the lid.\n   a) Loosen the screw.\n3. Pull it.\n"
    )
    parts = parse(path)
    assert told(parts) == [
        ("text", None, "To replace the fuse:"),
        (
            "list_item",
            None,
            "1. Switch the mains off and wait until the lamp of the supply has gone out.",
        ),
        ("list_item", None, "2. Open the lid."),
        ("list_item", None, "a) Loosen the screw."),
        ("list_item", None, "3. Pull it."),
    ]
    check_places(parts)
