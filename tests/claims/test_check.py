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
        ("La pompe ne démarre pas.", ["La pompe ne démarre pas; elle chauffe."]),
        ("温度は高い。", ["温度は高い。圧力は低い。"]),
        ("The bolt is M8.", ["The bolt is M8; the nut is not."]),
    ],
)  # fmt: skip
def test_what_the_quotes_say_is_verified(sentence: str, quotes: list[str]) -> None:
    assert examine(sentence, _quotes(quotes)).verdict == "verified"


@pytest.mark.parametrize(
    ("sentence", "quotes", "named"),
    [
        ("Beta sells to Alpha.", ["Alpha sells to Beta."], "Alpha -> Beta"),
        ("The pump weighs 6 kg.", ["The pump weighs 5 kg."], "5 kg -> 6 kg"),
        ("The pump weighs 5 g.", ["The pump weighs 5 kg."], "5 kg -> 5 g"),
        ("It needs 5 kV.", ["It needs 5 mV."], "5 mV -> 5 kV"),
        ("The pump by Gamma weighs 5 kg.", ["The pump by Beta weighs 5 kg."], "Beta -> Gamma"),
        ("Open valve E06 at 5 bar.", ["Open valve E05 at 5 bar."], "E05 -> E06"),
        ("The pump does not start when cold.", ["The pump starts when cold."], "negation: not"),
        ("The pump starts when cold.", ["The pump does not start when cold."], "not start -> "),
        ("It is rinsed with water.", ["It is rinsed without water."], "without water -> "),
        ("Die Pumpe startet nicht bei Kälte.", ["Die Pumpe startet bei Kälte."], "negation: nich"),
        ("La pompe démarre à froid.", ["La pompe ne démarre pas à froid."], "pas démarre"),
        ("La bomba no arranca en frío.", ["La bomba arranca en frío."], "negation: no"),
        ("La pompa si avvia a freddo.", ["La pompa non si avvia a freddo."], "non avvia"),
        ("A bomba arranca a frio.", ["A bomba não arranca a frio."], "não arranca"),
        ("De pomp start bij kou.", ["De pomp start niet bij kou."], "niet start"),
        ("ポンプを開けてください。", ["ポンプを開けないでください。"], "ない"),
        ("펌프를 열어 주십시오.", ["펌프를 열지 마십시오."], "마십시오"),
        ("Tubes must be non-sterile here.", ["Tubes must be sterile here."], "negation: non"),
        ("Parts are unavailable in winter.", ["Parts are available in winter."], "available -> un"),
        ("Sales increased strongly in May.", ["Sales decreased strongly in May."], "decreased -> "),
        ("Turn the pump on.", ["Turn the pump off."], "off -> on"),
        ("Öffnen Sie das obere Ventil.", ["Öffnen Sie das untere Ventil."], "untere -> obere"),
        ("这个泵不在冬天启动。", ["这个泵在冬天启动。"], "negation: 不"),
        ("这个泵在冬天启动。", ["这个泵不在冬天启动。"], "不"),
        ("Open the lid.", ["Do not attempt to open the lid while it turns."], "not attempt open"),
        ("Clean it before use.", ["Clean it after use."], "after use -> before"),
        ("It holds at most 5 kg.", ["It holds at least 5 kg."], "at least 5 kg -> at most"),
        ("The speed of the X-200 is 17000 rpm.", [SPEEDS], "X-300 -> X-200"),
        ("The speed of the X-200 is 5 Nm.", [SPEEDS], "Torque -> Speed"),
        ("X-200: Speed: 5 Nm; Torque: 15000 rpm.", [SPEEDS], "Torque -> Speed"),
        ("In 2022 revenue was 500.", ["Item | 2022 | 2021\nRevenue | 600 | 500"], "2021 -> 2022"),
        ("Mix 7 mL of water and 5 mL of oil.", ["Mix 5 mL of water and 7 mL of oil."], "5 mL -> 7"),
        ("Amy Kingston met Alex Pond.", ["Amy Pond met Alex Kingston."], "Pond -> Kingston"),
    ],
)  # fmt: skip
def test_what_contradicts_is_unsupported_and_named(
    sentence: str, quotes: list[str], named: str
) -> None:
    found = examine(sentence, _quotes(quotes))
    assert found.verdict == "unsupported", found
    assert any(thing.startswith(named) for thing in (*found.missing, *found.changed)), found


