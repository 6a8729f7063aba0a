"""Whether a quote says what a sentence says, and what of it is missing."""

import pytest

from pipelines.proofs import best_quote, check, claims, context_of, examine
from pipelines.types import Hit

SPEEDS = "Model | Speed | Torque\nX-200 | 15000 rpm | 5 Nm\nX-300 | 17000 rpm | 6 Nm"
PUMP = "The X-200 is a pump for oil. It weighs 5 kg."


def _hit(text: str, title: str = "", heading_path: tuple[str, ...] = ()) -> Hit:
    return Hit(
        fragment_id="f", version_id="v", source_id="s", title=title, filename="a.pdf",
        source_type="pdf", score=1.0, ordinal=0, text=text, kind="text",
        heading_path=heading_path, locators=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("Alpha sells to Beta.", ["Alpha sells to Beta."]),
        ("The pump weighs 1.2 thousand kg.", ["The pump weighs 1,200 kg."]),
        ("The pump doesn't start.", ["The pump does not start."]),
        ("The X-200 weighs 5 kg.", [PUMP]),
        ("The pump weighs 5 kg and turns at 15000 rpm.",
         ["The pump weighs 5 kg.", "The pump turns at 15,000 rpm."]),
        ("The speed of the X-200 is 15000 rpm.", [SPEEDS]),
        ("The X-200 runs at 15000 rpm and the X-300 runs at 17000 rpm.", [
            "The X-200 runs at 15000 rpm.", "The X-300 runs at 17000 rpm."]),
        ("In 2021 revenue was $500 million.",
         ["(in millions) | 2022 | 2021\nRevenue | $600 | $500"]),
        ("The volume is 5 mL.", ["Volume (mL) | Mass (g)\nThe volume 5 | 7"]),
        ("La pompe ne démarre pas.", ["La pompe ne démarre pas quand il fait froid."]),
        ("温度は高い。", ["温度は高い。圧力は低い。"]),
        ("The bolt is M8.", ["The bolt is M8; the nut is not."]),
    ],
)  # fmt: skip
def test_what_the_quotes_say_is_verified(sentence: str, quotes: list[str]) -> None:
    assert examine(sentence, quotes).verdict == "verified"


@pytest.mark.parametrize(
    ("sentence", "quotes", "missing"),
    [
        ("Beta sells to Alpha.", ["Alpha sells to Beta."], "order: "),
        ("The pump weighs 6 kg.", ["The pump weighs 5 kg."], "number: 6 kg"),
        ("The pump weighs 5 g.", ["The pump weighs 5 kg."], "number: 5 g"),
        ("The pump by Gamma weighs 5 kg.", ["The pump by Beta weighs 5 kg."], "name: Gamma"),
        ("Open valve E06 at 5 bar.", ["Open valve E05 at 5 bar."], "name: E06"),
        ("The pump does not start when cold.", ["The pump starts when cold."], "negation: not"),
        ("The pump starts when cold.", ["The pump does not start when cold."], "negation: not"),
        ("It is rinsed with water.", ["It is rinsed without water."], "negation: not"),
        ("Die Pumpe startet nicht bei Kälte.", ["Die Pumpe startet bei Kälte."], "negation: not"),
        ("La pompe démarre à froid.", ["La pompe ne démarre pas à froid."], "negation: not"),
        ("La bomba no arranca en frío.", ["La bomba arranca en frío."], "negation: not"),
        ("Tubes must be non-sterile here.", ["Tubes must be sterile here."], "negation: not"),
        ("Parts are unavailable in winter.", ["Parts are available in winter."], "opposite: un"),
        ("Sales increased strongly in May.", ["Sales decreased strongly in May."], "opposite: in"),
        ("这个泵不在冬天启动。", ["这个泵在冬天启动。"], "negation: not"),
        ("这个泵在冬天启动。", ["这个泵不在冬天启动。"], "negation: "),
        ("The pump weighs 7 kg.", ["The pump weighs 5 kg. The rotor weighs 7 kg."], "number: 7 kg"),
        ("The pump turns at 15000 rpm.",
         ["The pump weighs 5 kg.", "The rotor turns at 15,000 rpm."], "word: pump"),
        ("The speed of the X-200 is 17000 rpm.", [SPEEDS], "number: 17000 rpm"),
        ("In 2022 revenue was 500.", ["Item | 2022 | 2021\nRevenue | 600 | 500"], "column: 2021"),
        ("Mix 7 mL of water and 5 mL of oil.", ["Mix 5 mL of water and 7 mL of oil."], "order: 7"),
        ("Amy Kingston met Alex Pond.", ["Amy Pond met Alex Kingston."], "order: Amy Kingston"),
    ],
)  # fmt: skip
def test_what_is_altered_is_partial_and_named(
    sentence: str, quotes: list[str], missing: str
) -> None:
    found = examine(sentence, quotes)
    assert found.verdict == "partial"
    assert any(thing.startswith(missing) for thing in found.missing), found


