"""The words of a text as the keyword index knows them, and BM25 over packed postings."""

from __future__ import annotations

import math
import random
import uuid

import pytest

from pipelines.retrieval.index_words import (
    fragment_words,
    index_words,
    is_foreign,
    question_words,
)
from pipelines.retrieval.keywords import K1, B, bm25, pack


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The rotors are running", ["rotor", "run"]),
        ("1,200 and 1200", ["1200", "1200"]),
        ("3.5 mL", ["3.5", "ml"]),
        ("the pump's Kühler", ["pump", "kuhler"]),
        ("离心机", ["离心", "心机"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert index_words(text) == words


@pytest.mark.parametrize("written", ["VX-310", "vx310", "VX 310", "VX/310"])
def test_a_code_shares_words_with_every_way_to_write_it(written: str) -> None:
    assert {"vx", "310"} <= set(index_words(written))


def test_a_very_long_word_is_no_danger() -> None:
    assert all(len(word) <= 64 for word in index_words("a1" * 100_000 + " " + "x-1" * 50_000))


def test_scores_are_bm25() -> None:
    texts = ["oil oil pump", "oil valve", "valve seat and spring ring bolt"]
    ids = [uuid.uuid4() for _ in texts]
    postings, total = pack(
        (id_.bytes, index_words(text)) for id_, text in zip(ids, texts, strict=True)
    )
    lengths = [len(index_words(text)) for text in texts]
    assert total == sum(lengths)
    asked = ["oil", "pump", "unknown"]
    ranking = bm25({word: postings.get(word, b"") for word in asked}, len(texts), total)

    def idf(df: int) -> float:
        return math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))

    def gain(count: int, length: int) -> float:
        return count * (K1 + 1) / (count + K1 * (1 - B + B * length / (total / len(texts))))

    best = (K1 + 1) * (idf(2) + idf(1) + idf(0))
    shares = [
        (idf(2) * gain(2, lengths[0]) + idf(1) * gain(1, lengths[0])) / best,
        idf(2) * gain(1, lengths[1]) / best,
        0.0,
    ]
    assert [id_ for id_, _ in ranking.best()] == [str(ids[0]), str(ids[1])]
    assert [share for _, share in ranking.best()] == pytest.approx(shares[:2], abs=1e-6)
    assert ranking.best(1) == ranking.best()[:1]
    known = ranking.shares([str(id_) for id_ in ids])
    assert [known[str(id_)] for id_ in ids] == pytest.approx(shares, abs=1e-6)


def test_the_best_are_the_first_of_all_though_many_are_alike() -> None:
    chance = random.Random(5)
    ids = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(200)]
    postings, words = pack((id_.bytes, ["oil"] * chance.randrange(4)) for id_ in ids)
    ranking = bm25(postings, len(ids), words)
    whole = ranking.best()
    assert len({share for _, share in whole}) < 4
    assert [ranking.best(n) for n in range(1, 220, 7)] == [whole[:n] for n in range(1, 220, 7)]


def test_nothing_asked_finds_nothing() -> None:
    assert bm25({}, 0, 0).best() == []
    assert bm25({"oil": b""}, 5, 50).best() == []
    assert bm25({}, 0, 0).shares(["nobody"]) == {"nobody": 0.0}


def test_words_that_most_fragments_hold_are_common() -> None:
    texts = [f"The acme report names part p{n}" for n in range(50)]
    texts[0] += " and its torque"
    postings, total = pack((uuid.uuid4().bytes, index_words(text)) for text in texts)
    asked = ["acm", "torqu", "unknown"]
    held = {word: postings.get(word, b"") for word in asked}
    assert bm25(held, len(texts), total).common == {"acm"}
    few = {word: entries[: 20 * 8] for word, entries in held.items()}
    assert bm25(few, 8, total).common == frozenset()


INFLECTED = {
    "de": (
        "Die Kühlmittelpumpe ist nach zwei Jahren zu wechseln, und das Zahnrad mit ihr.",
        ["Pumpe", "Pumpen", "Kühlmittel", "Kühlmittelpumpen", "Zahnräder", "Rad für Kühlmittel"],
        ["Lampe", "Ventil"],
    ),
    "nl": ("De koelwaterpomp is van het merk dat wij al jaren kennen.", ["koelwater"], ["olie"]),
    "fi": (
        "Öljynsuodatin on vaihdettava kahden vuoden välein ja pumppujen kanssa.",
        ["suodatin", "öljynsuodattimen", "pumppu"],
        ["moottori"],
    ),
    "tr": (
        "Pompalarımızdan bir tanesi bozuk ve bu çok sık olur.",
        ["pompa", "pompalar"],
        ["motor"],
    ),
    "ko": (
        "펌프를 청소할 때에는 따뜻한 물을 사용하고 필터는 매년 교체합니다.",
        ["펌프", "펌프의", "필터", "물"],
        ["모터"],
    ),
    "ru": (
        "Фильтры насоса меняют каждые два года и после ремонта.",
        ["фильтр", "насосы"],
        ["масло"],
    ),
    "es": (
        "Las bombas se limpian con agua y los filtros se cambian.",
        ["bomba", "filtro"],
        ["aceite"],
    ),
    "fr": ("Les pompes sont nettoyées à l'eau et les filtres sont changés.", ["pompe"], ["huile"]),
}


def _share(text: str, question: str) -> float:
    id_ = uuid.uuid4()
    found = fragment_words(text)
    postings, total = pack([(id_.bytes, found.words)], {id_.bytes: found.parts})
    wanted = question_words(question, [found.language] if found.language else [])
    held = {
        word: b"".join(postings.get(form, b"") for form in forms) for word, forms in wanted.items()
    }
    return bm25(held, 1, total).shares([str(id_)])[str(id_)]


@pytest.mark.parametrize("code", INFLECTED)
def test_words_are_found_with_other_endings_and_joined_to_others(code: str) -> None:
    text, found, not_found = INFLECTED[code]
    assert fragment_words(text).language == code
    assert [question for question in found if not _share(text, question)] == []
    assert [question for question in not_found if _share(text, question)] == []


def test_small_words_of_the_questions_language_are_left_out() -> None:
    assert list(question_words("Wie oft wird die Pumpe geölt?", ["en"])) == ["oft", "pump", "geolt"]
    assert "die" in question_words("Where is the stamping die?")


def test_an_english_question_is_looked_for_as_it_is() -> None:
    for question in ("How often is the X-200's rotor cleaned?", "1,200 rpm at 3.5 bar"):
        expected = {word: (word,) for word in index_words(question)}
        assert question_words(question, ["en"]) == expected


def test_a_question_in_another_language_is_known() -> None:
    assert is_foreign("Wie schwer ist die Pumpe?", "en")
    assert is_foreign("ما هو وزن المضخة؟", "en")
    assert not is_foreign("How heavy is the pump?", "en")
    assert not is_foreign("VX-310", "en")
    assert not is_foreign("Wie schwer ist die Pumpe?", None)


def test_parts_make_a_text_no_longer() -> None:
    text = "Die Kühlmittelpumpe ist nach zwei Jahren zu wechseln."
    found = fragment_words(text)
    _, with_parts = pack([(b"0" * 16, found.words)], {b"0" * 16: found.parts})
    _, without = pack([(b"0" * 16, found.words)])
    assert found.parts
    assert with_parts == without == len(found.words)
