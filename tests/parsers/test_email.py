"""E-mails as files: headers, body and attachments, each found where it says it is."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from pipelines.errors import SourceUnreadable
from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import detect_path
from pipelines.types import Part
from tests.support.client import Client
from tests.support.documents import pdf, picture
from tests.support.parsed_documents import check_places, check_resumes, parse, segments_of, told


def mail(subject: str = "The pump", text: str = "It leaks since Monday.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Åsa Öst <asa@example.com>"
    message["To"] = "support@example.com"
    message["Date"] = "Tue, 05 Mar 2024 09:30:00 +0100"
    message["Subject"] = subject
    if text:
        message.set_content(text)
    return message


def save(tmp_path: Path, message: EmailMessage) -> Path:
    path = tmp_path / "mail.eml"
    path.write_bytes(message.as_bytes())
    return path


def read(path: Path) -> list[Part]:
    assert detect_path(path) == "message/rfc822"
    parts = parse(path)
    check_places(parts)
    check_resumes(path, parts)
    return parts


def text_of(parts: list[Part]) -> str:
    return "\n".join(s.text for s in segments_of(parts))


def warned(parts: list[Part]) -> list[tuple[str, str | None]]:
    return [(w.code, w.place) for part in parts for w in part.warnings]


def test_headers_and_body(tmp_path: Path) -> None:
    message = mail(text="Hello,\n\nit leaks:\n\n- at the seal\n- at the valve\n\nÅsa")
    message["Cc"] = "boss@example.com"
    parts = read(save(tmp_path, message))
    assert told(parts) == [
        (
            "metadata",
            None,
            "From: Åsa Öst <asa@example.com>\nTo: support@example.com\nCc: boss@example.com\n"
            "Date: Tue, 05 Mar 2024 09:30:00 +0100\nSubject: The pump",
        ),
        ("title", 1, "The pump"),
        ("text", None, "Hello,"),
        ("text", None, "it leaks:"),
        ("list_item", None, "- at the seal"),
        ("list_item", None, "- at the valve"),
        ("text", None, "Åsa"),
    ]
    facts = parts[0].facts
    assert (facts["title"], facts["author"]) == ("The pump", "Åsa Öst <asa@example.com>")
    assert facts["created"] == "2024-03-05T09:30:00+01:00"


def test_of_two_forms_of_one_text_one_is_read(tmp_path: Path) -> None:
    message = mail()
    message.add_alternative("<p>It leaks since <b>Monday</b>.</p>", subtype="html")
    assert text_of(read(save(tmp_path, message))).count("leaks since Monday") == 1


@pytest.mark.parametrize("stub", [" \r\n ", "Your mail program can't show this e-mail."])
def test_of_two_forms_the_one_that_says_something_is_read(tmp_path: Path, stub: str) -> None:
    message = mail(text=stub)
    said = "It leaks since Monday, at the seal of the upper valve, about a litre an hour. " * 2
    message.add_alternative(f"<p>{said}</p>", subtype="html")
    assert [text for _, _, text in told(read(save(tmp_path, message)))[2:]] == [said.strip()]


def test_a_body_in_html_keeps_its_structure(tmp_path: Path) -> None:
    message = mail(text="")
    message.set_content(
        "<h2>Order</h2><script>steal()</script><table><tr><th>Part<th>Pieces</tr>"
        "<tr><td>Seal<td>4</tr></table><ul><li>soon</ul>",
        subtype="html",
    )
    assert told(read(save(tmp_path, message)))[2:] == [
        ("title", 2, "Order"),
        ("table", None, "Part | Pieces\nSeal | 4"),
        ("list_item", None, "• soon"),
    ]


def test_attachments_are_read_by_their_own_parsers(tmp_path: Path) -> None:
    message = mail()
    # The sender's word for the type is not asked.
    message.add_attachment(
        pdf("The seal is 12 mm wide.", "The valve opens at 3 bar."),
        maintype="application",
        subtype="octet-stream",
        filename="manual.bin",
    )
    message.add_attachment("part,pieces\nseal,4\n", subtype="csv", filename="order.csv")
    message.add_attachment(
        picture("SERIAL 4711"), maintype="image", subtype="png", filename="plate.png"
    )
    parts = read(save(tmp_path, message))
    found = told(parts)
    assert ("title", 2, "manual.bin") in found
    assert ("title", 2, "order.csv") in found
    text = text_of(parts)
    order = ["leaks", "manual.bin", "12 mm", "3 bar", "order.csv", "seal | 4", "plate.png", "4711"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert {s.locators[0].type for s in segments_of(parts)} == {"text"}
    assert parts[-1].facts["attachments"] == 3


def test_fragments_say_which_attachment_they_are_from(tmp_path: Path) -> None:
    from pipelines.chunking import Chunker

    message = mail()
    book = pdf("The seal is 12 mm wide.", "The valve opens at 3 bar.")
    message.add_attachment(book, maintype="application", subtype="pdf", filename="a.pdf")

    def offsets(texts: list[str]) -> list[list[tuple[int, int]]]:
        return [[(i, i + 1) for i in range(len(text))] for text in texts]

    chunker = Chunker(offsets, 256)
    fragments = [f for part in parse(save(tmp_path, message)) for f in chunker.feed(part)]
    [seal] = [f for f in fragments if "12 mm" in f.text]
    [valve] = [f for f in fragments if "3 bar" in f.text]
    # A heading that the text itself begins with is not said twice.
    assert (seal.heading_path, seal.text.splitlines()[0]) == (("The pump",), "a.pdf")
    assert valve.heading_path == ("The pump", "a.pdf")


def test_a_mail_in_a_mail(tmp_path: Path) -> None:
    inner = mail("Inner", "The cause is the gasket.")
    inner.add_attachment("wear: 3 mm", filename="wear.txt")
    message = mail()
    message.add_attachment(inner)
    found = told(read(save(tmp_path, message)))
    assert ("text", None, "The cause is the gasket.") in found
    assert ("title", 3, "Inner") in found
    assert ("text", None, "wear: 3 mm") in found


def test_mails_in_mails_without_end(tmp_path: Path) -> None:
    message = mail("Innermost", "the core")
    for depth in range(8):
        outer = mail(f"Level {depth}", f"text {depth}")
        outer.add_attachment(message)
        message = outer
    parts = parse(save(tmp_path, message))
    assert "the core" not in text_of(parts)
    assert "text 7" in text_of(parts)
    assert [code for code, _ in warned(parts)] == ["attachment_not_read"]


def test_what_can_not_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    message = mail()
    for name, data in {
        "tool.exe": b"MZ\x90\x00" + bytes(100),
        "broken.pdf": b"%PDF-1.4\n1 0 obj\nnonsense",
        "../../etc/none.zip": b"PK\x05\x06" + bytes(18),
        "empty.txt": b"",
    }.items():
        message.add_attachment(data, maintype="application", subtype="x", filename=name)
    parts = read(save(tmp_path, message))
    assert "leaks since Monday" in text_of(parts)
    assert warned(parts) == [
        ("attachment_not_read", name)
        for name in ("tool.exe", "broken.pdf", "none.zip", "empty.txt")
    ]


def test_more_attachments_than_anybody_reads(tmp_path: Path) -> None:
    message = mail()
    for n in range(60):
        message.add_attachment(f"note number {n}", filename=f"{n}.txt")
    parts = parse(save(tmp_path, message))
    assert "note number 49" in text_of(parts)
    assert "note number 50" not in text_of(parts)
    assert [code for code, _ in warned(parts)] == ["attachment_not_read"]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.c\nSubject: =?utf-9?q?bad?=\nTo: d\nContent-Type: text/plain; charset=x-no\n\n"
        b"hi there",
        b"From: a@b.c\nTo: <<>\nDate: yesterday\nSubject: x\nContent-Type: multipart/mixed\n\n"
        b"hi there",
        b"From: a@b.c\nSubject: x\nTo: d\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: base64\n\naGkgdGhlcmU=%%%",
        b"From: \xff\xfe\nSubject: \xe9\nTo: d\n\nhi there",
        b"From: a@b.c\nSubject: x\nTo: d\nContent-Disposition: attachment; filename*=bad''%ZZ\n\n"
        b"hi there",
    ],
)
def test_broken_mails_are_read_as_far_as_they_go(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.eml"
    path.write_bytes(raw)
    parts = parse(path)
    check_places(parts)
    assert "From:" in text_of(parts)


def test_what_is_no_mail(tmp_path: Path) -> None:
    path = tmp_path / "x.eml"
    path.write_bytes(b"\n\njust text")
    with pytest.raises(SourceUnreadable):
        list(parser_for("message/rfc822").parse(path, ParseOptions()))


def test_an_uploaded_mail_answers_from_its_attachment(admin: Client, instrument: str) -> None:
    message = mail(f"Pump {instrument}")
    message.add_attachment(
        pdf("The seal of the pump is 12 mm wide."),
        maintype="application",
        subtype="pdf",
        filename="seal.pdf",
    )
    source = admin.add_bytes(instrument, "seal.eml", message.as_bytes())
    assert (source["type"], source["media_type"]) == ("document", "message/rfc822")
    turn = admin.ask(instrument, "How wide is the seal of the pump?")
    citation = next(c for c in turn["citations"] if "12 mm" in c["quote"])
    view = admin.get(f"/api/viewer/text/{source['id']}").json()
    place = citation["locator"]
    assert citation["quote"] in view["text"][place["start"] : place["end"]]