@pytest.mark.parametrize(
    ("sentence", "quotes", "named"),
    [
        ("Remove the blue cable.", ["Remove the red cable."], "red -> blue"),
        ("Remove the red cable at once.", ["Remove the red cable."], "word: once"),
        ("The red cables are removed by the owner.", ["Remove the red cable."], "word: owner"),
        ("Das Kabel wird gereinigt.", ["Das Kabel wird entfernt."], "entfernt -> gereinigt"),
        ("Le câble bleu est en place.", ["Le câble rouge est en place."], "rouge -> bleu"),
        ("El cable azul está roto.", ["El cable rojo está roto."], "rojo -> azul"),
        ("The filter may be cleaned.", ["The filter must be cleaned."], "must cleaned -> may"),
        ("The filter is cleaned.", ["The filter must be cleaned."], "must cleaned -> (left out)"),
        ("Der Filter kann gereinigt werden.", ["Der Filter muss gereinigt werden."], "muss"),
        ("The pump starts.", ["If the lid is closed, the pump starts."], "If lid closed -> "),
        ("The lid is closed.", ["If the lid is closed, the pump starts."], "If lid closed -> "),
        ("The pump starts.", ["The pump starts, unless the lid is open."], "unless lid open -> "),
        ("La pompe ne démarre pas.", ["La pompe ne démarre pas quand il fait froid."], "quand"),
        ("Die Pumpe startet.", ["Die Pumpe startet, wenn der Deckel zu ist."], "wenn Deckel"),
        ("La bomba arranca.", ["La bomba arranca si la tapa está cerrada."], "si tapa"),
        ("Clean the lens.", ["Clean the lens after use."], "after use -> (left out)"),
        ("Trained staff may open it.", ["Only trained staff may open it."], "Only trained"),
        ("It holds 5 kg.", ["It holds at least 5 kg."], "at least 5 kg -> (left out)"),
        ("All lids are open.", ["All lids are open except the last."], "except last -> "),
        ("All pumps are red.", ["Some pumps are red."], "All"),
        ("The pump weighs 7 kg.", ["The pump weighs 5 kg. The rotor weighs 7 kg."], "rotor -> "),
        ("The pump turns at 15000 rpm.",
         ["The pump weighs 5 kg.", "The rotor turns at 15,000 rpm."], "rotor -> pump"),
    ],
)  # fmt: skip
def test_what_is_extra_changed_or_left_out_is_partial_and_named(
    sentence: str, quotes: list[str], named: str
) -> None:
    found = examine(sentence, _quotes(quotes))
    assert found.verdict == "partial", found
    assert any(named in thing for thing in (*found.missing, *found.changed)), found


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The colours of the cables are gray.", "The color of the cable is grey."),
        ("In winter, the pumps must be cleaned.", "The pump has to be cleaned in winter."),
        ("The max. temperature is 25 °C.", "Temperature, maximum: 25 °C"),
        ("Three pumps can be used.", "3 pumps may be used."),
        ("The pump isn't started when it's cold.", "When it is cold, the pump is not started."),
        ("Die rote Pumpe hat zwei Ventile.", "Die Pumpe, rot, hat 2 Ventile."),
        ("Les pompes rouges sont lourdes.", "La pompe rouge est lourde."),
        ("Las bombas rojas son pesadas.", "La bomba roja es pesada."),
        ("泵的温度很高。", "泵温度很高。"),
        ("펌프는 온도가 높다.", "펌프의 온도는 높다."),
    ],
)
def test_order_inflection_and_equivalents_keep_their_proof(sentence: str, quote: str) -> None:
    found = examine(sentence, [Quote(quote)])
    assert found.verdict == "verified", found


def test_a_row_is_named_in_full() -> None:
    hit = _laid_out(
        [["", "2022", "2021"], ["Net earnings", "7", "6"], ["Net earnings per share", "2", "1"]]
    )
    for sentence, verdict in (
        ("Net earnings in 2022 were 7.", "verified"),
        ("Net earnings per share in 2022 were 2.", "verified"),
        ("Net earnings in 2022 were 2.", "partial"),
        ("Net earnings in 2022 were 6.", "unsupported"),
    ):
        assert examine(sentence, [_best(sentence, hit)]).verdict == verdict, sentence


def test_a_caption_lends_a_row_neither_its_label_nor_a_column() -> None:
    caption = "Loops and traces of the pumps X-200 and X-300"
    hit = _laid_out([["Pump", "Loops", "Traces"], ["X-200", "5", "8"], ["X-300", "6", "9"]])
    hit = hit.model_copy(update={"heading_path": (caption,)})
    for right in ("The loops of X-200 are 5.", "X-300 has 9 traces."):
        assert examine(right, [_best(right, hit)]).verdict == "verified", right
    for wrong in ("The loops of X-200 are 8.", "The loops of X-300 are 5.", "X-300 has 8 traces."):
        assert examine(wrong, [_best(wrong, hit)]).verdict != "verified", wrong


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
    ("sentence", "changed"),
    [
        ("In H2 of 2024 12 were sold.", ""),
        ("In H1 of 2025 13 were sold.", ""),
        ("In H1 of 2025 12 were sold.", "2024 H2 -> 2025 H1"),
    ],
)
def test_a_number_stands_under_all_header_rows_of_its_column(sentence: str, changed: str) -> None:
    quote = _best(sentence, _laid_out(SPLIT_YEARS, header_rows=2))
    assert quote.text == "Sold | 11 | 12 | 13 | 14"
    found = examine(sentence, [quote])
    assert (changed in found.changed) if changed else (found.verdict == "verified")


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("USAGE: a user who is ALLOWED may use the function.", "verified"),
        ("USAGE: a user who is DENIED may not use the function.", "verified"),
        ("USAGE: a user who is ALLOWED may not use the function.", "unsupported"),
        ("ROLE: a user who is ALLOWED may use the function.", "unsupported"),
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
    assert "2021 -> 2022" in found.changed


def test_claims_name_what_is_missing_and_what_is_there_instead() -> None:
    answer = "The pump weighs 6 kg. [1] It is blue. [2]"
    found = claims(answer, {1: Quote("The pump weighs 5 kg."), 2: Quote("It is blue.")})
    assert [(c.verdict, c.missing, c.changed, c.citations) for c in found] == [
        ("unsupported", ("number: 6 kg",), ("5 kg -> 6 kg",), (1,)),
        ("verified", (), (), (2,)),
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
    assert found.verdict == "unsupported"
    assert found.changed


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
