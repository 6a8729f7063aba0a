"""A web page's tree made ready to be walked: formulas and panels of tabs are written out, what is
never text is dropped, and headings are given their anchors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.parsers.located_text import facts_of
from pipelines.parsers.web.signs import write_out_signs
from pipelines.parsers.web.walk import HEADINGS

_NEVER_TEXT = (
    *("applet", "audio", "button", "canvas", "datalist", "del", "dialog", "embed", "frame"),
    *("iframe", "input", "ix:header", "link", "meta", "nav", "noembed", "noframes", "noscript"),
    *("object", "script", "select", "style", "svg", "template", "textarea", "title", "video"),
    "xml",
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


@dataclass
class Page:
    """A page made ready."""

    body: Any
    """The element whose text is the page's: `main` where there is one."""
    anchors: dict[Any, str]
    """Heading -> the anchor that leads to it, such as `#setup`."""
    facts: dict[str, Any]
    cut: bool
    """Whether the page is nested so deeply that its innermost text is lost."""
    asks_password: bool


def prepare(markup: str, *, name_headings: bool) -> Page | None:
    """The page ready to be walked; None when there is nothing in it.

    `name_headings` gives headings the anchors that a code host does.
    """
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
    if name_headings:
        _name_headings(root.iter(*HEADINGS))
    anchors = {node: f"#{name}" for node in root.iter(*HEADINGS) if (name := _anchor(node))}
    # A `main` that only a script would have filled is none.
    mains = (main for main in root.iter("main") if main.text_content().strip())
    body = next(mains, root.find("body"))
    return Page(root if body is None else body, anchors, facts, cut, asks_password)


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
    doomed += root.xpath("//footer[not(ancestor::article or ancestor::blockquote)]")
    for node in doomed:
        if node.getparent() is not None and node.tag not in ("html", "body"):
            node.drop_tree()


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
