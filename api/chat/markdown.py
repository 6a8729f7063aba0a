"""Text of others put into Markdown so that it stays text.

Sources, questions and models are hostile: what they say must not become a link, a picture, HTML,
a heading or a footnote of the document that it stands in. An answer keeps its lists, tables and
code; `line` keeps nothing.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|~^$!&@])")
_LINK = re.compile(r"(?<=[A-Za-z])(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)
"""What turns bare text into a link (GitHub Flavored Markdown, "Autolinks (extension)")."""
_LIST = re.compile(r"^(\s*)([-+=]|\d{1,9}(?=[.)]))")
_MARK = re.compile(r"\[(\d{1,4})\](:?)")
_RISKY = re.compile(r"([\\\[\]<&`#]|!(?=\[)|~(?=~~))")
"""Backticks and fences too: those left bare are then the ones that part code from text here."""
_UNDERLINE = re.compile(r"([ \t>]*)((?:-+|=+)[ \t]*)")
"""A row that would make a heading of the one above it."""
_FENCE = re.compile(r"(`{3,}|~{3,})[ \w+#.-]*")
_TICKS = re.compile(r"`+")


def line(text: str) -> str:
    """`text` on one line, every character of it shown as it is."""
    flat = " ".join(text.split())
    bare = _LINK.sub(r"\\\1\2", _SPECIAL.sub(r"\\\1", flat))
    return _LIST.sub(lambda m: f"{m[1]}{_escaped_item(m[2])}", bare)


def answer(text: str, footnotes: Mapping[int, int]) -> str:
    """An answer whose marks `[n]` refer to footnotes; its code stays as it is.

    `footnotes` gives the number of the footnote of each citation.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        piece if is_code else _prose(piece, footnotes) for piece, is_code in _pieces(text)
    ).strip("\n")


def _escaped_item(bullet: str) -> str:
    return f"{bullet}\\" if bullet.isdigit() else f"\\{bullet}"


def _prose(text: str, footnotes: Mapping[int, int]) -> str:
    out, end = [], 0
    for mark in _MARK.finditer(text):
        number = footnotes.get(int(mark[1]))
        if number is None:
            continue
        out.append(_defused(text[end : mark.start()]))
        # With its colon a mark at the start of a line would define the footnote.
        out.append(f"[^{number}]" + ("\\:" if mark[2] else ""))
        end = mark.end()
    return "".join(out) + _defused(text[end:])


def _defused(text: str) -> str:
    bare = _RISKY.sub(r"\\\1", text)
    return _LINK.sub(r"\\\1\2", bare)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Parts `text` into (piece, whether it stays as it is, as code does).

    Where readers of Markdown might disagree it is no code, so that nothing in it comes alive:
    fences open only at the very start of a line, where no list or quotation can end them early,
    and backticks count only as a pair within a line and a table's cell.
    """
    fence = ""
    for row in text.split("\n"):
        if fence:
            yield f"{row}\n", True
            if _closes(row, fence):
                fence = ""
        elif opened := _FENCE.fullmatch(row):
            fence = opened[1]
            yield f"{row}\n", True
        elif underline := _UNDERLINE.fullmatch(row):
            yield f"{underline[1]}\\{underline[2]}\n", True
        else:
            yield from _inline(row)
            yield "\n", False
    # A fence left open would take in what follows the answer.
    yield fence, True


def _closes(row: str, fence: str) -> bool:
    ticks = row.lstrip(" ")
    bare = ticks.rstrip(" \t")
    return len(row) - len(ticks) <= 3 and bare.startswith(fence) and not bare.strip(fence[0])


def _inline(row: str) -> Iterator[tuple[str, bool]]:
    runs = list(_TICKS.finditer(row))
    later: dict[int, deque[int]] = {}
    for index, run in enumerate(runs):
        later.setdefault(len(run[0]), deque()).append(index)
    end, after = 0, 0
    for index, run in enumerate(runs):
        same = later[len(run[0])]
        while same and same[0] <= index:
            same.popleft()
        if index < after or not same:
            continue
        close = runs[same[0]]
        if "|" in row[run.end() : close.start()]:
            continue
        yield row[end : run.start()], False
        yield row[run.start() : close.end()], True
        end, after = close.end(), same[0] + 1
    yield row[end:], False