def test_what_other_text_says_is_unsupported() -> None:
    assert check("The rotor is made of titanium.", ["Open the lid and rinse the bowl."]) == (
        "unsupported"
    )
    assert check("The rotor is made of titanium.", []) == "unsupported"


def test_what_denies_something_else_is_no_denial() -> None:
    proof = "The lid opens at 5 bar, and the drain does not leak."
    assert check("The lid opens at 5 bar.", [proof]) == "verified"


def test_headings_lend_their_names() -> None:
    assert check("The X-200 weighs 5 kg.", ["Weighs 5 kg."]) != "verified"
    assert check("The X-200 weighs 5 kg.", ["Weighs 5 kg."], ["X-200 manual"]) == "verified"


def test_the_best_quote_is_one_sentence_or_as_many_as_are_needed() -> None:
    hit = _hit("Open the lid. The bowl holds 5 litres. The drain is below. It opens at 3 bar.")

    def quote(sentence: str) -> str:
        start, end = best_quote(sentence, hit)
        return hit.text[start:end]

    assert quote("The bowl holds five litres (5 L).") == "The bowl holds 5 litres."
    assert quote("The drain below opens at 3 bar.") == "The drain is below. It opens at 3 bar."


def test_a_row_is_quoted_alone_and_checked_with_its_header() -> None:
    hit = _hit(SPEEDS, title="X series")
    sentence = "The speed of the X-300 is 17000 rpm."
    start, end = best_quote(sentence, hit)
    quote = hit.text[start:end]
    assert quote == "X-300 | 17000 rpm | 6 Nm"
    context = context_of(hit, start, end)
    assert "Model | Speed | Torque" in context
    assert check(sentence, [quote], [context]) == "verified"


def test_several_rows_are_quoted_together() -> None:
    hit = _hit(SPEEDS)
    start, end = best_quote("X-200 has 15000 rpm and X-300 has 17000 rpm.", hit)
    assert hit.text[start:end] == SPEEDS.partition("\n")[2]


def test_rows_between_a_row_and_its_header_are_not_quoted() -> None:
    hit = _hit("Part number | Name | Colour\nPN-1077 | Cap | grey\nPN-1079 | Drain hose | blue")
    sentence = "PN-1079: Name: Drain hose; Colour: blue."
    start, end = best_quote(sentence, hit)
    quote = hit.text[start:end]
    assert quote == "PN-1079 | Drain hose | blue"
    assert check(sentence, [quote], [context_of(hit, start, end)]) == "verified"
    other = sentence.replace("Colour", "Weight")
    assert check(other, [quote], [context_of(hit, start, end)]) != "verified"


def test_claims_name_what_is_missing() -> None:
    answer = "The pump weighs 6 kg. [1] It is blue. [2]"
    found = claims(answer, {1: "The pump weighs 5 kg.", 2: "It is blue."})
    assert [(c.verdict, c.missing, c.citations) for c in found] == [
        ("partial", ("number: 6 kg",), (1,)),
        ("verified", (), (2,)),
    ]
    assert answer[found[0].start : found[0].end] == "The pump weighs 6 kg. [1]"


@pytest.mark.parametrize("text", ["not " * 5_000, "Alpha " * 5_000, "5 mL, " * 3_000, "不" * 9_000])
def test_long_sentences_end(text: str) -> None:
    assert check(text, [text]) == "verified"
    assert check(text, [text[: len(text) // 2]]) in ("verified", "partial", "unsupported")


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        (
            "The statement was in German, apart from the motto, which was in Latin.",
            "The statement was in Latin, apart from the motto, which was in German.",
        ),
        (
            "The Former Issuer took over all duties which the Substitute Issuer had before.",
            "The Substitute Issuer took over all duties which the Former Issuer had before.",
        ),
    ],
)
def test_names_that_changed_places_are_seen(sentence: str, quote: str) -> None:
    found = examine(sentence, [quote])
    assert found.verdict == "partial"
    assert any(thing.startswith("order: ") for thing in found.missing)


@pytest.mark.parametrize(
    "sentence",
    [
        "Smith and Jones signed the contract in the first week of the year.",
        "In the first week of the year, Jones and Smith signed the contract.",
        "Jones signed the contract in the first week.",
    ],
)
def test_names_of_a_list_and_moved_clauses_keep_their_proof(sentence: str) -> None:
    quote = "Jones and Smith signed the contract in the first week of the year."
    assert check(sentence, [quote]) == "verified"
