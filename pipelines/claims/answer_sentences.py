"""Which sentences of an answer claim something, and what they cite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.claims.asserting import asserts
from pipelines.text.sentences import sentences

MARK = re.compile(r"\s*\[(\d{1,4})\]")
_BEHIND_MARK = re.compile(r"[.!?](?:\s*\[\d{1,4}\])+\s+(?=[^\W\d_a-zß-ÿ])")
"""From the full stop of a sentence with its mark to the capital letter of the next."""
_TAIL = re.compile(r"(?:\s*\[\d{1,4}\])*")
_FENCE = re.compile(r"^(```+|~~~+).*?(?:^\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`[^`\n]+`")
_HEADING = re.compile(r"\s*#{1,6}\s|\s*\*\*[^*]+\*\*\s*:?\s*$|\s*<?/?\w+>\s*$")
_RULE = re.compile(r"[\s|:=_*-]+")
_BULLET = re.compile(
    r"\s*(?:>\s*)*(?:(?:[-*+•–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+)?(?:\[[ xX]\]\s+)?"
)
_ITEM = re.compile(r"\s*(?:>\s*)*(?:[-*+•–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_QUESTION = ("?", "？", "؟")
_LEADS_OVER = re.compile(
    r"(?:yes|no|sure|certainly|of course|hello|hi|thanks?(?: you)?|ja|nein|oui|non|sí|да|нет"
    r"|here(?: is|'s| are)\b.*|in (?:summary|short)|to summari[sz]e|i (?:hope|found)\b.*"
    r"|let me know\b.*|(?:based on|according to) (?:the|these|your) (?:\w+ )?"
    r"(?:sources?|passages?|documents?)(?: .{0,40})?|as follows)[\s.,:!]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Place:
    """A sentence that claims something: its bare text, its range with marks, what it cites."""

    text: str
    start: int
    end: int
    numbers: tuple[int, ...]


def claim_ranges(answer: str) -> list[Place]:
    """The claims of an answer in order; marks behind a full stop belong to the sentence before.

    Headings, labels, captions, code blocks, rules and header rows of tables claim nothing, cited
    or not; questions and phrases that only lead over ("Here is what I found:") don't unless they
    cite.
    """
    blank = _FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), answer)
    # A mark within `code` is code.
    visible = _INLINE.sub(lambda m: m[0].replace("[", "(").replace("]", ")"), blank)
    found: list[Place] = []
    lines = visible.splitlines(keepends=True)
    at = 0
    introduced = False
    for i, line in enumerate(lines):
        following = lines[i + 1] if i + 1 < len(lines) else ""
        bare = MARK.sub("", line).rstrip(" *_\n")
        is_item = _ITEM.match(line) is not None
        if not _claims_nothing(line, following):
            end = at + len(line.rstrip())
            found += _in_line(answer, visible, at, end, is_listed=introduced and is_item)
        if bare and not is_item:
            introduced = bare.endswith((":", "："))
        at += len(line)
    return found


def _claims_nothing(line: str, following: str) -> bool:
    if not line.strip() or _RULE.fullmatch(line) or _HEADING.match(line):
        return True
    is_header = "|" in line and "-" in following and "|" in following
    return is_header and _RULE.fullmatch(following) is not None


def _in_line(answer: str, visible: str, start: int, end: int, *, is_listed: bool) -> list[Place]:
    bullet = _BULLET.match(visible, start, end)
    start = bullet.end() if bullet else start
    bare = MARK.sub(lambda mark: " " * len(mark[0]), visible[start:end])
    ranges = list(_cut_behind_marks(sentences(bare), visible[start:end]))
    found = []
    for i, (left, right) in enumerate(ranges):
        limit = ranges[i + 1][0] if i + 1 < len(ranges) else len(bare)
        tail = _TAIL.match(visible, start + right, start + limit)
        stop = tail.end() if tail else start + right
        here = start + left
        numbers = tuple(dict.fromkeys(int(n) for n in MARK.findall(visible[here:stop])))
        text = _without_marks(answer[here:stop], visible[here:stop])
        if text and _claims(text, numbers, is_listed=is_listed):
            found.append(Place(text, here, stop, numbers))
    return found


def _cut_behind_marks(ranges: Iterable[tuple[int, int]], visible: str) -> Iterator[tuple[int, int]]:
    """What ends in "No. [1]" ends there, whatever "No." is short for elsewhere."""
    for left, right in ranges:
        begin = left
        for match in _BEHIND_MARK.finditer(visible, left, right):
            yield begin, match.start() + 1
            begin = match.end()
        yield begin, right


def _without_marks(text: str, visible: str) -> str:
    """`text` without the marks that `visible`, of the same length, shows."""
    kept, at = [], 0
    for mark in MARK.finditer(visible):
        kept.append(text[at : mark.start()])
        at = mark.end()
    return "".join((*kept, text[at:])).strip(" |\t")


def _claims(text: str, numbers: tuple[int, ...], *, is_listed: bool) -> bool:
    """`is_listed`: an item of a list, of which the line above it says what its items are."""
    if not numbers and (text.endswith((":", "：", *_QUESTION)) or _LEADS_OVER.fullmatch(text)):
        return False
    if is_listed:
        return any(character.isalnum() for character in text)
    return asserts(text)
