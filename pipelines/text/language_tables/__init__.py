"""What is known of languages: words, numbers, units and questions, as data.

A language is one file and one line here. Of any other language nothing is known: words are
compared as they are written, and questions ask for nothing in particular.
"""

from __future__ import annotations

from pipelines.text.language_tables.chinese import CHINESE
from pipelines.text.language_tables.dutch import DUTCH
from pipelines.text.language_tables.english import ENGLISH
from pipelines.text.language_tables.finnish import FINNISH
from pipelines.text.language_tables.french import FRENCH
from pipelines.text.language_tables.german import GERMAN
from pipelines.text.language_tables.italian import ITALIAN
from pipelines.text.language_tables.japanese import JAPANESE
from pipelines.text.language_tables.korean import KOREAN
from pipelines.text.language_tables.portuguese import PORTUGUESE
from pipelines.text.language_tables.russian import RUSSIAN
from pipelines.text.language_tables.spanish import SPANISH
from pipelines.text.language_tables.table import LanguageTable, Wanted
from pipelines.text.language_tables.turkish import TURKISH

__all__ = ["ENGLISH", "LANGUAGES", "LanguageTable", "Wanted", "known"]

LANGUAGES: dict[str, LanguageTable] = {
    table.code: table
    for table in (
        ENGLISH,
        GERMAN,
        FRENCH,
        SPANISH,
        ITALIAN,
        PORTUGUESE,
        DUTCH,
        CHINESE,
        JAPANESE,
        KOREAN,
        RUSSIAN,
        TURKISH,
        FINNISH,
    )
}
"""By ISO 639-1 code."""


def known(language: str) -> bool:
    """Whether there is a table of a language, given its code."""
    return language in LANGUAGES
