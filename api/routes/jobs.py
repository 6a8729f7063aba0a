"""Jobs: one way to follow, cancel and retry whatever takes time."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import redis
from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from api.citations.withdrawal import forget_log
from api.errors import refuse
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint, page_of
from api.job_kinds import KINDS, NAMES, kind_of
from api.jobs import lifecycle, streaming, waiting
from api.models import ChatTurn, Job
from api.models.base import is_uuid
from api.services import services

blueprint = Blueprint("jobs", __name__, url_prefix="/api/jobs", description="What takes time")

_PRIVATE = [kind.name for kind in KINDS if kind.is_private]
STATES = ("queued", "running", "done", "failed", "cancelled")


class QueueSchema(Schema):
    name = fields.String()
    position = fields.Integer()
    workers = fields.Integer(allow_none=True)


class SubjectSchema(Schema):
    type = fields.String()
    id = fields.String()


class JobErrorSchema(Schema):
    code = fields.String()
    message = fields.String(metadata={"description": "What happened and what to do next"})


class JobSchema(Schema):
    id = fields.String()
    kind = fields.String(metadata={"enum": list(NAMES)})
    state = fields.String(metadata={"enum": STATES})
    stage = fields.String(
        allow_none=True, metadata={"description": "For example parse, embed, retrieve, generate"}
    )
    done = fields.Integer()
    total = fields.Integer(allow_none=True)
    unit = fields.String(allow_none=True, metadata={"description": "What done and total count"})
    attempt = fields.Integer()
    queue = fields.Nested(QueueSchema)
    waiting_because = fields.String(
        allow_none=True, metadata={"description": "Why a queued job has not started"}
    )
    heartbeat_at = fields.DateTime(allow_none=True)
    created_at = fields.DateTime()
    started_at = fields.DateTime(allow_none=True)
    finished_at = fields.DateTime(allow_none=True)
    error = fields.Nested(JobErrorSchema, allow_none=True)
    subject = fields.Nested(SubjectSchema)


class JobQuerySchema(Schema):
    state = fields.String(validate=validate.OneOf(STATES))
    kind = fields.String(validate=validate.OneOf(NAMES))
    instrument = fields.String()


class RetrySchema(Schema):
    password = fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        metadata={"description": "Of the file, if it is encrypted; not stored"},
    )


class EventSchema(Schema):
    id = fields.String()
    event = fields.String()
    data = fields.Dict()


class EventsSchema(Schema):
    events = fields.List(fields.Nested(EventSchema))
    finished = fields.Boolean()


class EventQuerySchema(Schema):
    after = fields.String(
        load_default=None, metadata={"description": "Id of the last event that is known"}
    )
    wait = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, 30),
        metadata={"description": "Seconds to wait for an event"},
    )


@blueprint.route("/")
class Jobs(MethodView):
    @access.rule("signed_in")
    @blueprint.arguments(JobQuerySchema, location="query")
    @blueprint.response(200, JobSchema(many=True))
    @blueprint.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[dict[str, Any]]:
        """The caller's jobs and, but for answers, those of instruments they may read."""
        who = access.user()
        visible = Job.instrument_id.in_(access.visible_instruments(who))
        own = Job.user_id == who.id
        found = select(Job).where(
            or_(visible & (own | Job.kind.not_in(_PRIVATE)), own & Job.instrument_id.is_(None))
        )
        if "state" in query:
            found = found.where(Job.state == query["state"])
        if "kind" in query:
            found = found.where(Job.kind == query["kind"])
        if "instrument" in query:
            access.instrument_for(query["instrument"])
            found = found.where(Job.instrument_id == query["instrument"])
        ordered = found.order_by(Job.created_at.desc(), Job.id)
        return shown_all([job for (job,) in page_of(ordered, pagination_parameters)])


@blueprint.route("/<job_id>")
class OneJob(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, JobSchema)
    def get(self, job_id: str) -> dict[str, Any]:
        """Where a job stands: the row, which is the truth."""
        return shown(job_for(job_id))


@blueprint.route("/<job_id>/cancel")
class Cancel(MethodView):
    @access.rule("signed_in")
    @blueprint.response(202, JobSchema)
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, job_id: str) -> dict[str, Any]:
        """Stop a job, within 2 s of a batch or token.

        What ended already stays as it is. A job that removes what was deleted can't be stopped.
        """
        job = job_for(job_id, change=True)
        if not kind_of(job.kind).can_be_cancelled:
            refuse(409, "This job can't be cancelled: what was deleted is removed to the end.")
        cancel(job)
        return shown(job)


