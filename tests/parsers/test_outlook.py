"""Outlook's own files of e-mails: read as the e-mail that they hold, with its attachments."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import SourceUnreadable
from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import detect_path
from tests.support.client import Client
from tests.support.outlook_files import save_mail
from tests.support.parsed_documents import check_places, check_resumes, parse, told

OUTLOOK = "application/vnd.ms-outlook"


def test_an_outlook_mail_is_read_with_its_attachments(tmp_path: Path) -> None:
    path = save_mail(
        tmp_path / "pump.msg",
        body="Hello,\r\n\r\nit leaks at the seal.",
        attached={"order.csv": b"part,pieces\nseal,4\n", "tool.exe": b"MZ\x90\x00" + bytes(100)},
    )
    assert detect_path(path) == OUTLOOK
    parts = parse(path)
    assert told(parts) == [
        (
            "metadata",
            None,
            "From: Åsa Öst <asa@example.com>\nTo: support@example.com\n"
            "Date: Tue, 05 Mar 2024 08:30:00 +0000\nSubject: The pump",
        ),
        ("title", 1, "The pump"),
        ("text", None, "Hello,"),
        ("text", None, "it leaks at the seal."),
        ("title", 2, "order.csv"),
        ("table", None, "part | pieces\nseal | 4"),
        ("title", 2, "tool.exe"),
    ]
    warned = [(w.code, w.place) for part in parts for w in part.warnings]
    assert warned == [("attachment_not_read", "tool.exe")]
    facts = parts[-1].facts
    assert (facts["title"], facts["attachments"]) == ("The pump", 2)
    assert facts["created"] == "2024-03-05T08:30:00+00:00"
    check_places(parts)
    check_resumes(path, parts)


def test_a_body_in_html_keeps_its_structure(tmp_path: Path) -> None:
    html = "<h2>Order</h2><ul><li>Größe 4</ul>".encode()
    path = save_mail(tmp_path / "order.msg", body="", html=html, attached={})
    assert told(parse(path))[2:] == [("title", 2, "Order"), ("list_item", None, "• Größe 4")]


@pytest.mark.parametrize("length", [8, 700, 2000])
def test_a_damaged_outlook_mail_says_so(tmp_path: Path, length: int) -> None:
    path = save_mail(tmp_path / "cut.msg", body="it leaks", attached={})
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(SourceUnreadable, match="damaged"):
        list(parser_for(OUTLOOK).parse(path, ParseOptions()))


def test_an_uploaded_outlook_mail_answers(admin: Client, instrument: str, tmp_path: Path) -> None:
    path = save_mail(tmp_path / "a.msg", body="The seal is 12 mm wide.", attached={})
    source = admin.add_bytes(instrument, "seal.msg", path.read_bytes())
    assert (source["type"], source["media_type"]) == ("document", OUTLOOK)
    turn = admin.ask(instrument, "How wide is the seal?")
    assert "12 mm" in turn["citations"][0]["quote"]
