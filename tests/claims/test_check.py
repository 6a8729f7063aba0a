"""Whether a quote says what a sentence says, and what of it is missing."""

import pytest

from pipelines.claims.check import best_quote, check, claims, examine
from pipelines.claims.quotes import Quote, quote_in, quote_of
from pipelines.parsers.located_text import PlainText
from pipelines.types import Hit
from tests.support.written_tables import tables_in

SPEEDS = "Model | Speed | Torque\nX-200 | 15000 rpm | 5 Nm\nX-300 | 17000 rpm | 6 Nm"
PUMP = "The X-200 is a pump for oil. It weighs 5 kg."


def _hit(text: str, title: str = "", heading_path: tuple[str, ...] = ()) -> Hit:
    return Hit(
        fragment_id="f", version_id="v", source_id="s", title=title, filename="a.pdf",
        source_type="pdf", score=1.0, ordinal=0, text=text, kind="text",
        heading_path=heading_path, locators=(), tables=tables_in(text),
    )  # fmt: skip


def _quotes(texts: list[str]) -> list[Quote]:
    return [quote_in(text, tables_in(text), 0, len(text)) for text in texts]


def _best(sentence: str, hit: Hit) -> Quote:
    return quote_of(hit, *best_quote(sentence, hit))


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
    assert examine(sentence, _quotes(quotes)).verdict == "verified"


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
    found = examine(sentence, _quotes(quotes))
    assert found.verdict == "partial"
    assert any(thing.startswith(missing) for thing in found.missing), found


def test_what_other_text_says_is_unsupported() -> None:
    other = Quote("Open the lid and rinse the bowl.")
    assert check("The rotor is made of titanium.", [other]) == "unsupported"
    assert check("The rotor is made of titanium.", []) == "unsupported"


def test_what_denies_something_else_is_no_denial() -> None:
    proof = "The lid opens at 5 bar, and the drain does not leak."
    assert check("The lid opens at 5 bar.", [Quote(proof)]) == "verified"


def test_headings_lend_their_names() -> None:
    assert check("The X-200 weighs 5 kg.", [Quote("Weighs 5 kg.")]) != "verified"
    assert check("The X-200 weighs 5 kg.", [Quote("Weighs 5 kg.", "X-200 manual")]) == "verified"


def test_the_best_quote_is_one_sentence_or_as_many_as_are_needed() -> None:
    hit = _hit("Open the lid. The bowl holds 5 litres. The drain is below. It opens at 3 bar.")

    def quote(sentence: str) -> str:
        return _best(sentence, hit).text

    assert quote("The bowl holds five litres (5 L).") == "The bowl holds 5 litres."
    assert quote("The drain below opens at 3 bar.") == "The drain is below. It opens at 3 bar."


def test_a_row_is_quoted_alone_and_checked_with_its_header() -> None:
    hit = _hit(SPEEDS, title="X series")
    sentence = "The speed of the X-300 is 17000 rpm."
    quote = _best(sentence, hit)
    assert quote.text == "X-300 | 17000 rpm | 6 Nm"
    assert check(sentence, [quote]) == "verified"
    assert check(sentence, [Quote(quote.text)]) != "verified"


def test_several_rows_are_quoted_together() -> None:
    hit = _hit(SPEEDS)
    quote = _best("X-200 has 15000 rpm and X-300 has 17000 rpm.", hit)
    assert quote.text == SPEEDS.partition("\n")[2]


def test_rows_between_a_row_and_its_header_are_not_quoted() -> None:
    hit = _hit("Part number | Name | Colour\nPN-1077 | Cap | grey\nPN-1079 | Drain hose | blue")
    sentence = "PN-1079: Name: Drain hose; Colour: blue."
    quote = _best(sentence, hit)
    assert quote.text == "PN-1079 | Drain hose | blue"
    assert check(sentence, [quote]) == "verified"
    assert check(sentence.replace("Colour", "Weight"), [quote]) != "verified"


STATES = "Valve\tNormal\tOn failure\nV1\tOPEN | CLOSED\tHOLD\nV2\tON | OFF\tON | HOLD"
SPLIT_YEARS = [["", "2024", "", "2025", ""], ["Item", "H1", "H2", "H1", "H2"],
               ["Sold", "11", "12", "13", "14"]]  # fmt: skip


