"""An ordered parallel map: order, limits, errors at their turn, an early end."""

from __future__ import annotations

import threading
from collections.abc import Generator
from functools import partial

import pytest

from pipelines.ordered_pool import Later, in_order


def test_results_come_in_order_though_the_first_is_made_last() -> None:
    third_is_made = threading.Event()

    def slow() -> str:
        assert third_is_made.wait(30)
        return "first"

    def quick() -> str:
        third_is_made.set()
        return "third"

    def results() -> Generator[str | Later[str], None, None]:
        yield Later(slow)
        yield "second"
        yield Later(quick)

    assert list(in_order(results(), workers=2)) == ["first", "second", "third"]


def test_what_is_ready_does_not_wait_for_what_comes_after_it() -> None:
    go_on = threading.Event()

    def results() -> Generator[str | Later[str], None, None]:
        yield "text"
        yield Later(lambda: str(go_on.wait(30)))

    ordered = in_order(results(), workers=2)
    assert next(ordered) == "text"
    go_on.set()
    assert list(ordered) == ["True"]


def test_few_wait_to_be_made_and_few_to_be_taken() -> None:
    made: list[int] = []
    taken: list[int] = []

    def make(number: int) -> int:
        threading.Event().wait(0.01)
        made.append(number)
        return number

    def results() -> Generator[int | Later[int], None, None]:
        for number in range(60):
            assert number - len(made) <= 3
            assert number - len(taken) <= 17
            yield Later(partial(make, number))

    for number in in_order(results(), workers=2):
        taken.append(number)
        threading.Event().wait(0.02)
    assert taken == list(range(60))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_at_its_turn(workers: int) -> None:
    def broken() -> str:
        raise ValueError("page 2")

    def results() -> Generator[str | Later[str], None, None]:
        yield Later(lambda: "page 1")
        yield Later(broken)
        yield "page 3"

    ordered = in_order(results(), workers)
    assert next(ordered) == "page 1"
    with pytest.raises(ValueError, match="page 2"):
        next(ordered)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_reader_comes_after_what_it_read(workers: int) -> None:
    def results() -> Generator[str | Later[str], None, None]:
        yield Later(lambda: "page 1")
        raise ValueError("the file ends here")

    ordered = in_order(results(), workers)
    assert next(ordered) == "page 1"
    with pytest.raises(ValueError, match="the file ends here"):
        next(ordered)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_consumer_that_leaves_ends_the_reading(workers: int) -> None:
    closed = threading.Event()
    read: list[int] = []

    def results() -> Generator[int | Later[int], None, None]:
        try:
            for number in range(1000):
                read.append(number)
                yield Later(lambda n=number: n)
        finally:
            closed.set()

    ordered = in_order(results(), workers)
    assert next(ordered) == 0
    ordered.close()
    assert closed.is_set()
    assert len(read) < 40
