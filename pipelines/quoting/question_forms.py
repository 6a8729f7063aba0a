"""How questions are asked: the words of measures, lists, comparisons, problems, places.

A line of each text is one form, a regular expression. Known in English above all; what is asked
for by kind in other languages stands in `pipelines.text.language_tables`.
"""

from __future__ import annotations

import re


def forms(text: str) -> re.Pattern[str]:
    """Any of the lines of `text`, whatever their case."""
    lines = (line.strip() for line in text.strip().splitlines())
    return re.compile("|".join(lines), re.IGNORECASE)


def _by_word(table: dict[str, str]) -> dict[str, frozenset[str]]:
    words = {word for names in table.values() for word in names.split()}
    return {w: frozenset(d for d, names in table.items() if w in names.split()) for w in words}


MEASURED_NOUNS = _by_word(
    {
        "mass": "mass weight",
        "length": "length width height depth thickness diameter radius distance gap clearance",
        "time": "time duration interval lifetime",
        "months": "age warranty interval lifetime",
        "temperature": "temperature",
        "voltage": "voltage",
        "current": "amperage",
        "power": "power wattage consumption",
        "pressure": "pressure",
        "volume": "volume capacity",
        "turns": "speed",
        "speed": "speed velocity",
        "level": "noise loudness",
        "share": "percentage share humidity concentration",
        "frequency": "frequency",
        "torque": "torque",
        "force": "force",
        "resistance": "resistance",
        "angle": "angle",
        "USD": "price cost",
        "EUR": "price cost",
        "molarity": "concentration molarity",
    }
)
"""Nouns -> the dimensions that their value may be of."""
MEASURED_ADJECTIVES = _by_word(
    {
        "mass": "heavy heavier heaviest lighter lightest",
        "length": "long longer longest wide wider widest high tall taller tallest deep deeper thick"
        " thicker thin thinner far",
        "time": "long longer longest often soon fast quick quicker quickly",
        "months": "long longer longest often old older oldest",
        "temperature": "hot hotter hottest cold colder coldest warm warmer",
        "turns": "fast faster fastest slow slower slowest",
        "level": "loud louder loudest noisy noisier quiet quieter quietest",
        "USD": "cheap cheaper cheapest expensive",
        "EUR": "cheap cheaper cheapest expensive",
    }
)
"""Words that ask how much of it there is, or compare by it -> the dimensions."""
MEASURED_VERBS = _by_word(
    {
        "mass": "weigh weighs",
        "USD": "cost costs",
        "EUR": "cost costs",
        "GBP": "cost costs",
        "JPY": "cost costs",
        "CHF": "cost costs",
    }
)
"""What a thing does as a measure of it -> the dimensions."""
MEASURING = frozenset(MEASURED_NOUNS).union(
    MEASURED_ADJECTIVES, MEASURED_VERBS, ("size", "much", "many")
)
"""Words that ask for a measure, and are not what is measured."""
VALUES = frozenset(
    """limit limits level levels range ranges rate rates number amount value values ratio threshold
    maximum minimum dose point quantity count tolerance accuracy resolution sensitivity size
    sizes""".split()
)
"""Nouns whose value is a number of whatever dimension."""

