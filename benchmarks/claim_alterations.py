"""What is done to a sentence, or made of a table cell, to see whether the check of claims notices.

Every rule goes by what a sentence looks like and gives None where it finds nothing to alter. Which
kind a word is of is told by what stands around it, as "the ... of" around a noun.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.tables import Row
from pipelines.types import Hit

NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}(?![\w-])")
_DIGITS = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w,.]*\d)")
_NOT_AFTER = {
    "en": (r"\b(is|are|was|were|can|will|could|should|must|may|has been|have been)\b", r"\1 not"),
    "de": (r"\b(ist|sind|war|waren|wird|wurde|kann)\b", r"\1 nicht"),
    "es": (r"\b(es|son|fue|fueron|era|está|puede|tiene)\b", r"no \1"),
    "zh": (r"(?<!不)(是|有|在)", r"不\1"),
}
_DENIAL = {
    "en": re.compile(r" not\b(?! only)|(?<=[a-z])n't\b|\bnever |(?<=can)not\b|\b[Nn]o (?=[a-z])"),
    "de": re.compile(r" nicht\b(?! nur)|\bnie "),
    "es": re.compile(r"\b[Nn]o (?!sólo|solo)"),
    "zh": re.compile(r"不(?!同|断|仅)"),
}
_UNITS = {
    "million": "billion", "billion": "million", "thousand": "million", "years": "months",
    "year": "month", "months": "weeks", "days": "hours", "hours": "minutes", "minutes": "hours",
    "weeks": "days", "km": "m", "kilometres": "metres", "kilometers": "meters", "miles": "feet",
    "metres": "kilometres", "meters": "kilometers", "mg": "g", "kg": "g", "mL": "L", "ml": "l",
    "mm": "cm", "cm": "mm", "nm": "mm", "percent": "ppm", "%": " kg", "°C": " °F", "°F": " °C",
    "ms": "s", "seconds": "minutes", "MB": "GB", "GB": "MB", "Millionen": "Milliarden",
    "Jahre": "Monate", "Jahren": "Monaten", "Prozent": "Promille", "años": "meses",
    "millones": "años", "inches": "feet", "feet": "miles", "bar": "psi", "kPa": "MPa",
}  # fmt: skip
_PREFIXED = {
    "mV": "kV", "kV": "mV", "V": "mV", "mA": "A", "A": "mA", "W": "kW", "kW": "W", "mW": "W",
    "mm": "km", "cm": "mm", "µm": "mm", "nm": "µm", "km": "mm", "m": "km", "kg": "mg", "g": "kg",
    "mg": "kg", "µg": "mg", "mL": "µL", "ml": "l", "µL": "mL", "µl": "ml", "L": "mL", "Hz": "kHz",
    "kHz": "MHz", "MHz": "kHz", "GHz": "MHz", "ms": "s", "µs": "ms", "kPa": "MPa", "MPa": "kPa",
    "MB": "GB", "GB": "MB", "kB": "MB", "N": "kN", "mM": "µM", "µM": "mM", "nM": "mM",
    "kilometers": "meters", "kilometres": "metres", "milliliters": "liters", "kJ": "J",
}  # fmt: skip
_OTHER_WORDS = (
    (r"\bis not\b", "isn't"), (r"\bdoes not\b", "doesn't"), (r"\bwas not\b", "wasn't"),
    (r"\bdid not\b", "didn't"), (r"\bcannot\b", "can't"), (r"\bdo not\b", "don't"),
    (r"\bhowever, ", ""), (r"\bin order to\b", "to"), (r"\bmany\b", "numerous"),
    (r"\bbecause\b", "since"), (r"\bsuch as\b", "for example"), (r"\bbegan\b", "started"),
    (r"\bshow(s|ed)? that\b", r"indicate\1 that"), (r"\butili[sz]e", "use"),
    (r"\babout (?=\d)", "approximately "), (r"\bapproximately\b", "about"),
    (r"\bpercent\b", "%"), (r"(?<=\d)%", " percent"), (r"\balso ", ""), (r"\blarge\b", "big"),
    (r"\bimportant\b", "significant"), (r"\bboth\b ", ""), (r"\bwhich\b", "that"),
    (r"(?<=\d),(?=\d{3}\b)", ""), (r"\bdifferent\b", "various"), (r"\bobtain", "get"),
)  # fmt: skip
_EQUIVALENT = (
    ("color", "colour"), ("colour", "color"), ("center", "centre"), ("centre", "center"),
    ("meter", "metre"), ("liter", "litre"), ("aluminum", "aluminium"), ("gray", "grey"),
    ("maximum", "max."), ("minimum", "min."), ("temperature", "temp."), ("must", "has to"),
    ("must", "shall"), ("can", "may"), ("number", "no."), ("if", "in case"), ("large", "big"),
    ("begin", "start"), ("use", "utilize"), ("every", "each"), ("without", "without any"),
    ("behavior", "behaviour"), ("behaviour", "behavior"), ("program", "programme"),
    ("prior to", "before"), ("before", "prior to"), ("approximately", "approx."),
    ("analyze", "analyse"), ("organization", "organisation"), ("choose", "select"),
    ("two", "2"), ("three", "3"), ("four", "4"), ("five", "5"), ("ten", "10"),
)  # fmt: skip
_MODALS = {
    "en": {"must": "may", "may": "must", "should": "must", "can": "must", "shall": "may",
           "could": "must", "might": "must"},
    "de": {"muss": "kann", "müssen": "können", "kann": "muss", "können": "müssen",
           "darf": "muss", "sollte": "muss", "konnte": "musste"},
    "es": {"debe": "puede", "deben": "pueden", "puede": "debe", "pueden": "deben"},
    "zh": {"可以": "必须", "必须": "可以", "能够": "必须"},
}  # fmt: skip
_CONDITION = {
    "en": r"if|unless|when|until|before|after|except|as long as|provided that|in case",
    "de": r"wenn|falls|sofern|bevor|nachdem|sobald",
    "es": r"si|cuando|antes de|después de|a menos que",
}
_RESTRICTION = {
    "en": r"\b(?:only|at least|at most|up to|no more than|less than|more than)\s",
    "de": r"\b(?:nur|mindestens|höchstens)\s",
    "es": r"\b(?:solo|sólo|solamente|al menos)\s",
    "zh": r"只有|只|仅|至少|最多",
}
_DECIDES = re.compile(
    r"^.*?\b(?:not|never|cannot|only|must|may|can|should|if|unless|when|before|after)\b"
    r"(?: attempt to| try to| be able to)? (?=(?:[\w,'-]+ ){3})"
)
_ANTONYMS = {
    "en": """open closed|high low|higher lower|increase decrease|increased decreased|increases
        decreases|increasing decreasing|left right|top bottom|upper lower|first last|maximum
        minimum|large small|larger smaller|largest smallest|long short|hot cold|warm cold|before
        after|above below|inside outside|internal external|start stop|on off|up down|more less|most
        least|positive negative|with without|always never|old new|early late|north south|east west
        |northern southern|eastern western|male female|strong weak|fast slow|full empty|wet dry
        |clockwise counterclockwise|enable disable|enabled disabled|push pull|connect disconnect
        |tighten loosen|input output|front rear|front back|manual automatic|horizontal vertical
        |active inactive|activation inhibition|promotes inhibits|asset liability|assets liabilities
        |available unavailable|possible impossible|stable unstable|safe unsafe|necessary
        unnecessary|direct indirect|sufficient insufficient|gain loss|buy sell|heavy light|thick
        thin|wide narrow|deep shallow|good bad|better worse|best worst|rise fall|raise lower|include
        exclude|includes excludes|included excluded|many few|same different|public private|win lose
        |won lost|victory defeat|success failure|import export|rich poor|clean dirty|wide narrow
        |true false|major minor|beginning end|continuous intermittent|expensive cheap|visible
        invisible|legal illegal|known unknown|usual unusual|common rare|modern ancient|appear
        disappear|allow prevent|allowed prevented|remove insert|removed inserted|install remove""",
    "de": """hoch niedrig|höher niedriger|groß klein|größte kleinste|größer kleiner|alt neu|alten
        neuen|alte neue|erste letzte|ersten letzten|links rechts|nördlich südlich|östlich westlich
        |viele wenige|mehr weniger|lang kurz|innen außen|oben unten|immer nie|stark schwach|früh
        spät|warm kalt|schnell langsam|besser schlechter|Norden Süden|Osten Westen|Sieg Niederlage
        |Anfang Ende""",
    "es": """alto bajo|alta baja|altos bajos|mayor menor|grande pequeño|nuevo viejo|primero último
        |primera última|primer último|norte sur|este oeste|más menos|siempre nunca|izquierda derecha
        |largo corto|superior inferior|interior exterior|antes después|mejor peor|fuerte débil
        |aumentar disminuir|abierto cerrado|máximo mínimo|dentro fuera|principio fin""",
    "zh": "最大 最小|最高 最低|增加 减少|上升 下降|北部 南部|东部 西部|之前 之后|以上 以下|左 右",
}  # fmt: skip
_DETERMINER = r"(?:the|a|an|this|that|these|those|its|their|your|each|every|any|his|her|our)"
_BEHIND = (
    r"(?= (?:of|in|on|to|is|are|was|were|and|or|for|with|at|by|from|has|have|had|can|must|may|will"
    r"|that|which|when|if)\b|[.,;:)])"
)
KINDS = {
    "noun": {
        "en": re.compile(rf"(?<![\w-]){_DETERMINER} (?:[a-z]{{3,}} )?(?P<w>[a-z]{{3,}}){_BEHIND}"),
        "de": re.compile(
            r"\b(?:[dD](?:er|ie|as|en|em|es)|eine?[mnrs]?) (?P<w>[A-ZÄÖÜ][a-zäöüß]{3,})\b"
        ),
        "es": re.compile(r"\b(?:el|la|los|las|un|una|del|al) (?P<w>[a-záéíóúñ]{4,})\b"),
        "zh": re.compile(r"的(?P<w>[\u4e00-\u9fff]{2})(?=[，。、和的在是])"),
    },
    "adjective": {
        "en": re.compile(rf"(?<![\w-]){_DETERMINER} (?P<w>[a-z]{{3,}}) [a-z]{{3,}}{_BEHIND}"),
    },
    "verb": {
        "en": re.compile(
            r"\b(?:must|may|can|should|will|could|would|to|not) (?P<w>[a-z]{3,})"
            rf"(?= {_DETERMINER}\b| (?:in|on|with|from|for|into|up|out|all|any|more)\b)"
        ),
    },
}
"""By kind and language: a word between what stands around words of that kind."""
_NO_WORDS = frozenset(
    """the and for not with from that this these those its their your his her our own all any each
    both some such more most less least very only other another same first last next two three four
    five six you they she him them one ones since while where because whether until here now how
    have has had been being was were are can may must will which who what when there then
    also than into over under about each every one many few much be do""".split()
)
Words = Mapping[str, Mapping[str, frozenset[int]]]
"""Kind of word -> word -> the texts that it stands in so."""


@dataclass(frozen=True)
class Drawn:
    """A sentence, the text it was drawn from, and another text of the same collection."""

    text: str
    hit: Hit
    language: str
    stranger: str
    names: tuple[str, ...]
    """Names of other texts that this one doesn't have."""
    words: Words
    number: int
    """Of the text among those of its collection."""


