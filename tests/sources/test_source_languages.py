"""The report tells the languages of a source, found from its text whatever its type."""

from __future__ import annotations

import io

import openpyxl
import pytest

from pipelines.text.languages import languages_of, spread
from tests.support.client import Client
from tests.support.documents import pdf, picture

ENGLISH = "The pump moves coolant from the tank through the filter and on to the exchanger."
GERMAN = "Die Pumpe fördert das Kühlmittel aus dem Behälter durch den Filter zum Wärmetauscher."
CHINESE = (
    "水泵将冷却液从水箱通过过滤器输送到热交换器,操作人员可以在压力降到标记值以下之后手动关闭阀门。"
)
HINDI = "पंप टंकी से शीतलक को फ़िल्टर के रास्ते ऊष्मा विनिमायक तक पहुँचाता है और दबाव बनाए रखता है।"


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["Teil", "Hinweis", "Menge"], ["Pumpe", GERMAN, 4], ["Filter", GERMAN, 2]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("texts", "languages"),
    [
        ([ENGLISH], ["en"]),
        ([CHINESE, CHINESE], ["zh"]),
        ([HINDI, HINDI], ["hi"]),
        ([*[ENGLISH] * 12, *[GERMAN] * 6], ["en", "de"]),
        ([*[ENGLISH] * 300, GERMAN], ["en"]),
        (["Pump 7"], []),
        (["200.01 | 1\n400.01 | 3\n600.01 | 5\n800.01 | 7\n1000.01 | 9"], []),
        ([], []),
    ],
)
def test_languages_are_told_of_enough_text(texts: list[str], languages: list[str]) -> None:
    assert {tuple(languages_of(spread(texts))) for _ in range(5)} == {tuple(languages)}


def test_items_are_taken_from_the_first_to_the_last() -> None:
    assert spread(range(100), 4) == [0, 33, 66, 99]
    assert spread("abc", 4) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "data", "languages"),
    [
        ("plain.pdf", pdf(ENGLISH, ENGLISH), ["en"]),
        ("sheet.xlsx", workbook(), ["de"]),
        ("rows.csv", f"part,note\npump,{GERMAN}\n".encode(), ["de"]),
        ("sign.png", picture("The pump moves coolant from the tank", "to the exchanger"), ["en"]),
        ("short.md", b"# Pump 7", None),
    ],
    ids=["pdf", "xlsx", "csv", "picture", "too short"],
)
def test_the_report_tells_the_languages(
    admin: Client, instrument: str, name: str, data: bytes, languages: list[str] | None
) -> None:
    source = admin.add_bytes(instrument, name, data)
    facts = source["report"]["facts"]
    assert facts.get("languages") == languages
    assert facts.get("language") == (languages[0] if languages else None)


def test_the_language_that_a_file_states_is_kept(admin: Client, instrument: str) -> None:
    page = f"<html lang='pt'><body><h1>Pump</h1><p>{GERMAN}</p></body></html>"
    facts = admin.add_bytes(instrument, "page.html", page.encode())["report"]["facts"]
    assert (facts["language"], facts["languages"]) == ("pt", ["de"])
