"""Web pages as their parser reads them: the main text is kept with its structure, the rest told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.types import Part
from tests.support.parsed_documents import check_places, check_resumes, parse, segments_of, told

PROSE = (
    "The rotor is balanced at the factory and must not be opened in the field, since any change "
    "of the weights makes it shake at speed and wears out the lower bearing within a few weeks. "
)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"\w{2,}", text))


def article(tmp_path: Path, body: str, head: str = "") -> Path:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>")
    return path


def teasers(count: int) -> str:
    items = (
        f"<div><a href=/t{n}>Ten rotors you will not believe, part {n}</a></div>"
        for n in range(count)
    )
    return f"<div class=related>{''.join(items)}</div>"


BODY = f"""<div class=menu><a href=/>Home</a> <a href=/shop>Shop</a></div>
<article><h1 id=care>Care of the rotor</h1><p>{PROSE * 2}</p>
<h2 id=steps>Steps</h2><ol><li>Unplug the device and wait until the rotor stands still.</li>
<li>Loosen the nut with the rotor key and lift the rotor out by its grip.</li></ol>
<table><tr><th>Part</th><th>Torque</th></tr><tr><td>Nut</td><td>5.5 Nm</td></tr></table>
<pre>rotor --weigh</pre><p>{PROSE}</p><p>{PROSE.replace("rotor", "bowl")}</p></article>
{teasers(30)}<div class=footer>Copyright 2020 Rotors Incorporated, all rights reserved.</div>"""


def warned(parts: list[Part]) -> list[str]:
    return [warning.code for part in parts for warning in part.warnings]


def test_the_main_text_is_kept_with_its_structure(tmp_path: Path) -> None:
    path = article(tmp_path, BODY)
    parts = parse(path)
    kinds = [(kind, level) for kind, level, _ in told(parts)]
    assert kinds == [
        ("title", 1),
        ("text", None),
        ("title", 2),
        ("list_item", None),
        ("list_item", None),
        ("table", None),
        ("code", None),
        ("text", None),
        ("text", None),
    ]
    assert ("table", None, "Part | Torque\nNut | 5.5 Nm") in told(parts)
    text = " ".join(s.text for s in segments_of(parts))
    assert "believe" not in text
    assert "Shop" not in text
    assert "Copyright" not in text
    assert [s.locators[0].anchor for s in segments_of(parts)][1:3] == ["#care", "#steps"]
    assert parts[0].facts["main_text"] == "found"
    assert warned(parts) == []
    check_places(parts)
    check_resumes(path, parts)


def test_a_short_page_is_kept_whole(tmp_path: Path) -> None:
    path = article(tmp_path, "<div>Opening hours</div><table><tr><td>Mon<td>8 to 17</table>")
    parts = parse(path)
    assert [text for _, _, text in told(parts)] == ["Opening hours", "Mon | 8 to 17"]
    assert parts[0].facts["main_text"] == "whole page"
    assert warned(parts) == []


def test_more_prose_outside_than_inside_is_kept_and_told(tmp_path: Path) -> None:
    """A page whose text stands in many boxes, of which a finder takes one for the article."""
    boxes = "".join(
        f"<div class='sidebar widget'><p>{PROSE.replace('rotor', f'rotor of model {n}')}</p></div>"
        for n in range(12)
    )
    path = article(tmp_path, f"<article><p>{PROSE}</p><p>{PROSE}</p></article>{boxes}")
    parts = parse(path)
    text = " ".join(s.text for s in segments_of(parts))
    assert all(f"model {n} " in text for n in range(12))


def test_a_discussion_is_kept_with_its_answers(tmp_path: Path) -> None:
    answers = "".join(f"<div class=comment><p>Answer {n}: {PROSE}</p></div>" for n in range(6))
    head = '<script type="application/ld+json">{"@type": "QAPage"}</script>'
    path = article(
        tmp_path, f"<article><p>{PROSE}</p></article><div id=comments>{answers}</div>", head
    )
    parts = parse(path)
    text = " ".join(s.text for s in segments_of(parts))
    assert all(f"Answer {n}" in text for n in range(6))
    assert parts[0].facts["main_text"] == "whole page"


def test_readers_comments_are_left_out_and_told(tmp_path: Path) -> None:
    comments = "".join(
        f"<li class=comment><p>Reader {n} says that {PROSE.replace('rotor', f'fan {n}')}</p></li>"
        for n in range(20)
    )
    path = article(
        tmp_path,
        f"<article><h1>News</h1><p>{PROSE}</p><p>{PROSE.replace('rotor', 'lid')}</p></article>"
        f"<div id=comments><ol class=commentlist>{comments}</ol></div>",
    )
    parts = parse(path)
    assert "Reader 7" not in " ".join(s.text for s in segments_of(parts))
    assert warned(parts) == ["comments_left_out"]


def test_a_sign_in_page_is_told(tmp_path: Path) -> None:
    form = (
        "<form><label>Name<input name=n></label><label>Password<input type=password></label></form>"
    )
    parts = parse(article(tmp_path, f"<h1>Sign in</h1><p>Welcome back.</p>{form}"))
    assert warned(parts) == ["looks_like_sign_in"]
    assert warned(parse(article(tmp_path, BODY + form))) == []


@pytest.mark.corpus
def test_saved_pages_lose_no_paragraph(corpus: Path) -> None:
    from lxml import html

    for path in sorted((corpus / "html").glob("*.html")):
        page = html.fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
        main = page.find(".//main")
        main = page if main is None else main
        for node in main.xpath(
            ".//script|.//style|.//head|.//noscript|.//nav|.//footer|.//button|.//svg"
            "|.//*[contains(@style, 'display:none') or contains(@style, 'display: none')]"
            "|.//*[@aria-hidden='true' or @hidden]|.//comment()|.//*[@role='navigation']"
        ):
            if node.getparent() is not None:
                node.drop_tree()
        nodes = main.xpath(".//p|.//pre|.//h1|.//h2|.//h3|.//td")
        expected = words_of(" ".join(" ".join(node.itertext()) for node in nodes))
        found = words_of(" ".join(s.text for s in segments_of(parse(path))))
        assert len(expected & found) >= 0.97 * len(expected), path.name


@pytest.mark.corpus
@pytest.mark.slow
def test_the_main_text_is_found_as_well_as_is_published(corpus: Path) -> None:
    """F1 of article-extraction-benchmark, by its own arithmetic."""
    from benchmarks import main_text

    folder = corpus / "html" / "aeb"
    published = main_text.published(folder)
    assert published is not None
    found = main_text.measure(main_text.load(folder), main_text.ours)
    assert found["pages"] == 90
    assert found["f1"] >= published["f1"]