def _laid_out(rows: list[list[str]], header_rows: int = 1) -> Hit:
    """A Fragment as it comes from a document with that table."""
    (segment,) = PlainText().add_table(rows, header_rows=header_rows)
    assert segment.table is not None
    return _hit(segment.text).model_copy(update={"tables": (segment.table,)})


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("V1 | OPEN | CLOSED", "verified"),
        (r"V1 | OPEN \| CLOSED", "verified"),
        ("The normal state of V1 is OPEN | CLOSED.", "verified"),
        ("On failure V1 is HOLD.", "verified"),
        ("V1, Normal: OPEN | CLOSED; On failure: HOLD.", "verified"),
        ("V2 | OPEN | CLOSED", "other"),
        ("V1 | ON | OFF", "other"),
        ("The normal state of V2 is OPEN | CLOSED.", "other"),
        ("On failure V1 is OPEN | CLOSED.", "other"),
        ("Normal: V1 is HOLD.", "other"),
    ],
)
def test_a_bar_in_a_cell_parts_no_cells(sentence: str, verdict: str) -> None:
    hit = _laid_out([line.split("\t") for line in STATES.split("\n")])
    quote = _best(sentence, hit)
    assert (check(sentence, [quote]) == "verified") == (verdict == "verified")


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("In H2 of 2024 12 were sold.", ""),
        ("In H1 of 2025 13 were sold.", ""),
        ("In H1 of 2025 12 were sold.", "column: 2024 H2"),
    ],
)
def test_a_number_stands_under_all_header_rows_of_its_column(sentence: str, missing: str) -> None:
    quote = _best(sentence, _laid_out(SPLIT_YEARS, header_rows=2))
    assert quote.text == "Sold | 11 | 12 | 13 | 14"
    found = examine(sentence, [quote])
    assert (missing in found.missing) if missing else (found.verdict == "verified")


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("USAGE: a user who is ALLOWED may use the function.", "verified"),
        ("USAGE: a user who is DENIED may not use the function.", "verified"),
        ("USAGE: a user who is ALLOWED may not use the function.", "partial"),
        ("ROLE: a user who is ALLOWED may use the function.", "partial"),
    ],
)
def test_sentences_within_a_cell_are_checked_one_by_one(sentence: str, verdict: str) -> None:
    setting = (
        "A user who is ALLOWED may use the function. A user who is DENIED may not use the function."
    )
    hit = _laid_out(
        [["Column", "Type", "Meaning"], ["USAGE", "CHAR", setting], ["ROLE", "CHAR", "-"]]
    )
    assert check(sentence, [_best(sentence, hit)]) == verdict


def test_a_bar_in_a_cell_moves_no_number_to_another_column() -> None:
    hit = _laid_out([["Pump", "Modes", "Flow", "Pressure"], ["P1", "A | B", "5 L/min", "7 bar"]])
    assert check("The flow of P1 is 5 L/min.", [_best("P1 flow 5 L/min", hit)]) == "verified"
    wrong = _laid_out([["Pump", "Modes", "2021", "2022"], ["P1", "A | B", "500", "600"]])
    found = examine("In 2022 P1 made 500.", [_best("In 2022 P1 made 500.", wrong)])
    assert "column: 2021" in found.missing


def test_claims_name_what_is_missing() -> None:
    answer = "The pump weighs 6 kg. [1] It is blue. [2]"
    found = claims(answer, {1: Quote("The pump weighs 5 kg."), 2: Quote("It is blue.")})
    assert [(c.verdict, c.missing, c.citations) for c in found] == [
        ("partial", ("number: 6 kg",), (1,)),
        ("verified", (), (2,)),
    ]
    assert answer[found[0].start : found[0].end] == "The pump weighs 6 kg. [1]"


@pytest.mark.parametrize("text", ["not " * 5_000, "Alpha " * 5_000, "5 mL, " * 3_000, "不" * 9_000])
def test_long_sentences_end(text: str) -> None:
    assert check(text, [Quote(text)]) == "verified"
    assert check(text, [Quote(text[: len(text) // 2])]) in ("verified", "partial", "unsupported")


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
    found = examine(sentence, [Quote(quote)])
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
    assert check(sentence, [Quote(quote)]) == "verified"