@dataclass(frozen=True)
class Cell:
    """A cell that its table says something with, and the others that could be taken for it."""

    hit: Hit
    row: Row
    column: int
    in_other_rows: tuple[str, ...]
    in_other_columns: tuple[str, ...]


Alteration = Callable[[Drawn, random.Random], str | None]


def words_of_kind(text: str, kind: str, language: str) -> list[re.Match[str]]:
    pattern = KINDS[kind].get(language)
    found = pattern.finditer(text) if pattern else ()
    return [match for match in found if match["w"].lower() not in _NO_WORDS]


def substituted(kind: str) -> Alteration:
    """Another word of that kind, from another text, in the place of one."""

    def alter(drawn: Drawn, chance: random.Random) -> str | None:
        found = words_of_kind(drawn.text, kind, drawn.language)
        if not found:
            return None
        match = chance.choice(found)
        known = drawn.text.lower()
        others = [
            word
            for word, texts in drawn.words[kind].items()
            if texts != {drawn.number} and word[:4].lower() not in known
        ]
        if not others:
            return None
        return drawn.text[: match.start("w")] + chance.choice(others) + drawn.text[match.end("w") :]

    return alter


def number_changed(drawn: Drawn, chance: random.Random) -> str | None:
    found = list(_DIGITS.finditer(drawn.text))
    if not found:
        return None
    match = chance.choice(found)
    digits = [i for i, character in enumerate(match[0]) if character.isdigit()]
    at = chance.choice(digits)
    other = chance.choice([d for d in "123456789" if d != match[0][at]])
    changed = match[0][:at] + other + match[0][at + 1 :]
    return drawn.text[: match.start()] + changed + drawn.text[match.end() :]


