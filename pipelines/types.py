"""What travels through the pipeline: Locator, Segment, Part, Fragment, Hit.

A parser yields Parts (a page, a slide, a minute) of Segments (text and where it stands); the
chunker turns Segments into Fragments (what is indexed and cited). After parsing nothing knows a
PDF from a video: only Locators differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pipelines.tables import Table

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Box = tuple[Fraction, Fraction, Fraction, Fraction]
"""x0, y0, x1, y1 as fractions of the page or picture as a person sees it; origin top left."""


class _Value(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageLocator(_Value):
    """Boxes on a page, one per line of text. `page` counts from 1; sizes in points, unrotated."""

    type: Literal["page"] = "page"
    page: Annotated[int, Field(ge=1)]
    boxes: tuple[Box, ...]
    page_width: float
    page_height: float
    rotation: Literal[0, 90, 180, 270] = 0


class TimeLocator(_Value):
    """Seconds from the start of a recording; `frame` is a box in the picture then, if any."""

    type: Literal["time"] = "time"
    t_start: Annotated[float, Field(ge=0)]
    t_end: Annotated[float, Field(ge=0)]
    frame: Box | None = None


class RegionLocator(_Value):
    """Boxes on a picture, one per line of text; `width` and `height` in pixels as displayed."""

    type: Literal["region"] = "region"
    boxes: tuple[Box, ...]
    width: int
    height: int


class TextLocator(_Value):
    """Characters `start` (inclusive) to `end` (exclusive) of the source's plain text."""

    type: Literal["text"] = "text"
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    anchor: str | None = None


class MessageLocator(_Value):
    """One message of a conversation; `position` counts from 0."""

    type: Literal["message"] = "message"
    message_id: str
    position: int
    author: str


class CellLocator(_Value):
    """One cell of a run report."""

    type: Literal["cell"] = "cell"
    module: str
    sample: str
    column: str


Locator = Annotated[
    PageLocator | TimeLocator | RegionLocator | TextLocator | MessageLocator | CellLocator,
    Field(discriminator="type"),
]

_LOCATOR: TypeAdapter[Any] = TypeAdapter(Locator)


def locator_from_json(data: Any) -> Any:
    """The Locator that a table, body or event carries. Raises pydantic.ValidationError."""
    return _LOCATOR.validate_python(data)


SourceType = Literal["pdf", "video", "audio", "image", "document", "web", "conversation", "run"]
SegmentKind = Literal[
    "title", "text", "list_item", "table", "caption", "speech", "field", "code", "metadata"
]

Span = tuple[int, int, int, int]
"""(start, end, locator, box): characters start..end of the text stand in locators[locator], and
there in its boxes[box] (-1 when that Locator has no boxes, such as seconds or messages)."""


class Segment(_Value):
    """A piece of text and where it stands.

    `spans` maps characters to single lines, cues or cells, in order and without overlap, so that
    a quote can be located more exactly than its segment. Text between spans (a space or newline
    that joins two lines) belongs to none. Empty `spans` means: no finer than `locators`.
    """

    text: str
    kind: SegmentKind = "text"
    locators: tuple[Locator, ...]
    spans: tuple[Span, ...] = ()
    level: int | None = None
    """1 (outermost) to 6, for kind `title`."""
    engine: str | None = None
    """What recognised the text (OCR, speech, a model that sees); None where it was read."""
    confidence: float | None = None
    """0..1, as far as the engine tells it."""
    table: Table | None = None
    """The cells of the text, for kind `table`; None where they are not known."""


class ParseWarning(_Value):
    """Something a reader of the source's report should know; `place` as a person would say it."""

    code: str
    message: str
    place: str | None = None
    """For example "page 12", "00:03:10", "sheet Parts"."""


class Part(_Value):
    """What a parser yields at a time: one page, one slide, one minute, and where it stands.

    Parts of a file are the same whenever it is parsed, so that ids can derive from them:
    `start` is the first unit (from 0), `stop` the one after the last, `total` all of them when
    known. Parsing again from `stop` goes on with the next Part.
    """

    start: int
    stop: int
    total: int | None = None
    unit: Literal["pages", "seconds", "slides", "sheets", "sections"]
    segments: tuple[Segment, ...] = ()
    warnings: tuple[ParseWarning, ...] = ()
    facts: dict[str, Any] = Field(default_factory=dict)
    """Learned about the whole source: pages, duration, title, language, created, engine ..."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Added up over Parts for the report: pages_read, pages_ocr, words ..."""


class RecognisedSpan(_Value):
    """Characters start..end were recognised rather than read; `confidence` is the engine's, 0..1,
    None where it tells none."""

    start: int
    end: int
    engine: str
    confidence: float | None = None


class Fragment(_Value):
    """What is indexed and cited: text of one Part with its Locators, sized for the model."""

    ordinal: int
    text: str
    kind: SegmentKind
    heading_path: tuple[str, ...] = ()
    locators: tuple[Locator, ...]
    spans: tuple[Span, ...] = ()
    recognised: tuple[RecognisedSpan, ...] = ()
    tables: tuple[Table, ...] = ()
    """The cells of the tables in `text`, in order."""
    tokens: int
    """Of `embedding_text`, counted by the embedding model, special tokens included."""

    @property
    def embedding_text(self) -> str:
        """What the model reads: the heading path, then the text."""
        return embedding_text(self.heading_path, self.text)


def embedding_text(heading_path: Iterable[str], text: str) -> str:
    """The heading path as a first line, then the text."""
    heading = " > ".join(heading_path)
    return f"{heading}\n{text}" if heading else text


def locate(
    locators: tuple[Any, ...] | list[Any], spans: Iterable[Span], start: int, end: int
) -> list[Any]:
    """Locators of characters start..end only: the lines, cues, cells or characters that they are.

    Falls back to all `locators` when `spans` says nothing finer.
    """
    touched: dict[int, list[Span]] = {}
    for span in spans:
        if span[0] < end and span[1] > start:
            touched.setdefault(span[2], []).append(span)
    if not touched:
        return list(locators)
    return [_within(locators[index], touched[index], start, end) for index in sorted(touched)]


def _within(locator: Any, spans: Sequence[Span], start: int, end: int) -> Any:
    """The part of a Locator that `spans`, all of it that touch start..end, have there."""
    if isinstance(locator, TextLocator):
        ((first, last, *_), *more) = spans
        if more or last - first != locator.end - locator.start:
            return locator
        place = {
            "start": locator.start + max(start - first, 0),
            "end": locator.start + min(end, last) - first,
        }
        return locator.model_copy(update=place)
    boxes = getattr(locator, "boxes", None)
    touched = sorted({box for *_, box in spans})
    if not boxes or -1 in touched:
        return locator
    return locator.model_copy(update={"boxes": tuple(boxes[box] for box in touched)})


class Hit(_Value):
    """A Fragment that retrieval found, with the source it belongs to. `score` is 0..1."""

    fragment_id: str
    version_id: str
    source_id: str
    title: str
    filename: str
    source_type: SourceType
    score: float
    ordinal: int
    text: str
    kind: SegmentKind
    heading_path: tuple[str, ...] = ()
    locators: tuple[Locator, ...]
    spans: tuple[Span, ...] = ()
    recognised: tuple[RecognisedSpan, ...] = ()
    tables: tuple[Table, ...] = ()
    """Empty where the Fragment was read before cells were kept: its tables are plain text."""
