"""The viewer: where a citation points, ready to be shown."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.errors import refuse
from api.extensions import db
from api.http import access
from api.http.json_fields import FILE
from api.http.paging import Blueprint
from api.models import ChatTurn, Citation, FragmentRow, Source, SourceVersion
from api.models.base import is_uuid
from api.object_store import ObjectMissing
from api.services import services
from api.sources import page_pictures
from api.sources.plain_text import plain_text, shown_text, transcript
from api.sources.removal import poster_key

blueprint = Blueprint("viewer", __name__, url_prefix="/api/viewer", description="Showing proofs")

ALT_TEXT = 1000
"""Characters of a picture's words that are told to who can't see it."""


class ViewSchema(Schema):
    citation = fields.String(metadata={"description": "Id of the citation to show"})


class PageSchema(ViewSchema):
    width = fields.Integer(load_default=1000, validate=validate.Range(64, 3000))


def _box(description: str) -> fields.Field[Any]:
    return fields.List(fields.Float(), allow_none=True, metadata={"description": description})


def _boxes() -> fields.Field[Any]:
    return fields.List(
        fields.List(fields.Float()),
        metadata={"description": "[x0, y0, x1, y1] as fractions 0..1 from the top left"},
    )


class ShownSchema(Schema):
    """What every viewer tells of the file."""

    type = fields.String()
    source_id = fields.String()
    title = fields.String()
    filename = fields.String()
    version = fields.Integer()
    version_id = fields.String()
    checksum = fields.String(metadata={"description": "`sha256:` and 64 digits"})
    file_url = fields.String(metadata={"description": "Serves ranges; good for a few minutes"})


class PdfViewSchema(ShownSchema):
    page = fields.Integer()
    bbox = _box("Around all boxes of the page")
    boxes = _boxes()
    page_width = fields.Float(allow_none=True, metadata={"description": "Points"})
    page_height = fields.Float(allow_none=True, metadata={"description": "Points"})
    rotation = fields.Integer()
    page_count = fields.Integer(allow_none=True)


class CueSchema(Schema):
    t_start = fields.Float(metadata={"description": "Seconds"})
    t_end = fields.Float(metadata={"description": "Seconds"})
    text = fields.String()


class ShownTextSchema(CueSchema):
    frame = _box("Of the line in the picture")


class RecordingViewSchema(ShownSchema):
    t_start = fields.Float(allow_none=True, metadata={"description": "Seconds"})
    t_end = fields.Float(allow_none=True, metadata={"description": "Seconds"})
    frame = _box("Around what is shown in the picture then")
    transcript = fields.List(fields.Nested(CueSchema))
    shown_text = fields.List(fields.Nested(ShownTextSchema))
    duration = fields.Float(allow_none=True, metadata={"description": "Seconds"})
    poster_url = fields.String(allow_none=True)


class ImageViewSchema(ShownSchema):
    region = _box("Around all boxes")
    boxes = _boxes()
    alt_text = fields.String(allow_none=True)
    alt_text_model = fields.String(allow_none=True)
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)


class TextViewSchema(ShownSchema):
    text = fields.String()
    start = fields.Integer(allow_none=True)
    end = fields.Integer(allow_none=True)
    anchor = fields.String(allow_none=True)


@blueprint.route("/pdf/<source_id>")
@access.rule("instrument")
@blueprint.arguments(ViewSchema, location="query")
@blueprint.response(200, PdfViewSchema)
def pdf(query: dict[str, Any], source_id: str) -> dict[str, Any]:
    """Where a PDF shows a citation: page and boxes; without one, the first page."""
    source, version, citation = _shown(source_id, query, "pdf")
    place = _locator(citation, "page")
    boxes = place["boxes"] if place else []
    return {
        **_file(source, version),
        "type": "pdf",
        "page": place["page"] if place else 1,
        "bbox": _around(boxes),
        "boxes": boxes,
        "page_width": place["page_width"] if place else None,
        "page_height": place["page_height"] if place else None,
        "rotation": place["rotation"] if place else 0,
        "page_count": version.pages,
    }


@blueprint.route("/pdf/<source_id>/pages/<int:page>.png")
@access.rule("instrument")
@blueprint.arguments(PageSchema, location="query")
@blueprint.response(200, FILE, content_type="image/png")
def pdf_page(query: dict[str, Any], source_id: str, page: int) -> Response:
    """A PDF's page as a picture, the proof marked."""
    _, version, citation = _shown(source_id, query, "pdf")
    if not 1 <= page <= (version.pages or page):
        refuse(404, f"This source has {version.pages} pages.")
    boxes = [
        box
        for place in (citation.marked if citation else [])
        if place["type"] == "page" and place["page"] == page
        for box in place["boxes"]
    ]
    # No transaction stays open while the page is drawn.
    key, version_id = version.object_key, version.id
    db.session.remove()
    picture = page_pictures.page_picture(services(), key, version_id, page, query["width"], boxes)
    return Response(picture, content_type="image/png", headers={"Cache-Control": "private"})


@blueprint.route("/video/<source_id>")
@access.rule("instrument")
@blueprint.arguments(ViewSchema, location="query")
@blueprint.response(200, RecordingViewSchema)
def video(query: dict[str, Any], source_id: str) -> dict[str, Any]:
    """Where a video shows a citation: the seconds, with transcript and poster."""
    return _recording(query, source_id, "video")


@blueprint.route("/audio/<source_id>")
@access.rule("instrument")
@blueprint.arguments(ViewSchema, location="query")
@blueprint.response(200, RecordingViewSchema)
def audio(query: dict[str, Any], source_id: str) -> dict[str, Any]:
    """Where a recording says what is cited: the seconds, with transcript."""
    return _recording(query, source_id, "audio")


