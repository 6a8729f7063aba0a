"""A web page made ready for unstructured's HTML partitioner.

The partitioner finds paragraphs, lists, titles and code as a browser would show them. What it
drops is put into a form that it keeps before it sees the page: forms, figures with their captions,
`details`, merged cells, layouts made of tables. Elements carry the number of the node that they
come from in `data-page-number`, the one attribute it hands through, so that a title keeps the
anchor of its heading and a table its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.parsers.html_lists import mark_items
from pipelines.parsers.html_signs import write_out_signs
from pipelines.parsers.located_text import clean, facts_of

MAX_DEPTH = 100

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NEVER_TEXT = (
    "script",
    "style",
    "noscript",
    "template",
    "link",
    "meta",
    "nav",
    "dialog",
    "iframe",
    "frame",
    "object",
    "embed",
    "applet",
    "audio",
    "video",
    "canvas",
    "svg",
    "select",
    "datalist",
    "textarea",
    "button",
    "input",
    "hr",
    "del",
    "noembed",
    "noframes",
)
_AS_BLOCK = ("form", "fieldset", "details", "figure", "optgroup", "menu", "dir", "search")
_AS_PARAGRAPH = ("summary", "legend", "figcaption")
_BLOCKS = ("p", "pre", "ul", "ol", "dl", "blockquote", "table", *HEADINGS)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_KEPT_CHARACTER = "\u2060"
"""Word joiner: it has no width, counts as text, and `clean` takes it out again."""


@dataclass
class Page:
    """A page made ready: its markup, and the nodes that its elements refer to by number."""

    markup: str
    nodes: list[Any]
    facts: dict[str, Any]
    cut: bool
    """Whether the page is nested so deeply that its innermost text is lost."""
    asks_password: bool


def prepare(markup: str, *, name_headings: bool) -> Page | None:
    """The page in a form that the partitioner keeps whole; None when there is nothing in it."""
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8",
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        # Lets it nest 2048 deep instead of 256; below that text is lost.
        huge_tree=True,
    )
    # A lone surrogate (from a UTF-16 file) has no UTF-8 form.
    data = markup.encode("utf-8", "replace")
    if not data.strip():
        return None
    try:
        root = html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        return None
    cut = any("depth" in entry.message.lower() for entry in parser.error_log)
    facts = _head_facts(root)
    asks_password = bool(root.xpath("//input[@type='password']"))
    write_out_signs(root)
    _show_tabs(root)
    _drop(root)
    _flatten(root)
    for node in root.iter(*_AS_BLOCK):
        node.tag = "div"
    for node in root.iter("label", "output"):
        node.tag = "span"
    for node in list(root.iter(*_AS_PARAGRAPH)):
        if node.tag == "figcaption":
            node.set("data-caption", "1")
        node.tag = "p"
    for table in list(root.iter("table")):
        if _is_layout(table):
            _unwrap_table(table)
    if name_headings:
        _name_headings(root.iter(*HEADINGS))
    mark_items(root)
    nodes = _number(root)
    return Page(
        etree.tostring(root, encoding="unicode", method="html"), nodes, facts, cut, asks_password
    )


def _show_tabs(root: Any) -> None:
    """Panels that a reader brings up one at a time, each below the name of its tab."""
    from lxml import etree

    tabs = {tab.get("id"): tab for tab in root.xpath("//*[@role='tab'][@id]")}
    for panel in root.xpath("//*[@role='tabpanel']"):
        panel.attrib.pop("hidden", None)
        panel.attrib.pop("aria-hidden", None)
        panel.set("style", _HIDDEN_STYLE.sub("", panel.get("style", "")))
        tab = tabs.get(panel.get("aria-labelledby"))
        if tab is not None and tab.tag == "button":
            name = etree.Element("p")
            name.text, name.tail, panel.text = tab.text_content(), panel.text, None
            panel.insert(0, name)


def _drop(root: Any) -> None:
    doomed = list(root.iter(*_NEVER_TEXT))
    doomed += root.xpath("//*[@hidden or @aria-hidden='true' or @role='navigation']")
    doomed += [n for n in root.xpath("//*[@style]") if _HIDDEN_STYLE.search(n.get("style"))]
    body_footers = root.xpath("//footer[not(ancestor::article or ancestor::blockquote)]")
    for node in [*doomed, *body_footers]:
        if node.getparent() is not None and node.tag not in ("html", "body"):
            node.drop_tree()
    # The partitioner goes straight to `main`, also where a script would have filled it.
    for main in list(root.iter("main")):
        if not main.text_content().strip():
            main.drop_tree()


def _flatten(root: Any) -> None:
    """Lifts what is nested deeper than any page needs: the partitioner recurses into it."""
    from lxml import etree

    depth, deep = 0, []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "end" and depth >= MAX_DEPTH and isinstance(node.tag, str):
            deep.append(node)
    for node in deep:
        node.drop_tag()


def text_of(node: Any) -> str:
    """Text of a cell; `br` and blocks part words, inline tags don't."""
    parts: list[str] = []
    for part in node.iter():
        if not isinstance(part.tag, str):
            continue
        if part is not node and part.tag in ("br", "div", "li", "tr", "td", "th", *_BLOCKS):
            parts.append(" ")
        parts.append(part.text or "")
        if part is not node:
            parts.append(part.tail or "")
    return clean(" ".join("".join(parts).split()))


