"""Where sentences end."""

import itertools

import pytest

from pipelines.text.sentences import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It costs 3.50 euros. Fine.", ["It costs 3.50 euros.", "Fine."]),
        ("See Fig. 3 for details. Then stop.", ["See Fig. 3 for details.", "Then stop."]),
        ("Dr. Smith agrees. So do I.", ["Dr. Smith agrees.", "So do I."]),
        ("Order no. S-104 is the seal. Keep it.", ["Order no. S-104 is the seal.", "Keep it."]),
        ("Use e.g. Water. Rinse.", ["Use e.g. Water.", "Rinse."]),
        (
            "The fuse is rated 16 A. The lamp takes 24 V. Fan: 230 V a.c. Motor: 2 kW. End",
            [
                "The fuse is rated 16 A.",
                "The lamp takes 24 V.",
                "Fan: 230 V a.c.",
                "Motor: 2 kW.",
                "End",
            ],
        ),
        *(
            (f"It is 5 {unit}. Motors are off.", [f"It is 5 {unit}.", "Motors are off."])
            for unit in ("V", "A", "W", "K", "C", "m", "g", "l", "s", "h", "J", "N", "min")
        ),
        ("Das Gerät nimmt 16 A. Motoren 2 A.", ["Das Gerät nimmt 16 A.", "Motoren 2 A."]),
        ("Written by J. Smith. Read it.", ["Written by J. Smith.", "Read it."]),
        ("John F. Kennedy spoke. All left.", ["John F. Kennedy spoke.", "All left."]),
        ("Press key A. The lamp lights.", ["Press key A.", "The lamp lights."]),
        ("Bolts, nuts, etc. The rest stays.", ["Bolts, nuts, etc.", "The rest stays."]),
        ("Use gas (e. g. Argon). See No. 5.", ["Use gas (e. g. Argon).", "See No. 5."]),
        ('He said "Stop." Then left.', ['He said "Stop."', "Then left."]),
        ("1. Stop it. Wait.\n2. Open it.", ["1. Stop it.", "Wait.", "2. Open it."]),
        ("How many?\n  12. Chapter", ["How many?", "12. Chapter"]),
        ("It was 1999.\n3.", ["It was 1999.", "3."]),
        ("It took 12. Then it stopped.", ["It took 12.", "Then it stopped."]),
        ("A title\nA line. Another", ["A title", "A line.", "Another"]),
        ("温度は高い。圧力は低い。", ["温度は高い。", "圧力は低い。"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
        ("Wait... what?", ["Wait... what?"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_every_word_is_in_exactly_one_sentence() -> None:
    text = "Alpha beta. Gamma (delta)! No. 5 is e.g. red.\nEpsilon; zeta... Eta"
    ranges = sentences(text)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(ranges))
    kept = "".join(text[start:end] for start, end in ranges)
    assert kept.replace(" ", "") == text.replace(" ", "").replace("\n", "")
