"""The way through the house: a file in, an answer with located proofs out."""

from __future__ import annotations

import io

import httpx
from PIL import Image

from tests.support.client import Client
from tests.support.documents import NOTES, pdf, picture


def test_a_pdf_answers_with_the_box_on_its_page(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(
        instrument,
        "oven.pdf",
        pdf(
            "The oven is painted green.",
            "The heating element of the oven draws 2300 watts.\nIt reaches 250 degrees.",
        ),
    )
    assert (source["status"], source["type"], source["pages"]) == ("ready", "pdf", 2)
    assert source["fragment_count"] >= 2

    turn = admin.ask(instrument, "How many watts does the heating element of the oven draw?")

    assert turn["status"] == "done"
    assert "2300 watts" in turn["answer"]
    assert "[1]" in turn["answer"]
    proof = turn["citations"][0]
    assert proof["number"] == 1
    assert proof["source_id"] == source["id"]
    assert "2300 watts" in proof["quote"]
    assert proof["locator"]["type"] == "page"
    assert proof["locator"]["page"] == 2
    x0, y0, x1, y1 = proof["locator"]["boxes"][0]
    assert 0 < x0 < x1 < 1
    # The line was printed at the very top of the page.
    assert 0.04 < y0 < y1 < 0.12
    assert {claim["verdict"] for claim in turn["claims"]} <= {"verified", "partial", "unsupported"}
    assert turn["claims"][0]["verdict"] == "verified"
    assert turn["timings"].keys() >= {"queued_ms", "retrieve_ms", "first_token_ms", "total_ms"}


def test_the_viewer_shows_the_proof_where_it_stands(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "lamp.pdf", pdf("A lamp.", "The lamp weighs 930 grams."))
    proof = admin.ask(instrument, "How many grams does the lamp weigh?")["citations"][0]

    view = admin.get(f"/api/viewer/pdf/{source['id']}", params={"citation": proof["id"]}).json()
    assert (view["type"], view["page"], view["page_count"]) == ("pdf", 2, 2)
    assert view["boxes"] == proof["locator"]["boxes"]
    assert httpx.get(view["file_url"]).content.startswith(b"%PDF")

    def page(**params: str | int) -> Image.Image:
        answer = admin.get(f"/api/viewer/pdf/{source['id']}/pages/2.png", params=params)
        assert answer.status_code == 200, answer.text
        return Image.open(io.BytesIO(answer.content)).convert("RGB")

    marked, plain = page(citation=proof["id"], width=800), page(width=800)
    x0, y0, x1, _ = view["bbox"]
    inside = (int((x0 + x1) / 2 * 800), int(y0 * marked.height) - 1)
    outside = (400, marked.height // 2)
    assert marked.width == 800
    assert marked.getpixel(inside) != plain.getpixel(inside)
    assert marked.getpixel(outside) == plain.getpixel(outside)


def test_a_picture_answers_with_a_region(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(
        instrument, "plate.png", picture("Pump model Kestrel 40", "Serial number 77821")
    )
    assert source["type"] == "image"
    proof = admin.ask(instrument, "What is the serial number of the pump?")["citations"][0]
    assert "77821" in proof["quote"]
    assert proof["locator"]["type"] == "region"
    x0, y0, x1, _ = proof["focus"]["locators"][0]["boxes"][0]
    assert 0 <= x0 < x1 <= 1
    assert y0 > 0.3

    view = admin.get(f"/api/viewer/image/{source['id']}", params={"citation": proof["id"]}).json()
    assert view["boxes"] == proof["focus"]["locators"][0]["boxes"]
    assert (view["width"], view["height"]) == (900, 260)


def test_a_document_answers_with_a_range_of_its_text(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    proof = admin.ask(instrument, "How many watts does the motor of the mixer draw?")["citations"][
        0
    ]
    assert "450 watts" in proof["quote"]
    view = admin.get(f"/api/viewer/text/{source['id']}", params={"citation": proof["id"]}).json()
    assert view["text"][view["start"] : view["end"]] == "The motor draws 450 watts."


def test_fragments_carry_their_headings_and_places(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    fragments = admin.get(f"/api/sources/{source['id']}/fragments").json()
    cleaning = next(f for f in fragments if "chlorine" in f["text"])
    path = " > ".join([*cleaning["heading_path"], cleaning["text"]])
    assert path.index("Aurora mixer") < path.index("Cleaning") < path.index("chlorine")
    assert [f["ordinal"] for f in fragments] == sorted(f["ordinal"] for f in fragments)
    assert all(f["tokens"] <= 256 for f in fragments)


def test_what_the_sources_do_not_say_is_not_answered(admin: Client, instrument: str) -> None:
    admin.add_bytes(instrument, "mixer.md", NOTES)
    turn = admin.ask(instrument, "Who won the chess tournament of Reykjavik in 1972?")
    assert turn["answer"] == "This was not found in the sources."
    assert turn["citations"] == []


def test_an_empty_instrument_answers_honestly(admin: Client, instrument: str) -> None:
    turn = admin.ask(instrument, "What is the weight of the lamp?")
    assert turn["status"] == "done"
    assert turn["answer"] == "This was not found in the sources."
    assert turn["citations"] == []


def test_a_source_without_text_fails_with_the_reason(admin: Client, instrument: str) -> None:
    answer = admin.upload(instrument, "blank.pdf", pdf("", ""))
    job = admin.wait(answer.json()["job_id"])
    source = admin.get(f"/api/sources/{answer.json()['source_id']}").json()
    assert (job["state"], job["error"]["code"]) == ("failed", "no_text_found")
    assert (source["status"], source["error"]["code"]) == ("failed", "no_text_found")
    assert "No text was found" in source["error"]["message"]


def test_a_question_can_be_limited_to_sources(admin: Client, instrument: str) -> None:
    one = admin.add_bytes(instrument, "one.txt", b"The red valve opens at 3 bar.")
    two = admin.add_bytes(instrument, "two.txt", b"The red valve opens at 9 bar.")
    question = "At what pressure in bar does the red valve open?"
    for source, pressure in ((one, "3 bar"), (two, "9 bar")):
        turn = admin.ask(instrument, question, source_ids=[source["id"]])
        assert pressure in turn["answer"]
        assert {citation["source_id"] for citation in turn["citations"]} == {source["id"]}
