"""Citation marks in text that arrives in pieces."""

import random

import pytest

from pipelines.answering.citation_marks import LONGEST_CODE, LONGEST_FENCE, Mark, MarkReader, Text


def _read(pieces: list[str]) -> list[str | tuple[int, ...]]:
    """Text runs joined, marks as tuples of numbers."""
    reader = MarkReader()
    found: list[str | tuple[int, ...]] = []
    for item in [item for piece in pieces for item in reader.feed(piece)] + list(reader.end()):
        if isinstance(item, Mark):
            found.append(item.numbers)
        elif found and isinstance(found[-1], str):
            found[-1] += item.text
        else:
            found.append(item.text)
    return found


CASES = [
    ("Yes [1].", ["Yes ", (1,), "."]),
    ("Both [1,2] and [3, 4].", ["Both ", (1, 2), " and ", (3, 4), "."]),
    ("Two [1][2]", ["Two ", (1,), (2,)]),
    ("CJK 【7】。", ["CJK ", (7,), "。"]),
    ("No [a] mark, [ ] none, [1a].", ["No [a] mark, [ ] none, [1a]."]),
    ("An open [1", ["An open [1"]),
    ("Range [1-3] and [2–4].", ["Range ", (1, 2, 3), " and ", (2, 3, 4), "."]),
    ("No range [3-1], [1-900].", ["No range [3-1], [1-900]."]),
    ("Footnote [^2].", ["Footnote ", (2,), "."]),
    ("OpenAI's 【3†source】.", ["OpenAI's ", (3,), "."]),
    ("Ticks ``a`[1]`` [2]", ["Ticks ``a`[1]`` ", (2,)]),
    ("~~~\nx[3]\n~~~\n[4]", ["~~~\nx[3]\n~~~\n", (4,)]),
    ("- list\n  ```\n  x[3]\n  ```\n[4]", ["- list\n  '''\n  x[3]\n  '''\n", (4,)]),
    ("An open `tick [1]\nand [2]", ["An open 'tick ", (1,), "\nand ", (2,)]),
    ("Escaped \\`[1]`", ["Escaped '", (1,), "'"]),
    ("Nested [[5]]", ["Nested [", (5,), "]"]),
    ("Code `a[1]` is left. [2]", ["Code `a[1]` is left. ", (2,)]),
    ("```\nx[3]\n```\nthen [4]", ["```\nx[3]\n```\nthen ", (4,)]),
    ("Long [11111111111111111111111111111111111111] no", None),
    ("[99999]", ["[99999]"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_marks_are_found_however_the_text_is_cut(text: str, expected: list | None) -> None:
    expected = [text] if expected is None else expected
    assert _read([text]) == expected
    assert _read(list(text)) == expected
    chance = random.Random(7)
    for _ in range(20):
        cuts = sorted(chance.sample(range(len(text) + 1), min(3, len(text))))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert _read(pieces) == expected


def test_what_cannot_become_a_mark_is_not_held_back() -> None:
    reader = MarkReader()
    assert list(reader.feed("Speed [")) == [Text("Speed ")]
    assert list(reader.feed("x")) == [Text("[x")]


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "[1" * 50_000, "`" * 100_000, "` ``" * 25_000, "```\n" + "`" * 100_000,
     "\\" * 100_000, "[1,2,3,4,5,6" * 10_000, "~~~" * 30_000],
)  # fmt: skip
def test_little_is_held_back_of_hostile_text(text: str) -> None:
    """What is held back is all that is ever looked at again."""
    for pieces in ([text], list(text)):
        reader = MarkReader()
        given = 0
        for piece in pieces:
            given += sum(len(item.text) for item in reader.feed(piece))
            assert len(reader._held) <= 2 * LONGEST_CODE + LONGEST_FENCE
        given += sum(len(item.text) for item in reader.end())
        assert given == len(text)


def test_however_it_is_cut_it_reads_the_same() -> None:
    parts = ["[", "]", "1", "2", ",", "-", "`", "``", "```", "~~~", "\n", "\r\n", " ", "x", "\\",
             "【", "】", "[1]", "[2,3]", "|", "https://a.b/c"]  # fmt: skip
    chance = random.Random(3)
    for _ in range(3_000):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(1, 14)))
        assert _read(list(text)) == _read([text]), text
