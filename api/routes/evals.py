"""Golden questions of an instrument: what it should answer, and where that stands."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select

from api.chat.evals import golden_of
from api.errors import refuse, unprocessable
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint, page_of
from api.models import GoldenQuestion
from api.models.base import is_uuid
from pipelines.answering.evaluation import MAX_QUESTION, same_question
from pipelines.answering.expected_text import LONGEST, why_not

blueprint = Blueprint(
    "evals", __name__, url_prefix="/api/instruments", description="Golden questions"
)


DECLINED = "What is to be declined has no must."


def _usable(cell: str) -> None:
    if reason := why_not(cell):
        raise ValidationError(f"This can't be compared: {reason}.")


class GoldenChangeSchema(Schema):
    answer = fields.String(validate=validate.Length(0, 5000))
    filename = fields.String(allow_none=True, validate=validate.Length(1, 500))
    page = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 10_000_000))
    must = fields.String(
        validate=[validate.Length(0, LONGEST), _usable],
        metadata={
            "description": "Plain words that a right answer says: `46 W | 46 watts; three bands`"
        },
    )
    must_not = fields.String(validate=[validate.Length(0, LONGEST), _usable])
    decline = fields.Boolean(
        metadata={"description": "The right answer is that the sources don't say"}
    )


class NewGoldenSchema(GoldenChangeSchema):
    question = fields.String(required=True, validate=validate.Length(1, MAX_QUESTION))

    @validates_schema
    def place(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("page") and not data.get("filename"):
            raise ValidationError("A page needs a filename.", "page")
        if data.get("decline") and data.get("must"):
            raise ValidationError(DECLINED, "must")


class GoldenSchema(Schema):
    id = fields.String()
    instrument_id = fields.String()
    question = fields.String()
    answer = fields.String()
    filename = fields.String(allow_none=True)
    page = fields.Integer(allow_none=True)
    must = fields.String()
    must_not = fields.String()
    decline = fields.Boolean()
    from_feedback = fields.Function(lambda row: row.turn_id is not None)
    created_at = fields.DateTime()


@blueprint.route("/<instrument_id>/golden-questions")
class GoldenQuestions(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, GoldenSchema(many=True))
    @blueprint.paginate()
    def get(self, instrument_id: str, pagination_parameters: Any) -> list[GoldenQuestion]:
        """The golden questions of an instrument."""
        instrument = access.instrument_for(instrument_id, "manager")
        query = (
            select(GoldenQuestion)
            .where(GoldenQuestion.instrument_id == instrument.id)
            .order_by(GoldenQuestion.created_at, GoldenQuestion.question, GoldenQuestion.id)
        )
        return [row for (row,) in page_of(query, pagination_parameters)]

    @access.rule("instrument")
    @blueprint.arguments(NewGoldenSchema)
    @blueprint.response(201, GoldenSchema)
    def post(self, body: dict[str, Any], instrument_id: str) -> GoldenQuestion:
        """Add a golden question; 409 when it is there already."""
        instrument = access.instrument_for(instrument_id, "manager")
        question = body.pop("question").strip()
        if not question:
            unprocessable("question", "The question is empty.")
        known = {same_question(row.question) for row in golden_of(db.session(), instrument.id)}
        if same_question(question) in known:
            refuse(409, "This question is there already; change it with PATCH.")
        row = GoldenQuestion(instrument_id=instrument.id, question=question, **body)
        db.session.add(row)
        db.session.commit()
        return row


@blueprint.route("/<instrument_id>/golden-questions/<question_id>")
class OneGoldenQuestion(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(GoldenChangeSchema)
    @blueprint.response(200, GoldenSchema)
    def patch(self, body: dict[str, Any], instrument_id: str, question_id: str) -> GoldenQuestion:
        """Say what the answer is and where it stands."""
        row = _golden(instrument_id, question_id)
        for name, value in body.items():
            setattr(row, name, value)
        if row.page and not row.filename:
            unprocessable("page", "A page needs a filename.")
        if row.decline and row.must:
            unprocessable("must", DECLINED)
        db.session.commit()
        return row

    @access.rule("instrument")
    @blueprint.response(204)
    def delete(self, instrument_id: str, question_id: str) -> None:
        """Delete a golden question."""
        db.session.delete(_golden(instrument_id, question_id))
        db.session.commit()


def _golden(instrument_id: str, question_id: str) -> GoldenQuestion:
    instrument = access.instrument_for(instrument_id, "manager")
    row = db.session.get(GoldenQuestion, question_id) if is_uuid(question_id) else None
    if row is None or row.instrument_id != instrument.id:
        refuse(404, "No such golden question.")
    return row