@blueprint.route("/<job_id>/retry")
class Retry(MethodView):
    @access.rule("signed_in")
    @blueprint.arguments(RetrySchema, required=False)
    @blueprint.response(202, JobSchema)
    def post(self, body: dict[str, Any] | None, job_id: str) -> dict[str, Any]:
        """Try a failed or cancelled job again, from its checkpoint."""
        job = job_for(job_id, change=True)
        try:
            again = lifecycle.request_retry(db.session(), job)
        except IntegrityError:
            db.session.rollback()
            refuse(409, "Another job is at this already.")
        if not again:
            refuse(409, f"This job is {job.state} and can't be tried again.")
        if body and body["password"]:
            kind_of(job.kind).keep_password(services(), job, body["password"])
        lifecycle.mark_subject(db.session(), job, "queued")
        db.session.commit()
        # What is followed from now on is the new try. Without Redis there is nothing to forget.
        with contextlib.suppress(redis.RedisError):
            services().events.forget(job.id)
        lifecycle.enqueue(db.session(), services().queue, job)
        db.session.refresh(job)
        return shown(job)


@blueprint.route("/<job_id>/events")
class Events(MethodView):
    @access.rule("signed_in")
    @blueprint.arguments(EventQuerySchema, location="query")
    @blueprint.response(200, EventsSchema)
    def get(self, query: dict[str, Any], job_id: str) -> dict[str, Any]:
        """A job's log by polling; `wait` holds the answer until something happens."""
        job = job_for(job_id)
        forget_what_was_deleted(job)
        _, cursor = streaming.cursor_of(query["after"], job.id)
        db.session.remove()
        found, finished = streaming.poll(
            job_id, cursor, query["wait"], services().events, services().hub
        )
        shown_events = [
            {"id": f"{job_id}/{event.id}", "event": event.event, "data": event.data}
            for event in found
        ]
        return {"events": shown_events, "finished": finished}


def job_for(job_id: str, *, change: bool = False) -> Job:
    """A job that the caller may see (or, with `change`, stop and retry); else 404 or 403."""
    who = access.user()
    job = db.session.get(Job, job_id) if is_uuid(job_id) else None
    if job is None:
        refuse(404, "No such job.")
    if job.instrument_id is None:
        # The work of a deletion belongs to whoever deleted.
        if job.user_id != who.id and not who.is_admin:
            refuse(404, "No such job.")
        return job
    if access.level_on(who, job.instrument_id) is None:
        refuse(404, "No such job.")
    if kind_of(job.kind).is_private:
        # Not even for an administrator's eyes.
        if job.user_id != who.id:
            refuse(404, "No such job.")
        return job
    access.instrument_for(job.instrument_id, "editor" if change else "reader")
    return job


def forget_what_was_deleted(job: Job) -> None:
    """Before a log is read: that of an answer must not tell of a deleted source."""
    turn = db.session.get(ChatTurn, job.subject_id) if job.subject_type == "turn" else None
    if turn is not None:
        forget_log(db.session(), services().events, turn)


def cancel(job: Job) -> None:
    """Ask `job` to stop; one that has not started ends at once, and that is told."""
    ended = lifecycle.request_cancel(db.session(), job)
    if ended:
        lifecycle.mark_subject(db.session(), job, "cancelled")
    db.session.commit()
    db.session.refresh(job)
    if ended:
        lifecycle.after_end(services(), job, "cancelled", streaming.final_data(job))


def shown(job: Job) -> dict[str, Any]:
    """A job as clients see it."""
    (one,) = shown_all([job])
    return one


def shown_all(found: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs as clients see them, in order."""
    workers = waiting.listeners(services().redis, found)
    places = waiting.places(db.session(), found, workers)
    return [_shown(job, places[job.id]) for job in found]


def _shown(job: Job, place: waiting.Waiting) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "stage": job.stage,
        "done": job.done,
        "total": job.total,
        "unit": job.unit,
        "attempt": job.attempt,
        "queue": {"name": job.queue, "position": place.position, "workers": place.workers},
        "waiting_because": place.because,
        "heartbeat_at": job.heartbeat_at,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "error": (
            {"code": job.error_code, "message": job.error_message} if job.error_code else None
        ),
        "subject": {"type": job.subject_type, "id": job.subject_id},
    }
