"""A quote is found again where the same words stand, and nowhere else."""

from __future__ import annotations

import pytest

from pipelines.claims.anchoring import Piece, find

TEXTS = {
    10: "Mounting\nTighten the rotor nut clockwise to a torque of 5.5 Nm. Check it twice a year.",
    11: "The lid stays locked while the rotor turns, and the lamp burns until",
    12: "it stands still. Never use chlorine on the seals.",
    13: "Code | Cause | Remedy\nE05 | Rotor imbalance | Load the rotor evenly",
    14: "The ﬁnal “speed” is 15–20 % above 1 200 rpm.\nKeep it at −5 °C. The area is 10² mm.",
    15: "1. Switch the drive off.\n• Wait for the lamp.\nWARNINGS AND NOTES",
}


def said(quote: str) -> str | None:
    """What stands where the quote was found, pieces joined by a bar."""
    anchor = find(quote, TEXTS, TEXTS)
    if anchor is None:
        return None
    return " / ".join(TEXTS[piece.ordinal][piece.start : piece.end] for piece in anchor.pieces)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("Check it twice a year.", "Check it twice a year"),
        ("Check it\n  twice a year", "Check it twice a year"),
        (
            "Tighten the rotor nut clock-\nwise to a torque of 5.5 Nm.",
            "Tighten the rotor nut clockwise to a torque of 5.5 Nm",
        ),
        (
            'The final "speed" is 15-20 % above 1 200 rpm.',
            "The ﬁnal “speed” is 15–20 % above 1 200 rpm",
        ),
        ("Keep it at -5 °C.", "Keep it at −5 °C"),
        ("Switch the drive off.", "Switch the drive off"),
        ("Wait for the lamp.", "Wait for the lamp"),
        ("Warnings and notes", "WARNINGS AND NOTES"),
        (
            "The lid stays locked while the rotor turns and the lamp burns until it stands still.",
            TEXTS[11] + " / it stands still",
        ),
        (
            "Code | Cause | Remedy\nE05 | Rotor imbalance | Load the rotor evenly",
            "Code | Cause | Remedy\nE05 | Rotor imbalance | Load the rotor evenly",
        ),
        (
            "Code | Cause | Remedy … E05 | Rotor imbalance | Load the rotor evenly",
            "Code | Cause | Remedy / E05 | Rotor imbalance | Load the rotor evenly",
        ),
    ],
)
def test_the_same_words_are_found_however_they_are_set(quote: str, found: str) -> None:
    assert said(quote) == found


@pytest.mark.parametrize(
    "quote",
    [
        "Tighten the rotor nut clockwise to a torque of 5.6 Nm.",
        "Tighten the rotor nut clockwise to a torque of 55 Nm.",
        "Tighten the rotor nut clockwise to a torque of 5.5 mNm.",
        "Tighten the rotor nut clockwise to a torque of 5.5 NM.",
        "Tighten the rotor nut anticlockwise to a torque of 5.5 Nm.",
        "Do not tighten the rotor nut clockwise to a torque of 5.5 Nm.",
        "Check it twice a year, if needed.",
        "use chlorine on the seals.",
        "Use chlorine on the seals.",
        "it stands still.",
        "a torque of 5.5 Nm.",
        "E05 | Rotor imbalance",
        "E06 | Rotor imbalance | Load the rotor evenly",
        "E05 | Load the rotor evenly | Rotor imbalance",
        "Keep it at 5 °C.",
        "5 °C.",
        "The area is 102 mm.",
        "The final speed is 15-20 % above 1200 rpm.",
        "",
        "...",
    ],
)
def test_what_says_something_else_is_not_found(quote: str) -> None:
    assert said(quote) is None


def test_of_several_places_the_closest_to_the_old_one_is_taken() -> None:
    texts = {10: "Switch it off.", 20: "Go on. Switch it off.", 90: "Switch it off."}
    for near, ordinal in ((0, 10), (22, 20), (70, 90)):
        anchor = find("Switch it off.", texts, texts, near)
        assert anchor is not None
        assert anchor.pieces[0].ordinal == ordinal


def test_the_exact_words_win_over_nearly_the_same() -> None:
    texts = {1: "SWITCH IT DOWN", 9: "Switch it down"}
    anchor = find("Switch it down", texts, texts, near=1)
    assert anchor is not None
    assert anchor.exact
    assert anchor.pieces == (Piece(9, 0, 14),)


def test_text_without_spaces_between_words_is_found() -> None:
    texts = {1: "使用前请检查转子。\n螺母的扭矩为 5.5\n牛米。"}
    assert find("使用前请检查转子。", texts, texts) is not None
    assert find("使用前请勿检查转子。", texts, texts) is None


def test_a_long_quote_of_one_word_takes_no_time() -> None:
    texts = {1: "a- " * 20_000}
    assert find("a- " * 6_000 + "b.", texts, texts) is None