def _unit_of(table: Mapping[str, str]) -> Alteration:
    names = "|".join(map(re.escape, sorted(table, key=len, reverse=True)))
    pattern = re.compile(rf"(?<=\d)(\s?)({names})(?![\w²³/·])")

    def alter(drawn: Drawn, chance: random.Random) -> str | None:
        found = list(pattern.finditer(drawn.text))
        if not found:
            return None
        match = chance.choice(found)
        return drawn.text[: match.start(2)] + table[match[2]] + drawn.text[match.end() :]

    return alter


def name_foreign(drawn: Drawn, chance: random.Random) -> str | None:
    found = list(NAME.finditer(drawn.text))
    if not found or not drawn.names or drawn.language == "de":
        return None
    match = chance.choice(found)
    return drawn.text[: match.start()] + chance.choice(drawn.names) + drawn.text[match.end() :]


def names_swapped(drawn: Drawn, chance: random.Random) -> str | None:
    """Two names of the sentence, that don't stand in one list or name, change places."""
    if drawn.language == "de":
        return None
    found = list(NAME.finditer(drawn.text))
    pairs = [
        (one, two)
        for one in found
        for two in found
        if one[0] != two[0]
        and len(re.findall(r"\b[a-z]{3,}", drawn.text[one.end() : two.start()])) > 1
    ]
    if not pairs:
        return None
    one, two = chance.choice(pairs)
    text = drawn.text
    return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]


