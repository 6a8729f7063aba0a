"""What a question asks for: its words, its parts, and the kind of thing that would answer it.

Question words of English, German, French, Spanish, Russian and Chinese are known. In any other
language nothing is asked for in particular, and meaning and words decide alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pipelines.retrieval.attributes import Attribute, attribute
from pipelines.retrieval.keywords import index_words
from pipelines.text.sentences import sentences
from pipelines.text.words import SMALL_WORDS

Wanted = Literal["number", "date", "name", "steps", "reason", "anything"]

_KINDS: tuple[tuple[Wanted, str], ...] = (
    (
        "steps",
        r"\bhow (?:do|can|should|must|would) (?:i|we|you|one)\b|\bhow to\b|\bsteps?\b|\bprocedure"
        r"|\bhow (?:is|are) .+ (?:done|made|changed|replaced|installed|removed|cleaned|set up"
        r"|started|assembled|calibrated|performed)\b|\binstructions?\b"
        r"|\bwie (?:kann|muss|soll|darf)? ?(?:ich|man|wir)\b|\bwie \w+ (?:ich|man|wir)\b"
        r"|\bschritte?\b|\banleitung\b|\bcomment (?:faire|puis-je|peut-on|dois-je|doit-on)\b"
        r"|\bétapes?\b|\bcómo (?:se|puedo|debo|hago)\b|\bpasos\b|\bкак (?:мне|можно|нужно)\b"
        r"|\bшаг(?:и|ов)\b|步骤|如何|怎么|怎样",
    ),
    (
        "number",
        r"\bhow (?:many|much|long|often|far|fast|high|low|large|big|small|old|deep|tall|wide|thick"
        r"|heavy|hot|cold|few)\b|\bpercent|\b(?:what|which) (?:number|amount|share|proportion|ratio"
        r"|rate|torque|voltage|temperature|pressure|weight|length|width|height|speed|distance"
        r"|price|cost|size|volume)\b|\bwie (?:viele?|lange|oft|hoch|groß|weit|schwer|schnell|tief"
        r"|breit|alt|teuer)\b|\bwieviele?\b|\bprozent|\bcombien\b|\bpourcent|\bcuánt[oa]s?\b"
        r"|\bporcentaje\b|\bсколько\b|\bпроцент|多少|几|百分",
    ),
    (
        "date",
        r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b|\bwann\b"
        r"|\bwelche[mnrs]? (?:jahr|datum|tag|monat|jahrhundert)|\bquand\b"
        r"|\bquelle (?:année|date)\b|\ben quelle année\b|\bcuándo\b"
        r"|\b(?:qué|cuál) (?:año|fecha|día)\b"
        r"|\bкогда\b|\bкаком году\b|什么时候|何时|哪一?年|哪一?天|几月",
    ),
    (
        "name",
        r"\bwho(?:m|se)?\b|\bwhere\b|\b(?:what|which) (?:city|country|state|town|person|company)\b"
        r"|\bwe[rnm]\b|\bwessen\b|\bwo(?:hin|her)?\b|\bqui\b|\boù\b|\bquién(?:es)?\b|\bdónde\b"
        r"|\bкто\b|\bкого\b|\bкем\b|\bгде\b|\bкуда\b|谁|哪里|哪儿|何处|何地",
    ),
    (
        "reason",
        r"\bwhy\b|\b(?:what|which) (?:reason|cause)|\bwarum\b|\bweshalb\b|\bwieso\b|\bpourquoi\b"
        r"|\bpor qué\b|\bпочему\b|\bзачем\b|为什么|为何",
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)

_ASKING = (
    r"who|whom|whose|what|which|when|where|why|how|wer|was|wen|wem|welche[mnrs]?|wann|wo|warum|wie"
    r"|qui|que|quoi|quel(?:le)?s?|quand|où|pourquoi|comment|combien|quién|qué|cuál(?:es)?|cuándo"
    r"|dónde|cómo|cuánt[oa]s?|кто|что|как(?:ой|ая|ие)?|когда|где|почему|сколько"
)
_PART = re.compile(
    rf"[?;？；]\s*|,?\s+(?:and|und|et|y|e|и|or|oder)\s+(?=(?:\w+\s+)?(?:{_ASKING})\b)"
    r"|，?(?:以及|并且)",
    re.IGNORECASE,
)
_NUMBERS = """
one two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred
thousand million billion half third quarter dozen first second once twice several zwei drei vier
fünf sechs sieben acht neun zehn elf zwölf hundert tausend million millionen hälfte deux trois
quatre cinq sept huit neuf dix douze cent mille moitié dos tres cuatro cinco seis siete ocho nueve
diez doce cien mil mitad два две три четыре пять шесть семь восемь девять десять сто тысяч
половина
"""
_NUMBER_WORDS = frozenset(_NUMBERS.split())
_DIGIT = re.compile(r"\d|[一二三四五六七八九十百千万亿两半]")
_DATE = re.compile(
    r"\b1\d{3}s?\b|\b20\d\ds?\b|centur|jahrhundert|siècle|siglo|\bвек|世纪|年|\b\d{1,2}[./]\d{1,2}[./]\d{2}"
    r"|\b(?:jan|feb|mar|apr|jun|jul|aug|sep|okt|oct|nov|dec|dez|mai|may|mär)\w*\b|\bянвар|\bфеврал"
    r"|\bмарт|\bапрел|\bма[йя]\b|\bиюн|\bиюл|\bавгуст|\bсентябр|\bоктябр|\bноябр|\bдекабр"
    r"|\bjanvier|\bfévrier|\bavril|\bjuin|\bjuillet|\baoût|\bdécembre|\benero|\bmarzo|\bagosto"
    r"|\bdiciembre|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b\d{1,2}:\d\d",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"because|due to|since|caus|reason|so that|as a result|in order to|therefore|led to|driven by"
    r"|\bweil\b|\bda\b|wegen|grund|damit|aufgrund|parce|car\b|afin|raison|grâce|porque|debido"
    r"|causa|razón|para que|потому|из-за|чтобы|因为|由于|为了",
    re.IGNORECASE,
)
_FISCAL = re.compile(r"\bFY\s?(?=(?:19|20)\d\d\b)", re.IGNORECASE)
_HOW_TO_ANSWER = re.compile(
    r"(?:please )?(?:answer|reply|respond|be (?:brief|short|exact)|keep it|use (?:only )?\w+ (?:words|sentences)"
    r"|give (?:only|just)|cite|quote|(?:bitte )?antworte|réponds|répondez|responde)\b(?!.*[?？؟]$)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
_SMALL_ELSEWHERE = """
der die das den dem des ein eine einen einem einer eines und oder in im an am auf aus bei mit nach
von vom zu zum zur für über unter wird werden wurde wurden ist sind war waren hat haben hatte man
sich es sie er wer was wen wem wann wo warum wie viel viele welche welcher welches welchem welchen
le la les un une des du de d l et ou à au aux dans en par pour sur avec est sont était étaient a
ont qui que quoi quel quelle quels quelles quand où pourquoi comment combien ce cette ces il elle
ils se sa son ses el los las una unos unas y o del al por para con es son era eran fue fueron ha
han quién qué cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas su sus lo как какой
какая какие каком когда где кто что почему сколько и или в во на с со по из к у о об был была было
были это его ее их он она они для от до
"""
_SMALL = frozenset(_SMALL_ELSEWHERE.split())
"""Words of other languages that say nothing about the subject."""


@dataclass(frozen=True)
class Question:
    """A question, or one of its parts."""

    text: str
    words: tuple[str, ...]
    """As the keyword index knows them, each once, what says nothing of the subject left out."""
    wanted: Wanted
    spelled_words: frozenset[str]
    """Its words in lower case: to name one of them again answers nothing."""
    attribute: Attribute | None = None


def understood(text: str) -> Question:
    """What a question, or a part of one, asks for."""
    text = _FISCAL.sub("", text)
    spelled_words = frozenset(word.lower() for word in _WORD.findall(text))
    words = list(dict.fromkeys(index_words(text)))
    # "man" and "die" say nothing in German, and much in English.
    if len(spelled_words & _SMALL) > len(spelled_words & SMALL_WORDS):
        small = {key for word in spelled_words & _SMALL for key in index_words(word)}
        words = [word for word in words if word not in small] or words
    wanted: Wanted = "anything"
    for kind, pattern in _PATTERNS:
        if pattern.search(text):
            wanted = kind
            break
    return Question(text, tuple(words), wanted, spelled_words, attribute(text))


def core(text: str) -> str:
    """`text` without the sentences that say how to answer; all of it when it has no others."""
    pieces = [text[start:end] for start, end in sentences(text)]
    return " ".join(piece for piece in pieces if not _HOW_TO_ANSWER.match(piece)) or text


def parts(text: str) -> list[Question]:
    """The parts of a question that asks several things, in order; empty when it asks one."""
    pieces = [piece.strip() for piece in _PART.split(text) if piece and piece.strip()]
    found = [part for part in map(understood, pieces) if part.words]
    return found if len(found) > 1 else []


def could_answer(question: Question, text: str) -> bool:
    """Whether `text` holds a thing of the kind that is asked for, other than the question's own."""
    if question.wanted == "date":
        return any(match[0].lower() not in question.spelled_words for match in _DATE.finditer(text))
    if question.wanted == "reason":
        return _REASON.search(text) is not None
    new = [word for word in _WORD.findall(text) if word.lower() not in question.spelled_words]
    if question.wanted == "number":
        return any(_DIGIT.search(word) or word.lower() in _NUMBER_WORDS for word in new)
    if question.wanted == "name":
        # Scripts without capital letters can't show a name.
        return not _has_case(text) or any(word[0].isupper() for word in new)
    return True


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
