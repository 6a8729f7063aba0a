"""What the demo shows: bars and colours on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

QUOTE_LENGTH = 160


class Bar:
    """One line of progress. Without a terminal a line is printed per stage instead."""

    def __init__(self, console: Console, title: str, total: float | None) -> None:
        self._console = console
        self._title = title
        self._stage = ""
        self._progress: Progress | None = None
        self._task = TaskID(0)
        if console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description:<34}"),
                BarColumn(bar_width=36),
                TextColumn("{task.fields[stage]}"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
            self._task = self._progress.add_task(title, total=total, stage="")
            self._progress.start()

    def add(self, amount: int) -> None:
        if self._progress:
            self._progress.advance(self._task, amount)

    def show(self, done: float | None, total: float | None, stage: str | None) -> None:
        """What a job says of itself; any of it may be missing."""
        if self._progress:
            self._progress.update(
                self._task,
                completed=done,
                total=total or None,
                stage=stage or self._stage,
            )
        elif stage and stage != self._stage:
            self._console.print(f"{self._title}: {stage}", markup=False, highlight=False)
        self._stage = stage or self._stage

    def close(self) -> None:
        if self._progress:
            self._progress.stop()


class Screen:
    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        self._console.print(text, markup=False)

    def failed(self, text: str) -> None:
        self._console.print(text, style="bold red", markup=False)

    @contextmanager
    def bar(self, title: str, total: float | None = None) -> Iterator[Bar]:
        bar = Bar(self._console, title, total)
        try:
            yield bar
        finally:
            bar.close()

    @contextmanager
    def waiting(self, title: str) -> Iterator[None]:
        """A sign of life for something that tells no progress."""
        if self._console.is_terminal:
            with self._console.status(title):
                yield
        else:
            yield

    def question(self, text: str) -> None:
        self._console.print()
        self._console.print(f"? {text}", style="bold", markup=False)

    def token(self, text: str) -> None:
        """A piece of the answer, shown at once."""
        self._console.print(text, end="", markup=False)
        self._console.file.flush()

    def end_of_answer(self) -> None:
        self._console.print()

    def proof(self, citation: dict[str, Any]) -> None:
        """One citation: where it stands, how the check went, and its words."""
        verdict = citation.get("verdict") or "not checked"
        head = f"  [{citation['number']}] {citation['filename']}, {place(citation)} ({verdict})"
        quote = " ".join(_deciding(citation).split())
        if len(quote) > QUOTE_LENGTH:
            quote = quote[:QUOTE_LENGTH].rstrip() + " ..."
        self._console.print(head, style="cyan", markup=False)
        self._console.print(f'      "{quote}"', style="dim", markup=False)


def _deciding(citation: Mapping[str, Any]) -> str:
    """What decides in a proof; all of its quote where nothing finer is known."""
    focus = citation["focus"]
    quote: str = citation["quote"]
    return quote[focus["start"] : focus["end"]] if focus else quote


def place(citation: dict[str, Any]) -> str:
    """Where what decides in a citation stands, as a person says it."""
    focus = citation["focus"]
    locator = focus["locators"][0] if focus else citation["locator"]
    match locator["type"]:
        case "page":
            return f"page {locator['page']}, {_boxes(locator['boxes'])}"
        case "time":
            return f"{_clock(locator['t_start'])} to {_clock(locator['t_end'])}"
        case "region":
            return _boxes(locator["boxes"])
        case "text":
            return f"characters {locator['start']} to {locator['end']}"
        case other:
            return str(other)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _boxes(boxes: list[list[float]]) -> str:
    """The box around all boxes, in percent of the page or picture from its top left corner."""
    if not boxes:
        return "no box"
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return f"box {left:.1%} {top:.1%} to {right:.1%} {bottom:.1%}"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