@blueprint.route("/image/<source_id>")
@access.rule("instrument")
@blueprint.arguments(ViewSchema, location="query")
@blueprint.response(200, ImageViewSchema)
def image(query: dict[str, Any], source_id: str) -> dict[str, Any]:
    """Where a picture shows a citation: the region.

    `alt_text` is a model's description, then `alt_text_model` names it, else what was read.
    """
    source, version, citation = _shown(source_id, query, "image")
    place = _locator(citation, "region")
    boxes = place["boxes"] if place else []
    facts = (version.report or {}).get("facts", {})
    return {
        **_file(source, version),
        "type": "image",
        "region": _around(boxes),
        "boxes": boxes,
        "alt_text": facts.get("alt_text") or _written(version),
        "alt_text_model": facts.get("alt_text_model"),
        "width": facts.get("width"),
        "height": facts.get("height"),
    }


@blueprint.route("/text/<source_id>")
@access.rule("instrument")
@blueprint.arguments(ViewSchema, location="query")
@blueprint.response(200, TextViewSchema)
def text(query: dict[str, Any], source_id: str) -> dict[str, Any]:
    """The plain text of a document, web page or conversation, and the range that decides."""
    source, version, citation = _shown(source_id, query, "document", "web", "conversation", "run")
    places = [p for p in (citation.marked if citation else []) if p["type"] == "text"]
    whole = plain_text(_fragments(version))
    if citation is not None and not whole:
        # The text of a version that was replaced is not kept; what was quoted is.
        places = [citation.focus or {"start": 0, "end": len(citation.quote)}]
        whole = citation.quote
    return {
        **_file(source, version),
        "type": source.type,
        "text": whole,
        "start": min((p["start"] for p in places), default=None),
        "end": max((p["end"] for p in places), default=None),
        "anchor": next((p["anchor"] for p in places if p.get("anchor")), None),
    }


def _written(version: SourceVersion) -> str | None:
    """The words that were read in a picture, as many as an alternative text may have."""
    read = [row.text for row in _fragments(version) if row.kind not in ("caption", "metadata")]
    words = " ".join(" ".join(read).split())
    return f"{words[:ALT_TEXT]} …" if len(words) > ALT_TEXT else words or None


def _recording(query: dict[str, Any], source_id: str, kind: str) -> dict[str, Any]:
    source, version, citation = _shown(source_id, query, kind)
    times = [p for p in (citation.marked if citation else []) if p["type"] == "time"]
    fragments = _fragments(version)
    key = poster_key(version.id)
    has_poster = bool((version.report or {}).get("facts", {}).get("poster"))
    return {
        **_file(source, version),
        "type": kind,
        "t_start": min((p["t_start"] for p in times), default=None),
        "t_end": max((p["t_end"] for p in times), default=None),
        "frame": _around([p["frame"] for p in times if p.get("frame")]),
        "transcript": transcript(fragments),
        "shown_text": shown_text(fragments),
        "duration": version.duration,
        "poster_url": _url(key, "poster.jpg", "image/jpeg") if has_poster else None,
    }


def _shown(
    source_id: str, query: dict[str, Any], *types: str
) -> tuple[Source, SourceVersion, Citation | None]:
    """The source, the version to show and the citation, if the caller may see them.

    A citation shows the version that it cites, for as long as that is kept.
    """
    source = access.source_for(source_id)
    if source.type not in types:
        refuse(404, f"This source is a {source.type}; use /api/viewer/{_view(source.type)}/.")
    citation = _citation(query.get("citation"), source)
    wanted = citation.version_id if citation else source.current_version_id
    version = db.session.get(SourceVersion, wanted) if is_uuid(wanted or "") else None
    if version is None or (version.status == "superseded" and citation is None):
        refuse(404, "This version of the source is not kept any more.")
    return source, version, citation


def _citation(citation_id: str | None, source: Source) -> Citation | None:
    if not citation_id:
        return None
    citation = db.session.get(Citation, citation_id) if is_uuid(citation_id) else None
    turn = db.session.get(ChatTurn, citation.turn_id) if citation else None
    if (
        citation is None
        or turn is None
        or citation.source_id != source.id
        or turn.user_id != access.user().id
    ):
        refuse(404, "No such citation of this source.")
    return citation


def _view(source_type: str) -> str:
    return source_type if source_type in ("pdf", "video", "audio", "image") else "text"


def _locator(citation: Citation | None, kind: str) -> dict[str, Any] | None:
    places = citation.marked if citation else []
    return next((place for place in places if place["type"] == kind), None)


def _around(boxes: list[list[float]]) -> list[float] | None:
    """The smallest box around all boxes."""
    if not boxes:
        return None
    return [
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    ]


def _file(source: Source, version: SourceVersion) -> dict[str, Any]:
    return {
        "source_id": source.id,
        "title": source.title,
        "filename": version.filename,
        "version": version.number,
        "version_id": version.id,
        "checksum": f"sha256:{version.sha256}",
        "file_url": _url(version.object_key, version.filename, version.media_type),
    }


def _url(key: str, filename: str, media_type: str) -> str:
    try:
        return services().storage.download_url(
            key, services().config.download_seconds, filename=filename, media_type=media_type
        )
    except ObjectMissing:
        refuse(404, "The file is not kept any more.")


def _fragments(version: SourceVersion) -> list[FragmentRow]:
    query = select(FragmentRow).where(FragmentRow.version_id == version.id)
    return list(db.session.scalars(query.order_by(FragmentRow.ordinal)))
