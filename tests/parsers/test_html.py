"""HTML as its parser reads it: structure, anchors, encodings, and pages nested without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.parsed_documents import (
    CORPUS,
    check_places,
    needs_corpus,
    parse,
    segments_of,
    told,
)

PAGE = """<!doctype html><html lang="de-AT"><head><title>The page</title>
<meta name="author" content="A. Writer"><style>p {color: red}</style></head><body>
<nav>Home</nav><main><h1 id="top">Main <b>title</b></h1><p>First<br>line, H<sub>2</sub>O.</p>
<script>steal()</script><h2><a name="setup"></a>Setup</h2>
<ol><li>Open<ul><li>slowly</li></ul></li><li>Close</li></ol>
<table><caption>Values</caption><tr><th>Name</th><th>Min</th><th>Max</th></tr>
<tr><td rowspan="2">Pump</td><td>1</td><td>2</td></tr><tr><td colspan="2">none</td></tr></table>
<table><tr><td><h3>In a layout</h3><p>7</p></td></tr></table>
<figure><img src="file:///etc/passwd" alt="A pump"><figcaption>The pump</figcaption></figure>
<details><summary>More</summary>Hidden at first</details>
<pre>if x:
    y()</pre><p style="display: none">unseen</p></main><footer>Imprint</footer></body></html>"""


def test_html_main_text_with_anchors(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    parts = parse(path)
    assert told(parts) == [
        ("title", 1, "Main title"),
        ("text", None, "First line, H2O."),
        ("title", 2, "Setup"),
        ("list_item", None, "1. Open"),
        ("list_item", None, "• slowly"),
        ("list_item", None, "2. Close"),
        ("table", None, "Values\nName | Min | Max\nPump | 1 | 2\nPump | none"),
        ("title", 3, "In a layout"),
        ("text", None, "7"),
        ("caption", None, "A pump"),
        ("caption", None, "The pump"),
        ("text", None, "More"),
        ("text", None, "Hidden at first"),
        ("code", None, "if x:\n    y()"),
    ]
    anchors = [s.locators[0].anchor for s in segments_of(parts)]
    assert anchors == ["#top"] * 2 + ["#setup"] * 12
    facts = parts[0].facts
    assert (facts["title"], facts["author"], facts["language"]) == ("The page", "A. Writer", "de")
    check_places(parts)


@pytest.mark.parametrize("declared", ["windows-1251", "iso-8859-5"])
def test_html_in_the_encoding_it_declares(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "page.html"
    text = f'<html><head><meta charset="{declared}"></head><body><p>Насос открыт</p></body></html>'
    path.write_bytes(text.encode(declared))
    parts = parse(path)
    assert told(parts) == [("text", None, "Насос открыт")]
    assert parts[0].warnings == ()


@pytest.mark.parametrize(("depth", "cut"), [(1000, False), (20_000, True)])
def test_a_page_nested_without_end(tmp_path: Path, depth: int, cut: bool) -> None:
    path = tmp_path / "deep.html"
    path.write_text(f"<html><body><p>outside</p>{'<div>' * depth}the core{'</div>' * depth}")
    parts = parse(path)
    texts = [s.text for s in segments_of(parts)]
    assert texts == (["outside"] if cut else ["outside", "the core"])
    assert [w.code for w in parts[0].warnings] == (["nested_too_deep"] if cut else [])


def test_items_of_lists_keep_their_numbers_and_bullets(tmp_path: Path) -> None:
    path = tmp_path / "steps.html"
    path.write_text(
        "<html><body><ol start=3><li>Drain</li><li><p>Lift the lid.</p><p>It is heavy.</p></li>"
        "<li value=9>Wipe<ol type=a><li>twice</li><li>dry</li></ol>and close.</li></ol>"
        "<ol reversed type=I><li>last</li><li><ul><li>first</li></ul></li></ol>"
        "<ol style='list-style: none'><li>No number</li></ol>"
        "<ul style='list-style-type:none'><li>No bullet</li></ul></body></html>"
    )
    parts = parse(path)
    assert [(kind, text) for kind, _, text in told(parts)] == [
        ("list_item", "3. Drain"),
        ("list_item", "4. Lift the lid."),
        ("text", "It is heavy."),
        ("list_item", "9. Wipe"),
        ("list_item", "a. twice"),
        ("list_item", "b. dry"),
        ("text", "and close."),
        ("list_item", "II. last"),
        ("list_item", "• first"),
        ("list_item", "No number"),
        ("list_item", "No bullet"),
    ]
    check_places(parts)


def test_words_keep_their_order_in_cells_code_and_headings(tmp_path: Path) -> None:
    path = tmp_path / "order.html"
    path.write_text(
        "<html><body><h2>Set <div>up</div></h2><table><tr><th>A</th><th>B</th></tr>"
        "<tr><td><b>1 <i>2</i></b> 3</td><td><p>x</p>y</td></tr></table>"
        "<pre><span>if <b>x</b></span>:<br>    y()<div>z()</div></pre>"
        "<p>Press <img src=s.png alt=Start> now.</p>before<hr>after</body></html>"
    )
    assert told(parse(path)) == [
        ("title", 2, "Set"),
        ("text", None, "up"),
        ("table", None, "A | B\n1 2 3 | x y"),
        ("code", None, "if x:\n    y()\nz()"),
        ("text", None, "Press now."),
        ("caption", None, "Start"),
        ("text", None, "before"),
        ("text", None, "after"),
    ]


TEX = '<annotation encoding="application/x-tex">E=mc^{2}</annotation>'


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>5</sup>", "10⁵"),
        ("10<sup>&minus;3</sup>", "10⁻³"),
        ("1<sup>st</sup>", "1st"),
        ("<math><mi>m</mi><msup><mi>a</mi><mn>2</mn></msup></math>", "ma²"),
        (
            "<math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mi>c</mi></mrow></mfrac></math>",
            "a/(b+c)",
        ),
        (
            f"<span style='display:none'><math><semantics><mi>E</mi>{TEX}</semantics></math></span>"
            "<img aria-hidden=true alt=formula>",
            "E=mc^{2}",
        ),
        (
            f"<span class=katex><span class=katex-mathml><math><semantics><mi>E</mi>{TEX}"
            "</semantics></math></span><span aria-hidden=true>Emc2</span></span>",
            "E=mc^{2}",
        ),
    ],
)
def test_formulas_and_exponents_are_read(tmp_path: Path, markup: str, text: str) -> None:
    path = tmp_path / "signs.html"
    path.write_text(f"<html><body><p>It is {markup} here.</p></body></html>")
    assert told(parse(path)) == [("text", None, f"It is {text} here.")]


def test_a_formula_nested_without_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    formula = f"{'<math><mfrac><mi>1</mi><mrow>' * 300}x{'</mrow></mfrac></math>' * 300}"
    path.write_text(f"<html><body><p>It is {formula}</p><p>The end.</p></body></html>")
    [(_, _, first), (_, _, last)] = told(parse(path))
    assert (first[:14], first.count("1"), last) == ("It is 1/(1/(1/", 300, "The end.")


def test_the_panels_of_tabs_are_read_below_their_names(tmp_path: Path) -> None:
    path = tmp_path / "tabs.html"
    path.write_text(
        "<html><body><div role=tablist><button role=tab id=a>Linux</button>"
        "<button role=tab id=b>Windows</button></div>"
        "<div role=tabpanel aria-labelledby=a>apt install pump</div>"
        "<div role=tabpanel aria-labelledby=b hidden>winget install pump</div></body></html>"
    )
    assert [text for _, _, text in told(parse(path))] == [
        "Linux",
        "apt install pump",
        "Windows",
        "winget install pump",
    ]


@needs_corpus
@pytest.mark.corpus
def test_the_blog_post_says_what_it_must() -> None:
    text = "\n".join(s.text for s in segments_of(parse(CORPUS / "html/test_blog.html")))
    assert "Does Model and Inference Parameter Matter in LLM Applications?" in text
    assert "function gtag" not in text