def _is_layout(table: Any) -> bool:
    """A table that only arranges the page: it holds tables, titles, or a single column."""
    if table.xpath("./tr/th | ./thead | ./tbody/tr/th"):
        return False
    if any(node is not table for node in table.iter("table", "pre", *HEADINGS)):
        return True
    cells = [len(row.findall("td")) + len(row.findall("th")) for row in table.iter("tr")]
    return not cells or max(cells) <= 1


def _unwrap_table(table: Any) -> None:
    for node in list(table.iterchildren("tbody", "thead", "tfoot")):
        for row in node.iterchildren("tr"):
            _row_to_blocks(row)
        node.tag = "div"
    for row in list(table.iterchildren("tr")):
        _row_to_blocks(row)
    for caption in table.iterchildren("caption"):
        caption.tag = "p"
    table.tag = "div"


def _row_to_blocks(row: Any) -> None:
    for cell in row.iterchildren("td", "th"):
        cell.tag = "div"
    row.tag = "div"


def _number(root: Any) -> list[Any]:
    """Numbers the nodes that a segment has to be traced to, and marks headings with anchors."""
    for node in root.xpath("//*[@data-page-number]"):
        del node.attrib["data-page-number"]
    nodes = list(root.iter("table", "p", "li", *HEADINGS))
    for number, node in enumerate(nodes):
        node.set("data-page-number", str(number))
        if node.tag in HEADINGS and (name := _anchor(node)):
            node.set("data-anchor", f"#{name}")
    # The partitioner takes a text of one character for decoration and drops it.
    for node in root.iter():
        if len((node.text or "").strip()) == 1:
            node.text += _KEPT_CHARACTER
        if len((node.tail or "").strip()) == 1:
            node.tail += _KEPT_CHARACTER
    return nodes


def _anchor(heading: Any) -> str | None:
    if name := heading.get("id"):
        return str(name)
    for node in heading.iter("a", "span"):
        if name := node.get("id") or node.get("name"):
            return str(name)
    parent = heading.getparent()
    first = parent is not None and heading.getprevious() is None
    if first and not (parent.text or "").strip():
        return parent.get("id")
    return None


def _name_headings(headings: Iterable[Any]) -> None:
    taken: dict[str, int] = {}
    for heading in headings:
        name = re.sub(r"[^\w\- ]", "", heading.text_content().strip().lower()).replace(" ", "-")
        count = taken[name] = taken.get(name, -1) + 1
        if name and not heading.get("id"):
            heading.set("id", f"{name}-{count}" if count else name)


def _head_facts(root: Any) -> dict[str, Any]:
    def meta(*names: str) -> str | None:
        for name in names:
            for node in root.xpath("//meta[@name=$n or @property=$n]", n=name):
                if content := node.get("content"):
                    return str(content)
        return None

    language = (root.get("lang") or "").split("-")[0].lower()
    return facts_of(
        title=root.findtext(".//title") or meta("og:title"),
        author=meta("author", "article:author"),
        description=meta("description", "og:description"),
        created=meta("article:published_time", "date", "dc.date", "DC.date"),
        modified=meta("article:modified_time", "last-modified"),
        language=language if re.fullmatch(r"[a-z]{2,3}", language) else None,
    )
