"""Numbers that are written in words, in English, German, French and Spanish."""

from __future__ import annotations

import re

_ONES = (
    "two zwei deux dos",
    "three drei trois tres",
    "four vier quatre cuatro",
    "five fünf cinq cinco",
    "six sechs seis",
    "seven sieben siete",
    "eight acht huit ocho",
    "nine neun neuf nueve",
    "ten zehn diez",
    "eleven elf onze",
    "twelve zwölf douze doce",
    "thirteen dreizehn treize trece",
    "fourteen vierzehn quatorze catorce",
    "fifteen fünfzehn quinze quince",
    "sixteen sechzehn seize",
    "seventeen siebzehn",
    "eighteen achtzehn",
    "nineteen neunzehn",
)
_WORDS = {name: i for i, names in enumerate(_ONES, start=2) for name in names.split()}
_TENS_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {name: 10 * i for i, name in enumerate(_TENS_NAMES.split(), start=2)}
_UNIT_NAMES = "|".join(("one", *(names.split()[0] for names in _ONES[:8])))
WORD_NUMBER = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[-\s](?P<unit>{_UNIT_NAMES}))?"
    rf"|(?P<one>one|an?(?=\s(?:hundred|thousand|million|billion|trillion)\b))"
    rf"|(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))}))\b",
    re.IGNORECASE,
)


def worth(match: re.Match[str]) -> float:
    """What a match of WORD_NUMBER counts; 1 for "one" and for "a" before a thousand."""
    part = {name: (found or "").lower() for name, found in match.groupdict().items()}
    if not part["tens"]:
        return float(_WORDS.get(part["word"], 1))
    unit = 1 if part["unit"] == "one" else _WORDS.get(part["unit"], 0)
    return float(_TENS[part["tens"]] + unit)
