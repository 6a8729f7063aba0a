"""What a model writes becomes no link, picture or HTML, whatever reads the Markdown."""

import random
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pipelines.answering.citation_marks import Mark, MarkReader
from pipelines.answering.safe_text import SafeText, addresses

HARMLESS = (
    "p ul ol li blockquote code pre h1 h2 h3 h4 h5 h6 hr em strong br table thead tbody tr th td s"
)
_OTHER_TAG = re.compile(rf"<(?!/?(?:{'|'.join(HARMLESS.split())})\b)")


def _safe(pieces: list[str], question: str = "") -> tuple[str, int]:
    """What is shown and how much was removed; marks above 5 name nothing."""
    reader, safe = MarkReader(), SafeText(addresses(question))
    shown = []
    for item in [item for piece in pieces for item in reader.feed(piece)] + list(reader.end()):
        if not isinstance(item, Mark):
            shown.append(safe.code(item.text) if item.is_code else safe.feed(item.text))
        elif item.numbers[0] <= 5:
            shown.append(safe.flush() + safe.mark(f"[{item.numbers[0]}]"))
    return "".join(shown) + safe.flush(), safe.removed


def _rendered(text: str) -> str:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)


@pytest.mark.parametrize(
    ("text", "shown", "removed"),
    [
        ("See [the page](http://evil.example/x) now.", "See [the page] now.", 1),
        ("![chart](http://evil.example?q=secret)", "[chart]", 1),
        ('[a](<http://e.example/x y> "title (x)") b', "[a] b", 1),
        ("[1](http://evil.example)", "[1]", 1),
        ("[a]: http://e.example/x", "[a] : `http://e.example/x`", 1),
        ("<script>alert(1)</script>", "‹script›alert(1)‹/script›", 2),
        ("<http://e.example/a>", "‹`http://e.example/a`›", 2),
        ("Go to www.evil.example/a, now.", "Go to `www.evil.example/a`, now.", 1),
        ("Write to (me@evil.example).", "Write to (`me@evil.example`).", 1),
        ("evil.example/collect?q=1", "`evil.example/collect?q=1`", 1),
        ("javascript:alert(1)", "`javascript:alert(1`)", 1),
        ("http&#58;//evil.example/", "`http&#58;//evil.example/`", 1),
        ("ht[99]tp://evil.example/", "`http://evil.example/`", 1),
        ("`<b> http://x.example`", "`<b> http://x.example`", 0),
        ("```\n<b> [x](http://x.example)\n```\n", "```\n<b> [x](http://x.example)\n```\n", 0),
        ("` ![x](http://e.example/)", "' [x]", 1),
        ("f[x](y) with x < 5 and y>3.", "f[x] (y) with x < 5 and y>3.", 0),
        ("Open manual.pdf, e.g. at 5 mL/min and 3:1.", "Open manual.pdf, e.g. at 5 mL/min and 3:1.",
         0),
        ("高い。[次](http://e.example/)低い。", "高い。[次]低い。", 1),
    ],
)  # fmt: skip
def test_links_pictures_and_html_become_text(text: str, shown: str, removed: int) -> None:
    assert _safe([text]) == (shown, removed)
    assert _safe(list(text)) == (shown, removed)


def test_an_address_of_the_question_may_stay() -> None:
    question = "What does https://shop.example/pump say?"
    text = "It is at https://shop.example/pump, not at https://shop.example/pump2."
    shown, removed = _safe([text], question)
    assert shown == "It is at https://shop.example/pump, not at `https://shop.example/pump2`."
    assert removed == 1


def test_nothing_is_shown_before_it_is_known_to_be_harmless() -> None:
    safe = SafeText()
    shown = [safe.feed(piece) for piece in ("ht", "tp:", "//evil.example/", "?q=", "secret", " x")]
    assert shown[:5] == [""] * 5
    assert shown[5] == "`http://evil.example/?q=secret` "


def test_no_reader_of_markdown_finds_a_link() -> None:
    parts = [
        "`", "``", "```", "~~~", "\n", "\n\n", " ", "    ", "- ", "> ", "1. ", "![", "[", "]", "(",
        ")", "](", "http://e.vil/", "www.e.vil", "a@e.vil", "<", "<a href=", "<img src=x>", ">",
        "\\", "|", "|-|\n", "word", "[1]", "[99]", "[r]", ":", "]:", "&lt;", "&#58;", "\r", "\t",
        "!", '"', "'", "http", "://", "//e.vil/x", "javascript:x", "_", "*",
    ]  # fmt: skip
    chance = random.Random(11)
    for _ in range(1_500):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(3, 16)))
        shown, _ = _safe([text])
        assert not _OTHER_TAG.search(_rendered(shown)), (text, shown)
        # Readers also make links of bare addresses: outside of code none may be left.
        outside = re.sub(r"<(code|pre)>.*?</\1>|<pre>.*?</pre>", "", _rendered(shown), flags=re.S)
        assert not re.search(r"(?:https?|ftp)://\w|www\.\w", outside), (text, shown)
        assert _safe(list(text))[0] == shown, text


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name",
    ["prompt_injection.md", "xss_polyglots.txt", "open_redirect_urls.txt", "ssrf_bypass_urls.md",
     "xss1.svg", "xss_nested.svg", "ssrf_svg_image.svg", "xss.ipynb", "command_injection.txt"],
)  # fmt: skip
def test_injections_repeated_word_for_word_are_harmless(corpus: Path, name: str) -> None:
    text = (corpus / "hostile" / name).read_text(encoding="utf-8", errors="replace")
    shown, removed = _safe([text[i : i + 7] for i in range(0, len(text), 7)])
    rendered = _rendered(shown)
    assert not _OTHER_TAG.search(rendered)
    assert "src=" not in re.sub(r"<code.*?</code>", "", rendered, flags=re.S) or removed
    assert _safe([text]) == (shown, removed)


@pytest.mark.parametrize(
    "text", ["](" * 50_000, "[" * 100_000, "<" * 100_000, "http://" * 15_000, "a" * 100_000,
             "![](" * 25_000, "&" * 60_000]
)  # fmt: skip
def test_little_is_held_back_of_hostile_text(text: str) -> None:
    safe = SafeText()
    for character in text:
        safe.feed(character)
        assert len(safe._word) <= 2048
    safe.flush()
