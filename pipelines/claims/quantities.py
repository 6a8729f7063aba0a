"""Numbers with their units, dates and codes in a text, equal however they are written.

1,200 is 1.2 thousand; 5 mL are 0.005 L; 25 °C are 77 °F; $1.2 million are 1,200,000 dollars; two
years are 24 months; 12 May 2023 is 2023-05-12. A number with another unit is another quantity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.claims.dates import Date, dates
from pipelines.claims.number_words import WORD_NUMBER, worth
from pipelines.claims.units import PHRASES, SCALES, Unit, unit_named

_CURRENCY = r"US\$|[$€£¥]|(?:USD|EUR|GBP|JPY|CHF)(?=\s?\d)"
_UNIT_BEFORE = re.compile(rf"[-−–(]?\s?(?:{_CURRENCY})")
_DIGITS = r"\d{1,3}(?:[\u00a0\u202f\u2009 ]\d{3})+(?![\d.,]*\d)(?:[.,]\d+)?|\d+(?:[.,'’]\d+)*"
_POWER = r"(?:\{{?(?P<{}>[-−–+]?\d{{1,2}}|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)\}}?)"
_NUMBER = re.compile(
    rf"""(?P<currency>{_CURRENCY})?\s?
    (?P<open>\()?(?P<sign>(?<![\w)\]%°.])[-−–])?
    (?P<currency2>[$€£])?
    (?P<digits>{_DIGITS})
    (?:\s?(?:[x×·*]|\\times|\\cdot)\s?10\s?(?:\^|\*\*)?{_POWER.format("power")}
      |(?<=(?<![\d.,])10)(?:(?:\^|\*\*)(?=[-−–+{{\d])|(?=[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹])){_POWER.format("of_ten")}
      |[eE](?P<exponent>[-+]?\d{{1,2}})(?![\w]))?""",
    re.VERBOSE,
)
_LETTER = r"[A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ]"
# "X-200", "E05", "1A-7", "10-K": letters and digits in one word.
_CODE = re.compile(
    rf"(?<![\d_.])(?<!{_LETTER})(?:{_LETTER}+[-–./]?\d|\d+[-–./]?{_LETTER})(?:{_LETTER}|[\d_])*"
    rf"(?:[-–./](?:{_LETTER}|[\d_])+)*"
)
_IS_LETTER = re.compile(_LETTER).fullmatch
_YEAR_OF = re.compile(r"FY\s?'?(\d{4}|\d{2})\b")
_PREFIXED = re.compile(r"([a-z]{2,})[-–/](?=\d)")
_CLOCK = re.compile(
    r"(?<![\d:.])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?:\s?([ap])\.?m\b\.?)?", re.I
)
_SCALE = re.compile(
    rf"[\s-]?({'|'.join(sorted(SCALES, key=len, reverse=True))})(?![^\W\d_])", re.IGNORECASE
)
_PHRASE = re.compile(
    "|".join(rf"{re.escape(p)}(?!\w)" for p in sorted(PHRASES, key=len, reverse=True)), re.I
)
_UNIT = re.compile(
    r"[%‰$€£¥°℃℉Ω×](?:[CF](?!\w)|g(?!\w))?|[^\W\d_]+[²³]?(?:[23](?!\w))?"
    r"(?:[·⋅/][^\W\d_]+[²³]?(?:[23](?!\w))?)*(?:-1(?!\d)|⁻¹)?"
)
_RANGE = re.compile(r"\s*(?:[-–—]|to|and|or|bis|und|à|et|a|y|±|\+/-|,|x|×)\s*", re.IGNORECASE)
_SIGNS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−–", "0123456789-+--")
_EUROPEAN = re.compile(r"\d\.\d{3},\d|(?<![\d,])\d+,\d{1,2}(?![\d,])")
_IN_SCALE = re.compile(
    r"\b(?:in|expressed in|en|dollars in|amounts in|\$ in)\s+"
    r"(thousands|millions|billions|Tausend|Millionen|Mio|Mrd|millones)\b",
    re.IGNORECASE,
)
_NAMED_UNIT = re.compile(
    r"[(\[/,|]\s*(?:in\s+)?([^\s()\[\]|,]+)\s*(?=[)\]|,]|$)|\bin\s+([^\s()|,.;]+)"
)
PLAIN = ""
CODE = "code"
DATE = "date"
CLOCK = "clock"


@dataclass(frozen=True)
class Quantity:
    """A number as the text means it; `text` is how it stands at start..end.

    `values` are its readings in the base unit of `dimension` ("" for a plain number).
    """

    text: str
    start: int
    end: int
    dimension: str
    values: tuple[float, ...] = ()
    step: float = 0.0
    """The worth of the last digit written, in the base unit."""
    factor: float = 1.0
    code: str = ""
    date: Date | None = None
    is_needed: bool = True
    """False for the word "one", which is seldom a number."""

    def is_said_by(self, other: Quantity) -> bool:
        """Whether `other`, standing in a proof, says this quantity."""
        if self.date is not None:
            return other.date is not None and other.date.carries(self.date)
        if self.dimension == PLAIN and other.date is not None:
            return any(year in self.values for year, _, _ in other.date.readings)
        if self.dimension != other.dimension:
            return False
        if self.dimension == CODE:
            return self.code == other.code
        return any(
            self._equals(mine, theirs, other) for mine in self.values for theirs in other.values
        )

    def _equals(self, mine: float, theirs: float, other: Quantity) -> bool:
        if math.isclose(mine, theirs, rel_tol=1e-12, abs_tol=1e-12):
            return True
        ratio = math.log10(self.factor / other.factor)
        if math.isclose(ratio, round(ratio), abs_tol=1e-9):
            return False
        # Feet to metres never come out even: as near as the claim is written, two digits at least.
        return abs(mine) >= 10 * self.step and abs(mine - theirs) <= 0.5 * self.step


def quantities(text: str) -> list[Quantity]:
    """Quantities, dates and codes of `text`, in order and without overlap."""
    found: list[Quantity] = []
    taken = bytearray(len(text))

    def add(quantity: Quantity) -> None:
        found.append(quantity)
        taken[quantity.start : quantity.end] = b"\1" * (quantity.end - quantity.start)

    if not any(character.isdigit() for character in text):
        return list(_inherit(text, list(_in_words(text, taken))))
    for date in dates(text):
        add(Quantity(text[date.start : date.end], date.start, date.end, DATE, date=date))
    for match in _CLOCK.finditer(text):
        if not any(taken[match.start() : match.end()]):
            add(_clock(match))
    european = _EUROPEAN.search(text) is not None
    for code in _codes(text, taken):
        add(code)
    for match in _NUMBER.finditer(text):
        start = match.start("digits")
        before = text[start - 1 : start]
        if any(taken[start : match.end("digits")]) or before == "_" or _IS_LETTER(before):
            continue
        for quantity in _number(text, match, european):
            add(quantity)
    found += _in_words(text, taken)
    found.sort(key=lambda quantity: quantity.start)
    return list(_inherit(text, found))


def units_named(text: str) -> frozenset[tuple[str, float]]:
    """(dimension, factor) of units that stand alone, as in a header: "Volume (mL)", "in kg"."""
    found = set()
    for match in _NAMED_UNIT.finditer(text):
        unit = unit_named((match[1] or match[2]).rstrip(".:"))
        if unit is not None and not unit.offset:
            found.add((unit.dimension, unit.factor))
    return frozenset(found)


def scale_named(text: str) -> float:
    """What the numbers of a table stand for that says "in millions"; else 1."""
    match = _IN_SCALE.search(text)
    return SCALES[match[1].lower()] if match else 1.0


def _number(text: str, match: re.Match[str], european: bool) -> Iterator[Quantity]:
    digits, start = match["digits"], match.start("digits")
    if digits.count(",") > 1 and not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        # "1,2,3" is a list.
        for part in re.finditer(r"\d+", digits):
            at = start + part.start()
            yield Quantity(part[0], at, at + len(part[0]), PLAIN, (float(part[0]),), 1.0)
        return
    if digits.count(".") > 1 and not re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", digits):
        yield Quantity(digits, start, match.end("digits"), CODE, code=digits)
        return
    value, step = _value(digits, european)
    power = match["power"] or match["of_ten"] or match["exponent"]
    if power:
        factor = 10.0 ** int(power.translate(_SIGNS))
        value, step = (factor, factor) if match["of_ten"] else (value * factor, step * factor)
    sign = match["sign"]
    if sign:
        value = -value
    yield _with_unit(text, match, value, step)


def _with_unit(text: str, match: re.Match[str], value: float, step: float) -> Quantity:
    end = match.end()
    prefix = match["currency"] or match["currency2"]
    currency = unit_named(prefix) if prefix else None
    factor, unit, end = _unit_after(text, end, currency)
    start = match.start("currency") if match["currency"] else match.start("digits")
    if match["sign"]:
        start = min(start, match.start("sign"))
    value, step = value * factor, step * factor
    values: tuple[float, ...] = (value,)
    if match["open"] and text[end : end + 1] == ")":
        values = (value, -value)
    return _quantity(text, start, end, values, step, unit)


def _quantity(
    text: str,
    start: int,
    end: int,
    values: tuple[float, ...],
    step: float,
    unit: Unit | None,
    *,
    is_needed: bool = True,
) -> Quantity:
    shown = text[start:end].strip()
    if unit is None:
        return Quantity(shown, start, end, PLAIN, values, step, is_needed=is_needed)
    return Quantity(
        shown,
        start,
        end,
        unit.dimension,
        tuple(value * unit.factor + unit.offset for value in values),
        step * unit.factor,
        unit.factor,
        is_needed=is_needed,
    )


def _unit_after(text: str, end: int, currency: Unit | None) -> tuple[float, Unit | None, int]:
    """Scale word and unit that follow a number at `end`: (factor, unit, their end)."""
    factor = 1.0
    scale = _SCALE.match(text, end)
    if scale and _is_scale(scale, currency):
        factor, end = SCALES[scale[1].lower()], scale.end()
        further = _SCALE.match(text, end)
        if further and len(further[1]) > 2:
            factor, end = factor * SCALES[further[1].lower()], further.end()
    if currency is not None:
        short = re.match(r"\s?(m|M|b|B|tn)(?!\w)", text[end : end + 4]) if factor == 1.0 else None
        if short:
            factor = {"m": 1e6, "b": 1e9, "tn": 1e12}[short[1].lower()]
            end += short.end()
        return factor, currency, end
    gap = 1 if text[end : end + 1] in {" ", "\u00a0", "\u202f", "\u2009", "-"} else 0
    phrase = _PHRASE.match(text, end + gap)
    if phrase:
        return factor, unit_named(PHRASES[phrase[0].lower()]), phrase.end()
    symbol = _UNIT.match(text, end + gap)
    if symbol:
        name = symbol[0]
        unit = unit_named(name)
        while unit is None and "/" in name:
            name = name.rpartition("/")[0]
            unit = unit_named(name)
        hyphened = text[end : end + gap] == "-" and len(name) < 2
        decade = name == "s" and not gap
        if unit is not None and not hyphened and not decade:
            return factor, unit, symbol.start() + len(name)
    return factor, None, end


def _is_scale(scale: re.Match[str], currency: Unit | None) -> bool:
    """ "5k" is five thousand; "5 K" are kelvins, and "$5K" are dollars."""
    if scale[1].lower() != "k":
        return True
    return scale[0] in {"k", "K"} and (currency is not None or scale[0] == "k")


def _value(digits: str, european: bool) -> tuple[float, float]:
    """The number and the worth of its last digit. An unclear separator is read as in English."""
    plain = re.sub(r"[\u00a0\u202f\u2009 '’]", "", digits)
    comma, dot = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and dot >= 0:
        decimal = "," if comma > dot else "."
    elif comma >= 0:
        grouped = re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", plain)
        decimal = "." if grouped and not (european and plain.count(",") == 1) else ","
    elif dot >= 0:
        grouped = re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+", plain)
        decimal = "," if grouped and (european or plain.count(".") > 1) else "."
    else:
        return float(plain), 1.0
    thousands = "." if decimal == "," else ","
    plain = plain.replace(thousands, "").replace(decimal, ".")
    places = len(plain.partition(".")[2])
    return float(plain), 10.0**-places


def _codes(text: str, taken: bytearray) -> Iterator[Quantity]:
    for match in _CODE.finditer(text):
        start, end = match.span()
        if any(taken[start:end]):
            continue
        word = match[0]
        fiscal = _YEAR_OF.fullmatch(word)
        if fiscal:
            year = int(fiscal[1])
            yield Quantity(word, start, end, PLAIN, (float(year + 2000 * (year < 100)),), 1.0)
            continue
        ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word)
        if ordinal:
            yield Quantity(word, start, end, "rank", (float(ordinal[1]),), 1.0)
            continue
        if _PREFIXED.match(word) or _is_measure(text, start, word) or _is_unit(text, start, word):
            continue
        yield Quantity(word, start, end, CODE, code=re.sub(r"[\W_]", "", word).casefold())


def _is_measure(text: str, start: int, word: str) -> bool:
    """Whether a word of digits and letters is a number with its unit: "5mL", "25-year", "12k"."""
    number = re.match(r"\d+(?:[.,]\d+)*(?:[-–]\d+(?:[.,]\d+)*)?", word)
    if number is None:
        return False
    if re.fullmatch(r"\d{4}s", word) or re.fullmatch(r"[\d.,]+[eE][-+]?\d+", word):
        return True
    end = start + number.end()
    before = text[start - 1 : start] if start else ""
    currency = unit_named(before) if before and before in "$€£¥" else None
    factor, unit, after = _unit_after(text, end, currency)
    rest = word[number.end() :]
    is_hyphened_word = re.fullmatch(r"[-–][^\W\d_]{3,}(?:-[^\W\d_]+)*", rest) is not None
    return is_hyphened_word or (
        (factor != 1.0 or unit is not None) and after >= start + len(word.partition("-")[0])
    )


def _is_unit(text: str, start: int, word: str) -> bool:
    """Whether a word with a digit is the unit of the number before it: "25 mm2"."""
    return re.search(r"\d[ \u00a0\u202f\u2009]$", text[:start][-2:]) is not None and (
        unit_named(word) is not None
    )


def _clock(match: re.Match[str]) -> Quantity:
    hour, minute = int(match[1]), int(match[2])
    if match[3]:
        hour = hour % 12 + (12 if match[3].lower() == "p" else 0)
    value = float(60 * hour + minute)
    return Quantity(match[0], match.start(), match.end(), CLOCK, (value,))


def _in_words(text: str, taken: bytearray) -> Iterator[Quantity]:
    for match in WORD_NUMBER.finditer(text):
        start, end = match.span()
        if any(taken[start:end]):
            continue
        factor, unit, end = _unit_after(text, end, None)
        needed = not match["one"] or factor != 1.0 or unit is not None
        values = (worth(match) * factor,)
        yield _quantity(text, start, end, values, factor, unit, is_needed=needed)


def _inherit(text: str, found: list[Quantity]) -> Iterator[Quantity]:
    """In "5 to 10 mL" and "5-10 mL" the first number has the unit of the second."""
    for i, quantity in enumerate(found):
        following = found[i + 1] if i + 1 < len(found) else None
        if (
            following is not None
            and quantity.dimension == PLAIN
            and following.dimension not in {PLAIN, CODE, DATE, CLOCK, "rank"}
            and not _UNIT_BEFORE.match(text, following.start)
            and "," not in text[quantity.end : following.start]
            and _RANGE.fullmatch(text, quantity.end, following.start)
        ):
            unit = _unit_of(following)
            yield Quantity(
                quantity.text,
                quantity.start,
                quantity.end,
                unit.dimension,
                tuple(value * unit.factor + unit.offset for value in quantity.values),
                quantity.step * unit.factor,
                unit.factor,
            )
        else:
            yield quantity


def _unit_of(quantity: Quantity) -> Unit:
    offset = 0.0
    if quantity.dimension == "temperature":
        offset = {1.0: 273.15, 5 / 9: 273.15 - 32 * 5 / 9}.get(quantity.factor, 0.0)
        if quantity.text.rstrip().endswith("K"):
            offset = 0.0
    return Unit(quantity.dimension, quantity.factor, offset)