def negation_added(drawn: Drawn, chance: random.Random) -> str | None:  # noqa: ARG001
    pattern, instead = _NOT_AFTER[drawn.language]
    changed, times = re.subn(rf"{pattern}(?! not| nicht)", instead, drawn.text, count=1)
    return changed if times else None


def negation_dropped(drawn: Drawn, chance: random.Random) -> str | None:
    return _without_one(_DENIAL[drawn.language], drawn.text, chance)


def antonym(drawn: Drawn, chance: random.Random) -> str | None:
    pairs = [pair.split() for pair in _ANTONYMS[drawn.language].split("|")]
    both = [(a, b) for one, two in pairs for a, b in ((one, two), (two, one))]
    edge = "" if drawn.language == "zh" else r"(?![\w-])"
    before = "" if drawn.language == "zh" else r"(?<![\w-])"
    found = [
        (match, other)
        for word, other in both
        for match in re.finditer(rf"{before}{word}{edge}", drawn.text)
        if other not in drawn.text
    ]
    if not found:
        return None
    match, other = chance.choice(found)
    return drawn.text[: match.start()] + other + drawn.text[match.end() :]


def modal_changed(drawn: Drawn, chance: random.Random) -> str | None:
    modals = _MODALS[drawn.language]
    edge = "" if drawn.language == "zh" else r"\b"
    found = list(re.finditer(rf"{edge}(?:{'|'.join(modals)}){edge}", drawn.text))
    if not found:
        return None
    match = chance.choice(found)
    return drawn.text[: match.start()] + modals[match[0]] + drawn.text[match.end() :]


def condition_dropped(drawn: Drawn, chance: random.Random) -> str | None:
    if drawn.language == "zh":
        bare = re.sub(r"^(?:如果|当|除非)[^，。]{2,30}，", "", drawn.text)
        return bare if bare != drawn.text else None
    cues = _CONDITION[drawn.language]
    fronted = re.match(rf"(?:{cues})\b[^,;.]{{5,80}}, (?=\w)", drawn.text, re.IGNORECASE)
    if fronted:
        rest = drawn.text[fronted.end() :]
        return rest[:1].upper() + rest[1:]
    trailing = re.compile(rf",? (?:{cues})\b [^,;.:]{{5,80}}(?=[.,;]|$)")
    return _without_one(trailing, drawn.text, chance)


def restriction_dropped(drawn: Drawn, chance: random.Random) -> str | None:
    if re.search(r"\bnot only\b|\bnicht nur\b|no s[oó]lo\b", drawn.text):
        return None
    return _without_one(re.compile(_RESTRICTION[drawn.language]), drawn.text, chance)


