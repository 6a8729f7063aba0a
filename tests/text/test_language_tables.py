"""What is known of languages: told by their small words, asked by their question words."""

from __future__ import annotations

import pytest

from pipelines.retrieval.questions import could_answer, parts, understood
from pipelines.text.function_words import language_of, unknown_language, written_in
from pipelines.text.language_tables import LANGUAGES, known

NAMED = {"en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja", "ko"}
QUESTIONS = {
    "en": [
        ("How heavy is the pump?", "number"),
        ("When is it due?", "date"),
        ("Why does it leak?", "reason"),
        ("Where is the valve?", "name"),
        ("How do I change the filter?", "steps"),
    ],
    "de": [
        ("Wie schwer ist die Pumpe?", "number"),
        ("Wann ist die Rechnung fällig?", "date"),
        ("Warum leckt das Ventil?", "reason"),
        ("Wo ist der Schalter?", "name"),
        ("Wie wechsle ich den Filter?", "steps"),
    ],
    "fr": [
        ("Combien pèse la pompe ?", "number"),
        ("Quand faut-il payer la facture ?", "date"),
        ("Pourquoi la vanne fuit-elle ?", "reason"),
        ("Où est la vanne ?", "name"),
        ("Comment changer le filtre ?", "steps"),
    ],
    "es": [
        ("¿Cuánto pesa la bomba?", "number"),
        ("¿Cuándo vence la factura?", "date"),
        ("¿Por qué gotea la válvula?", "reason"),
        ("¿Dónde está la válvula?", "name"),
        ("¿Cómo se cambia el filtro?", "steps"),
    ],
    "it": [
        ("Quanto pesa la pompa?", "number"),
        ("Quando scade la fattura?", "date"),
        ("Perché la valvola perde?", "reason"),
        ("Dove si trova la valvola?", "name"),
        ("Come si cambia il filtro?", "steps"),
    ],
    "pt": [
        ("Quantos quilos tem a bomba?", "number"),
        ("Quando vence a fatura e para quem?", "date"),
        ("Por que a válvula está com vazamento?", "reason"),
        ("Onde está a válvula?", "name"),
        ("Como se troca o filtro?", "steps"),
    ],
    "nl": [
        ("Hoe zwaar is de pomp?", "number"),
        ("Wanneer moet de rekening betaald worden?", "date"),
        ("Waarom lekt het ventiel?", "reason"),
        ("Waar is de schakelaar?", "name"),
        ("Hoe vervang ik het filter?", "steps"),
    ],
    "zh": [
        ("泵有多重？", "number"),
        ("发票什么时候到期？", "date"),
        ("阀门为什么漏水？", "reason"),
        ("阀门在哪里？", "name"),
        ("如何更换滤芯？", "steps"),
    ],
    "ja": [
        ("ポンプは何キロですか？", "number"),
        ("請求書の期限はいつですか？", "date"),
        ("なぜバルブが漏れますか？", "reason"),
        ("バルブはどこですか？", "name"),
        ("フィルターの交換手順は？", "steps"),
    ],
    "ko": [
        ("펌프의 무게는 얼마입니까?", "number"),
        ("청구서의 기한은 언제입니까?", "date"),
        ("밸브가 왜 샙니까?", "reason"),
        ("밸브는 어디에 있습니까?", "name"),
        ("필터를 어떻게 교체합니까?", "steps"),
    ],
    "ru": [("Сколько весит насос?", "number"), ("Почему течёт клапан?", "reason")],
    "tr": [("Pompa ne kadar ağır ve büyük?", "number"), ("Valf nerede ve nasıl?", "steps")],
    "fi": [("Kuinka painava pumppu on?", "number"), ("Miksi venttiili vuotaa?", "reason")],
}
CASES = [(code, *each) for code, some in QUESTIONS.items() for each in some]


def test_the_languages_that_are_promised_are_there() -> None:
    assert set(LANGUAGES) >= NAMED
    assert set(QUESTIONS) == set(LANGUAGES)
    assert known("de")
    assert not known("pl")
    for code, table in LANGUAGES.items():
        assert table.code == code
        assert table.small
        assert table.negations
        assert table.numbers
        assert {"kg", "mm", "min", "V", "W"} <= set(table.units.values())
        dimensions = {"mass", "length", "temperature", "pressure", "voltage", "time", "colour"}
        assert dimensions <= set(table.attributes.values())


@pytest.mark.parametrize(("code", "question", "wanted"), CASES)
def test_questions_are_understood(code: str, question: str, wanted: str) -> None:
    # "Como se" is Spanish, too.
    assert language_of(question) in (code, None)
    assert understood(question).wanted == wanted


def test_languages_without_a_table_are_told() -> None:
    polish = "Jak często należy wymieniać filtr oleju w maszynie?"
    assert language_of(polish) is None
    assert unknown_language(polish) == "pl"
    assert understood(polish).wanted == "anything"
    assert unknown_language("Wie oft wird das Öl gewechselt?") is None
    assert unknown_language("VX-310") is None
    assert written_in("ما هو وزن المضخة؟") == "arabic"


def test_a_question_has_parts_in_every_language() -> None:
    assert len(parts("Wie schwer ist die Pumpe und wann wird sie geölt?")) == 2
    assert len(parts("Quanto pesa la pompa e dove si trova?")) == 2
    assert len(parts("How heavy is the pump and the motor?")) == 0


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        (
            "Wie viele Schrauben hält das Rad?",
            "Es wird von sechs gehalten.",
            "Das Rad ist rot.",
        ),
        ("Pourquoi la vanne fuit-elle ?", "Elle fuit parce que le joint est usé.", "Elle fuit."),
        ("Quando scade la fattura?", "La fattura scade a gennaio.", "La fattura scade presto."),
    ],
)
def test_what_could_answer_is_known_by_language(question: str, right: str, wrong: str) -> None:
    asked = understood(question)
    assert could_answer(asked, right)
    assert not could_answer(asked, wrong)
