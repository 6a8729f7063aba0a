"""Hits cut in a sentence are joined to its rest; those that say the same are folded."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.retrieval.neighbours import (
    complete_tables,
    drop_near_duplicates,
    merge_split_sentences,
)
from pipelines.tables import laid_out
from pipelines.types import Hit, PageLocator, locate
from tests.search.test_reranking import hit


def page(number: int, *tops: float) -> PageLocator:
    boxes = tuple((0.1, top, 0.9, top + 0.02) for top in tops)
    return PageLocator(page=number, boxes=boxes, page_width=612, page_height=792)


def neighbours(**named: Hit):
    def around(_: Sequence[Hit]) -> tuple[dict[str, Hit], dict[str, Hit]]:
        return (
            {"main": named["before"]} if "before" in named else {},
            {"main": named["after"]} if "after" in named else {},
        )

    return around


def main_hit(text: str, **more: object) -> Hit:
    return hit(text).model_copy(update={"fragment_id": "main", **more})


def test_a_sentence_that_goes_on_is_whole_and_located_on_both_pages() -> None:
    first = main_hit("Tighten the nut to", locators=(page(3, 0.9),), spans=((0, 18, 0, 0),))
    rest = hit("5.5 Nm with the key. Then stop.").model_copy(
        update={"locators": (page(4, 0.1, 0.2),), "spans": ((0, 20, 0, 0), (21, 31, 0, 1))}
    )
    (joined,) = merge_split_sentences([first], neighbours(after=rest))
    assert joined.fragment_id == "main"
    assert joined.text == "Tighten the nut to 5.5 Nm with the key. Then stop."
    end = joined.text.index(" Then")
    places = locate(joined.locators, joined.spans, 0, end)
    assert [(place.page, place.boxes) for place in places] == [
        (3, page(3, 0.9).boxes),
        (4, page(4, 0.1).boxes),
    ]


def test_what_came_before_is_joined_too() -> None:
    last = hit("Grease the bearings every")
    (joined,) = merge_split_sentences(
        [main_hit("400 hours of operation.")], neighbours(before=last)
    )
    assert joined.text == "Grease the bearings every 400 hours of operation."


def test_whole_sentences_stay_alone() -> None:
    whole = main_hit("It is done.")
    assert merge_split_sentences(
        [whole], neighbours(after=hit("and more"), before=hit("So it is."))
    ) == [whole]


def test_tables_and_other_sections_are_not_joined() -> None:
    table = main_hit("a | b", kind="table")
    assert merge_split_sentences([table], neighbours(after=hit("c | d"))) == [table]
    other = hit("goes on").model_copy(update={"heading_path": ("Elsewhere",)})
    assert merge_split_sentences([main_hit("It")], neighbours(after=other)) == [main_hit("It")]


def test_hits_that_say_the_same_are_folded_into_the_best() -> None:
    best = hit("Check the oil level daily.")
    again = hit("Check the OIL level, daily!")
    other = hit("Check the oil level weekly.")
    assert drop_near_duplicates([best, again, other]) == [best, other]


def test_hits_that_differ_in_a_figure_say_something_else() -> None:
    text = (
        "The relief valve of the main feed pump in the boiler house opens at {} bar, closes by "
        "itself, and must be tested by the operator with the hand lever once in every year."
    )
    hits = [hit(text.format(35)), hit(text.format(48)), hit(text.format("48,"))]
    assert drop_near_duplicates(hits) == hits[:2]


def test_a_table_is_followed_over_all_its_fragments() -> None:
    def part(name: str, *, goes_on: bool) -> Hit:
        text, table = laid_out(
            [["Code", "Meaning"], [name, "Fault"]], header_rows=1, is_continued=goes_on
        )
        return hit(text).model_copy(update={"fragment_id": name, "tables": (table,), "score": 0.4})

    parts = [part(f"F{n}", goes_on=n > 0) for n in range(4)]
    stranger = part("X", goes_on=False)
    order = [*parts, stranger]

    def around(some: Sequence[Hit]) -> tuple[dict[str, Hit], dict[str, Hit]]:
        places = {each.fragment_id: order.index(each) for each in some}
        return (
            {id_: order[at - 1] for id_, at in places.items() if at},
            {id_: order[at + 1] for id_, at in places.items() if at + 1 < len(order)},
        )

    found = complete_tables([parts[2]], around)
    assert sorted(each.fragment_id for each in found) == ["F0", "F1", "F2", "F3"]
    assert complete_tables([stranger], around) == [stranger]
