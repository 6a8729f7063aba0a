"""`flask --app api evals ...`: golden questions, and runs over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from api.chat import evals
from api.extensions import db
from api.http.access import level_on
from api.models import AccessGrant, Instrument, Source, User
from api.services import services
from pipelines.answering.evaluation import (
    MARKS,
    TRUTHS,
    GoldenFileError,
    Item,
    changes,
    read_golden,
    share,
    written_golden,
)

group = AppGroup("evals", help="How well an instrument answers its golden questions.")

_TOLD = {
    "right": "right",
    "answered_true": "`answered` is true",
    "found": "source among the hits",
    "cited": "source cited",
    "page_found": "page among the hits",
    "page_cited": "page cited",
    "page_first": "page cited first",
    "answer_cited": "answer in a quote",
}
_slug = click.option("--instrument", "slug", help="Its slug; may be left out when there is one.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_slug
def import_file(file: Path, slug: str | None) -> None:
    """Take golden questions from a CSV file.

    Its columns are question, answer, filename, page, must, must_not and decline; question alone
    is enough.
    """
    instrument = _instrument(slug)
    try:
        questions = read_golden(file.read_bytes())
    except GoldenFileError as error:
        raise click.ClickException(f"{error}\nNothing was imported from {file}.") from error
    names = set(db.session.scalars(_names(instrument, Source.filename)))
    names |= set(db.session.scalars(_names(instrument, Source.title)))
    known = {name.casefold() for name in names}
    added, replaced = evals.put_golden(db.session(), instrument, questions)
    expected = {golden.filename for golden in questions if golden.filename}
    for name in sorted(name for name in expected if name.casefold() not in known):
        click.echo(f"Note: {instrument.slug} has no source called {name!r} yet.", err=True)
    click.echo(f"{instrument.slug}: {added} questions added, {replaced} replaced.")


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@_slug
def export_file(file: Path, slug: str | None) -> None:
    """Write the golden questions to a CSV file that `import` takes."""
    instrument = _instrument(slug)
    rows = [evals.as_golden(row) for row in evals.golden_of(db.session(), instrument.id)]
    # With its mark Excel takes it for UTF-8.
    file.write_text(written_golden(rows), encoding="utf-8-sig", newline="")
    click.echo(f"{instrument.slug}: {len(rows)} questions written to {file}.")


@group.command("from-feedback")
@_slug
def from_feedback(slug: str | None) -> None:
    """Take the questions whose answers were rated down; their place is still to be told."""
    instrument = _instrument(slug)
    added = evals.take_feedback(db.session(), instrument)
    click.echo(f"{instrument.slug}: {added} questions added.")


@group.command("list")
@_slug
def list_golden(slug: str | None) -> None:
    """The golden questions, with where their answers stand."""
    instrument = _instrument(slug)
    for row in evals.golden_of(db.session(), instrument.id):
        page = f", page {row.page}" if row.page else ""
        place = f"{row.filename}{page}" if row.filename else "place not told yet"
        place = "to be declined" if row.decline else place
        click.echo(f"{row.question}  [{place}]")
    newest = evals.last_run(db.session(), instrument.id)
    if newest is not None:
        click.echo(f"Last run: {newest.created_at:%Y-%m-%d %H:%M} UTC.")


@group.command("run")
@_slug
@click.option("--as", "email", help="Ask as this user; else as a manager of the instrument.")
@click.option("--model", help="Answer with this model; else with the one that is set.")
@click.option(
    "--fail-under",
    "bars",
    multiple=True,
    metavar="MARK=SHARE",
    help=f"Exit with 1 when fewer are right, as in cited=0.9. Marks: {', '.join(MARKS)}.",
)
@click.option("--fail-on-regression", is_flag=True, help="Exit with 1 when a question got worse.")
def run(
    slug: str | None,
    email: str | None,
    model: str | None,
    bars: tuple[str, ...],
    fail_on_regression: bool,
) -> None:
    """Ask every golden question, print how that went and compare with the last run."""
    wanted = dict(map(_bar, bars))
    instrument = _instrument(slug)
    who = _asker(instrument, email)
    if not evals.golden_of(db.session(), instrument.id):
        raise click.ClickException(
            f"{instrument.slug} has no golden questions; import some with: flask --app api evals "
            f"import FILE.csv --instrument {instrument.slug}"
        )
    before = evals.last_run(db.session(), instrument.id)
    earlier = (before.figures, before.items) if before else None
    items: list[Item] = []

    def heard(item: Item) -> None:
        items.append(item)
        click.echo(f"{_summary(item):<16} {item.question}")

    try:
        result = evals.run(db.session(), services(), instrument, who, model=model, heard=heard)
    except HTTPException as error:
        told = getattr(error, "data", {}).get("message") or error.description
        raise click.ClickException(f"The run ended: {told} Nothing was kept.") from error
    _print(result.figures, earlier[0] if earlier else None)
    worse = _print_changes(earlier[1], items) if earlier else 0
    shares = {name: share(result.figures["marks"][name]) for name in MARKS}
    under = [name for name, bar in wanted.items() if (shares[name] or 0.0) < bar]
    for name in under:
        click.echo(f"Under the bar: {_TOLD[name]}.", err=True)
    if under or (fail_on_regression and worse):
        raise click.exceptions.Exit(1)


def _print(figures: dict[str, Any], before: dict[str, Any] | None) -> None:
    click.echo(f"\n{figures['questions']} questions")
    for name in MARKS:
        figure = figures["marks"][name]
        if (value := share(figure)) is None:
            continue
        old = share(before["marks"].get(name, {"right": 0, "of": 0})) if before else None
        change = f"  ({value - old:+.1%})" if old is not None else ""
        click.echo(f"  {_TOLD[name]:<24} {value:6.1%}  {figure['right']}/{figure['of']}{change}")
    for title in ("truths", "answered", "outcomes", "verdicts"):
        counts = figures[title]
        names = [name for name in TRUTHS if name in counts] if title == "truths" else sorted(counts)
        told = ", ".join(f"{counts[name]} {name}" for name in names)
        click.echo(f"  {title:<24} {told or 'none'}")
    times = figures["milliseconds"]
    if times["p50"] is not None:
        click.echo(f"  {'time to answer':<24} p50 {times['p50']} ms, p95 {times['p95']} ms")


def _print_changes(before: list[dict[str, Any]], after: list[Item]) -> int:
    """Question by question against the last run; how many got worse."""
    found = changes(before, after)
    if not found:
        click.echo("\nNo question went otherwise than in the last run.")
    for change in found:
        gained = [f"+ {_TOLD[name]}" for name in change.gained]
        lost = [f"- {_TOLD[name]}" for name in change.lost]
        word = "worse" if lost else "better"
        click.echo(f"{word}: {change.question}  ({', '.join(gained + lost)})")
    return sum(bool(change.lost) for change in found)


def _summary(item: Item) -> str:
    """The most telling thing about an item, in a word or two."""
    if item.truth is not None:
        return item.truth
    if item.outcome != "answered":
        return item.outcome
    right = item.page_cited if item.page_cited is not None else item.cited
    return "answered" if right is None else "right" if right else "wrong place"


def _bar(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        bar = float(value)
    except ValueError:
        bar = -1.0
    if name not in MARKS or not 0 <= bar <= 1:
        raise click.ClickException(
            f"--fail-under {text}: name a mark and a share from 0 to 1, such as cited=0.9. "
            f"Marks: {', '.join(MARKS)}."
        )
    return name, bar


def _names(instrument: Instrument, column: Any) -> Any:
    return select(column).where(Source.instrument_id == instrument.id)


def _instrument(slug: str | None) -> Instrument:
    """The instrument of that slug; without one the only instrument there is."""
    query = select(Instrument).where(Instrument.deleted_at.is_(None)).order_by(Instrument.slug)
    found = db.session.scalars(query.where(Instrument.slug == slug) if slug else query).all()
    if slug and not found:
        raise click.ClickException(f"There is no instrument {slug}.")
    if len(found) != 1:
        known = ", ".join(instrument.slug for instrument in found) or "there is none yet"
        raise click.ClickException(f"Say which with --instrument SLUG: {known}.")
    return found[0]


def _asker(instrument: Instrument, email: str | None) -> User:
    """Who asks: the user of that address, or a manager of the instrument, or an administrator."""
    if email:
        who = db.session.scalar(select(User).where(User.email == email.strip().lower()))
        if who is None or not who.is_active or level_on(who, instrument.id) is None:
            raise click.ClickException(f"{email} is nobody who may read {instrument.slug}.")
        return who
    managers = (
        select(User)
        .join(AccessGrant, AccessGrant.user_id == User.id)
        .where(AccessGrant.instrument_id == instrument.id, AccessGrant.role == "manager")
    )
    admins = select(User).where(User.role == "admin")
    for query in (managers, admins):
        for who in db.session.scalars(query.where(User.is_active).order_by(User.created_at)):
            if level_on(who, instrument.id) is not None:
                return who
    raise click.ClickException(f"Nobody manages {instrument.slug}; name a reader with --as EMAIL.")