def half_a_sentence(drawn: Drawn, chance: random.Random) -> str | None:  # noqa: ARG001
    """What stands behind the word that decides whether it holds: "Do not attempt to" cut off."""
    match = _DECIDES.match(drawn.text) if drawn.language == "en" else None
    if match is None:
        return None
    rest = drawn.text[match.end() :]
    return rest[:1].upper() + rest[1:]


def other_source(drawn: Drawn, chance: random.Random) -> str | None:  # noqa: ARG001
    return None if drawn.stranger in drawn.hit.text else drawn.stranger


def verbatim(drawn: Drawn, chance: random.Random) -> str | None:  # noqa: ARG001
    return drawn.text


def reordered(drawn: Drawn, chance: random.Random) -> str | None:  # noqa: ARG001
    """The part up to a comma goes to the end."""
    bare = drawn.text.rstrip(".。 ")
    for comma in re.finditer(r", |，", bare):
        first, rest = bare[: comma.start()], bare[comma.end() :]
        if min(len(first.split()), len(rest.split())) >= 3 or (
            drawn.language == "zh" and min(len(first), len(rest)) >= 6
        ):
            return f"{rest[:1].upper()}{rest[1:]}{comma[0]}{first}."
    return None


def reworded(drawn: Drawn, chance: random.Random) -> str | None:  # noqa: ARG001
    if drawn.language != "en":
        return None
    changed = drawn.text
    for pattern, instead in _OTHER_WORDS:
        changed = re.sub(pattern, instead, changed)
    return changed if changed != drawn.text else None


def inflected(drawn: Drawn, chance: random.Random) -> str | None:
    """A noun in the other number."""
    found = words_of_kind(drawn.text, "noun", drawn.language) if drawn.language == "en" else []
    found = [match for match in found if not re.search(r"(?:[sxy]|ch|sh|men)$", match["w"])]
    if not found:
        return None
    end = chance.choice(found).end("w")
    return f"{drawn.text[:end]}s{drawn.text[end:]}"


def equivalent(drawn: Drawn, chance: random.Random) -> str | None:
    """A word in another spelling, abbreviated, or another that means the same."""
    found = [
        (match, instead)
        for word, instead in _EQUIVALENT
        for match in re.finditer(rf"(?<![\w-]){word}(?=\w{{0,2}}\b)(?![\w-]{{3}})", drawn.text)
        if drawn.language == "en" and not drawn.text[match.end() :][:1].isalpha()
    ]
    if not found:
        return None
    match, instead = chance.choice(found)
    return drawn.text[: match.start()] + instead + drawn.text[match.end() :]


def _without_one(pattern: re.Pattern[str], text: str, chance: random.Random) -> str | None:
    found = list(pattern.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    return text[: match.start()] + text[match.end() :]


ALTERATIONS: dict[str, Alteration] = {
    **{f"{kind} substituted": substituted(kind) for kind in KINDS},
    "number changed": number_changed,
    "unit changed": _unit_of(_UNITS),
    "unit prefix changed": _unit_of(_PREFIXED),
    "name from elsewhere": name_foreign,
    "names swapped": names_swapped,
    "negation added": negation_added,
    "negation dropped": negation_dropped,
    "antonym": antonym,
    "modal changed": modal_changed,
    "condition dropped": condition_dropped,
    "restriction dropped": restriction_dropped,
    "half a sentence": half_a_sentence,
    "other source": other_source,
    "verbatim": verbatim,
    "reordered": reordered,
    "reworded": reworded,
    "inflected": inflected,
    "equivalent": equivalent,
}


def cell_stated(cell: Cell, chance: random.Random) -> str | None:  # noqa: ARG001
    return _stated(cell, cell.row.cells[cell.column])


def row_changed(cell: Cell, chance: random.Random) -> str | None:
    """The value that another row has in that column."""
    return _stated(cell, chance.choice(cell.in_other_rows)) if cell.in_other_rows else None


def column_changed(cell: Cell, chance: random.Random) -> str | None:
    """The value that another column has in that row."""
    return _stated(cell, chance.choice(cell.in_other_columns)) if cell.in_other_columns else None


def _stated(cell: Cell, value: str) -> str:
    header = " ".join(cell.row.headers[cell.column])
    return f"The {header} of {cell.row.cells[0]} is {value}."


CELLS: dict[str, Callable[[Cell, random.Random], str | None]] = {
    "row changed": row_changed,
    "column changed": column_changed,
    "cell stated": cell_stated,
}
