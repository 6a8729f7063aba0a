"""Lines of a block -> its text, and where each line stands in it."""

from __future__ import annotations

import re

from pipelines.types import Span

_HYPHENATED = re.compile(r"\w{2,}-$")
COMPOUND = re.compile(r"\w+-\w+")


def join_lines(lines: list[str], compounds: set[str]) -> tuple[str, tuple[Span, ...]]:
    """Lines as running text, words hyphenated at a line's end made whole, and a span per line.

    A hyphen stays where the page writes the same compound within a line.
    """
    parts: list[str] = []
    spans: list[Span] = []
    position = 0
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        glue = " " if following else ""
        if following[:1].islower() and _HYPHENATED.search(line):
            compound = line.split()[-1] + following.split()[0]
            found = COMPOUND.search(compound.lower())
            glue = ""
            if not (found and found[0] in compounds):
                line = line[:-1]
        elif following and _is_ideograph(line[-1:]) and _is_ideograph(following[:1]):
            glue = ""
        spans.append((position, position + len(line), 0, index))
        parts.append(line + glue)
        position += len(line) + len(glue)
    return "".join(parts), tuple(spans)


def stacked(lines: list[str]) -> tuple[str, tuple[Span, ...]]:
    """Lines as they stand, one under the other, and a span per line."""
    spans: list[Span] = []
    position = 0
    for index, line in enumerate(lines):
        spans.append((position, position + len(line), 0, index))
        position += len(line) + 1
    return "\n".join(lines), tuple(spans)


def _is_ideograph(character: str) -> bool:
    """Chinese or Japanese, which put no space between words; Korean does."""
    return "\u3001" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"