HOW = re.compile(r"\bhow\s+(?:\w+ly\s+)?(\w+)\b")
WHAT = re.compile(
    r"^\W*(?:(?:and|at|to|with|for|in|from|under|up|by|below|above|after)\s+)*(?:what|which)\s+"
    r"((?:[\w-]+\s+){0,5}?)"
    r"(?:is|are|was|were|do|does|did|can|may|must|should|has|have|apply|applies|of|for)\b"
    r"(?:\s+the\s+((?:[\w-]+\W+){0,9}?)(?:(?:of|for|with|at|in|on|that|to)\b|$))?"
)
"""Its groups hold the noun that is asked for."""
SIZED = forms(
    r"""
    \b(?:how|what is the|what are the|up to what)\s+(?:big|large|small|size|sizes)\b
    \b(?:what is the|what are the)\s+(?:biggest|largest|smallest)\b
    """
)
COMPARES = forms(
    r"""
    \b(?:differences?|different|differs?|compare[ds]?|comparison|versus|vs)\b
    \b(?:unterschied|vergleich|différence|diferencia|differenza|verschil)
    比较|区别|不同|違い|比較|차이
    """
)
EXTREME = re.compile(
    r"^\W*(?:which|what|who)\b(?:\s+\w+){0,2}?\s+(?:is|are|has|have|weighs|takes|uses|costs|runs)\s+"
    r"(?:the\s+)?(?:\w+ly\s+)?(?!other\b|under\b|over\b|after\b|power\b|water\b)"
    r"(?:\w{2,}er|\w{2,}est|more|most|less|least|fewer)\b",
    re.IGNORECASE,
)
"""Which of several has more, or most."""
ALL = forms(
    r"""
    ^\W*(?:please\s+)?(?:list|enumerate|name)\b
    \b(?:all|every)\s+(?:the\s+)?\w+s\b
    \b(?:what|which) (?:\w+ ){0,3}?(?:are there|exist|are available|are listed|are included)\b
    \b(?:what|which) are the (?:\w+ ){0,2}\w+s\b(?! of the \w+ and)
    列出|有哪
    """
)
COUNTED = re.compile(
    r"\bhow many ((?:[\w-]+\s+){1,4}?)(?:is|are|was|were|do|does|did|can|could|may|must|should|has"
    r"|have|will|fit|fits|hold|holds|go|goes|there|in|on|per|of|belong|come|make)\b",
    re.IGNORECASE,
)
"""Its group holds what is counted."""
CODED = forms(
    r"""
    \b(?:part|catalog(?:ue)?|order(?:ing)?|model|serial)[ -]?(?:number|no\.?|code|#)s?\b
    \b(?:item|article)[ -]?(?:number|no\.?|code|#)s?\b
    \b(?:stock|document|publication)[ -]?(?:number|no\.?|code|#)s?\b
    \b(?:reference|type|cas|lot|product|version|phone|telephone|fax)[ -]?(?:number|no\.?|code|#)s?\b
    \b(?:part|cat|art)\.? ?no\b
    \bsku\b
    """
)
"""Asks for a number that names something."""
REMEDY = forms(
    r"""
    \bwhat (?:should|can|must|do|could|shall) (?:i|we|you|one) (?:do|use|check|try|look)\b
    \bwhat to do\b
    \bwhat(?: is|'s) (?:wrong|the (?:cause|reason|problem|matter))
    \bcauses?\b
    \bwhat does .* mean\b
    \bhow (?:do|can|should) (?:i|we|you|one) (?:fix|solve|repair|remedy|resolve|correct)\b
    \bwas (?:soll|muss|kann) (?:ich|man|wir)\b.*\btun\b
    \bque (?:dois-je|faut-il) faire\b
    \bqué (?:debo|hay que) hacer\b
    怎么办|怎么回事
    """
)
"""Asks what to do about a problem, or where it comes from."""
WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
PLACE = re.compile(
    r"\b(?:in|at|on|under|underneath|beneath|behind|beside|near|inside|outside|above|below|between"
    r"|next to|left of|right of|into|onto|from)\s+(?:(?:of|the|a|an|your|its)\s+)*(\w+)"
    r"|\b(outdoors|indoors|upstairs|downstairs)\b",
    re.IGNORECASE,
)
"""A place in a sentence: what it is named by."""
YES_OR_NO = forms(
    r"""
    \W*(?:can|could|may|might|must|should|shall|will|would|is|are|was|were|do|does|did|has|have)\b
    \W*(?:kann|darf|muss|soll|ist|sind|hat|est-ce|peut-on|puis-je|se puede|puede|es posible)\b
    .*(?:吗|么|是否|能否|可否|か\W*$)
    """
)
WHENEVER = forms(
    r"""
    \b(?:after|before|every|each|once|when|whenever|during|until|as soon as|if)\b
    \b(?:daily|weekly|monthly|annually|yearly)\b
    """
)
"""Tells a time without a date."""
